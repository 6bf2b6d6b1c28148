"""How fast each socket may send messages, and when it is closed for sending too fast."""

from __future__ import annotations

from nexus.access.limits import TokenBucket

STRIKES = 100
"""Messages over the rate after which a socket is closed, within `STRIKES_S`; until then each is answered."""
STRIKES_S = 60


class MessageRate:
    """The rate of every socket of a worker: `messages` a second on average, twice as many at once, and `strikes` over
    it. A socket keeps two numbers of its own (`TokenBucket`), in seconds of the monotonic clock."""

    def __init__(self, per_s: int) -> None:
        self.messages = TokenBucket(per_s, 2 * per_s)
        self.strikes = TokenBucket(STRIKES / STRIKES_S, STRIKES)
