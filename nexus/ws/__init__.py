"""The WebSocket edge: sockets, messages and sessions (contract, section 3)."""
