"""Who watches which poll, and how the newest reaches all of them. Knows no WebSocket."""
