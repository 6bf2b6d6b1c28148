"""`nexus serve --demo`: a sample poll and a simulated audience. It uses `nexus.client`, and nothing of the server.

- `demo`: the poll, and the life of each voter
- `audience`: what an audience likes, how fast it votes, and how far it has arrived
- `__main__`: the process, `python -m nexus.demo`
"""
