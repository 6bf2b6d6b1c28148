"""The load generator: thousands of clients in one process, at a few microseconds a frame.

It shares the machine with what it measures, so it does as little as it can: one epoll over plain sockets, frames that
are ready before they are needed, a mask of zeros, and no look at a frame that it has seen before.

- `frames`: WebSocket frames, as a client writes and reads them
- `dialect`: what clients of a server say and understand; Nexus's own dialects are in `nexus_dialect`
- `crowd`: the clients and their loop, and what they note
- `casting`: how a crowd votes: each at once when it is answered, or at a rate whatever the answers
"""
