"""The WebSocket interface, from bytes to rooms."""
