"""How fast one socket may send messages, and when it is closed for sending too fast."""

from __future__ import annotations

import time

from nexus.access.limits import Bucket

STRIKES = 100
"""Messages over the rate after which a socket is closed, within `STRIKES_S`; until then each is answered."""
STRIKES_S = 60


class MessageRate:
    """The rate of one socket: `per_s` messages a second on average, twice as many at once."""

    def __init__(self, per_s: int) -> None:
        self.take = Bucket(per_s, 2 * per_s, clock=time.monotonic).take
        """Counts a message. Returns 0.0, or the seconds after which it would have been within the rate."""
        self._strikes = Bucket(STRIKES / STRIKES_S, STRIKES, clock=time.monotonic)

    def strike(self) -> bool:
        """Count a message over the rate. Returns whether the socket is to be closed for it."""
        return self._strikes.take() > 0
