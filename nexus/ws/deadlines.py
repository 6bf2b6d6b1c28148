"""What a socket must do by when: send a hello, and a new token before the old one expires
(docs/contract.md, "WebSocket")."""

from __future__ import annotations

import asyncio

from nexus.ws.close_codes import CloseCode
from nexus.ws.line import Line
from nexus.ws.messages import Expiring, encode

WARNING_S = 60
"""How long before its end a client is told that its token is expiring."""


class Deadlines:
    """The timers of one socket, which close it with 4408 without a hello, and with 4501 when its token expires."""

    def __init__(self, line: Line, hello_s: float) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._timers = [
            self._loop.call_later(hello_s, line.close, CloseCode.NO_HELLO, f"no hello within {hello_s:g} s")
        ]

    def expect_token(self, left_s: float) -> None:
        """A token has arrived that expires in `left_s` seconds: warn `WARNING_S` before, and close then."""
        self.end()
        warn_s = max(0.0, left_s - WARNING_S)
        expiring = encode(Expiring(max(0, round(left_s - warn_s))))
        self._timers = [
            self._loop.call_later(warn_s, self._line.push, expiring),
            self._loop.call_later(max(0.0, left_s), self._line.close, CloseCode.TOKEN_ENDED, "token expired"),
        ]

    def end(self) -> None:
        """Cancel every timer."""
        for timer in self._timers:
            timer.cancel()
