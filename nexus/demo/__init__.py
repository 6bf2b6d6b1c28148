"""`nexus serve --demo`: a sample event and a simulated audience. It uses `nexus.client`, and nothing of the server.

- `show`: the event of four questions, and who moves it from one to the next
- `demo`: the life of each voter
- `audience`: what an audience likes, how fast it votes, and how far it has arrived
- `__main__`: the process, `python -m nexus.demo`
"""
