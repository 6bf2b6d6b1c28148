"""What a socket must do by when: say hello, and bring a new token before the one it has ends (contract, section 3)."""

from __future__ import annotations

import asyncio

from nexus.ws.line import Line
from nexus.ws.messages import Expiring, encode

NO_HELLO = 4408
TOKEN_ENDED = 4501
WARNING_S = 60


class Deadlines:
    """The timers of one socket: it is closed with 4408 without a hello, and with 4501 at the end of its token."""

    def __init__(self, line: Line, hello_s: float) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._timers = [self._loop.call_later(hello_s, line.close, NO_HELLO, "no hello")]

    def token_lasts(self, left_s: float) -> None:
        """A token was brought that ends in `left_s`: warn a minute before, and close then."""
        self.end()
        warn_s = max(0.0, left_s - WARNING_S)
        expiring = encode(Expiring(max(0, round(left_s - warn_s))))
        self._timers = [
            self._loop.call_later(warn_s, self._line.push, expiring),
            self._loop.call_later(max(0.0, left_s), self._line.close, TOKEN_ENDED, "the token has expired"),
        ]

    def end(self) -> None:
        """Wait for nothing any more."""
        for timer in self._timers:
            timer.cancel()
