"""The WebSocket door, `/ws` (docs/contract.md, "WebSocket").

- `endpoint`: who may open a socket. `session`: the life of one that is open, with its hello, rooms and votes.
- `waiting`: a socket that waits for a poll, before any hello.
- `messages`: every message in both directions. `unreadable`, `refusals`: answers to those that are wrong or refused.
- `close_codes`, `message_rate`: with what code a socket is closed, and when for its rate.
- `line`: one socket as sessions and the hub see it. `asgi_line`: a line on any server.
- `protocol`, `handshake`: the opening handshake on uvicorn. `direct_line`, `socket_life`, `parser`, `early`: the line
  that takes over. `exchange`, `wheel`: what all lines of a server share.
- `dependencies`: what the composition root hands to sessions. `session_registry`: which sessions are connected.
- `asyncapi`, `example_messages`: the document that describes all this to clients.
"""
