"""Who watches which poll, and how the newest totals reach all of them. Nothing here knows WebSocket.

- `hub`: keeps a worker's rooms in step with its commits, the bus and the database.
- `room`: one watched poll: its newest state, and its viewers.
- `fanout`: sends totals, and anything else that changes, to the viewers.
- `frame`: one encoded message, shared by all sockets that it goes to.
"""
