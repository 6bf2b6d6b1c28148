"""What the lines of one server share."""

from __future__ import annotations

import asyncio

from nexus.ws.line import Bounds
from nexus.ws.wheel import Wheel


class Exchange:
    """What the lines of one server share: bounds, times and the wheel.

    `most` is the largest message in bytes; a peer is pinged after `ping_s` seconds of silence, and cut `pong_s` later.
    `connections` are uvicorn's: a server that shuts down waits until the set is empty.
    """

    __slots__ = ("bounds", "connections", "loop", "most", "ping_s", "pong_s", "wheel")

    def __init__(
        self, bounds: Bounds, connections: set[object], most: int, ping_s: float | None, pong_s: float | None
    ) -> None:
        """`None` is for ever."""
        self.bounds = bounds
        self.connections = connections
        self.most = most
        self.ping_s = ping_s or float("inf")
        self.pong_s = pong_s or float("inf")
        self.loop = asyncio.get_running_loop()
        self.wheel = Wheel(self.loop)
