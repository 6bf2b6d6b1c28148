"""Attackers: what one bad client does to a server, each a program of its own at the lowest priority.

`python -m tests.support.attacks NAME TARGET` runs the one of that name until it is told to stop. They are plain sockets
and know nothing of the server but its address: `target` (what they are told), `line` (a connection), `socket_frames`
(bytes of a WebSocket); then the attacks by kind, `floods`, `malformed`, `silence`, `bodies`, `reading` and `entering`;
`known` names them all.
"""
