"""The hub, rooms and fan-out."""
