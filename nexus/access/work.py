"""What one address may cost a worker, however many sockets and connections it spreads it on.

Each thing that a client makes the event loop do is charged to the meter of its address, in *messages*: about what a
small message costs. Nothing is refused for it. An address over its pace is not read from until it has paid, so that its
own sockets queue in the network and nobody else's wait. Phones in a lecture hall behind one address are far below the
pace when they vote, and share it when all of them come at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from weakref import WeakValueDictionary

from nexus.access.forwarded import TrustedHops
from nexus.access.limits import TokenBucket, address_key
from nexus.runtime.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

REQUEST = 8
"""A request over HTTP, in messages."""
HANDSHAKE = 12
"""The opening handshake of a socket, with the session that begins."""
CONNECTION = 2
"""A connection that was accepted."""
BYTES = 1024
"""What is as dear to read as a message."""
BAD_BYTES = 64
"""The same of a message that could not be understood, and has to be told what is wrong with it."""

LONGEST_REST_S = 10.0
"""No debt is longer: once who made it is gone, others of the address wait no longer than that."""
BUDGET = "nexus.work"
"""Where the state of the lifespan holds the budget, for the protocol that reads connections."""
KEPT = 100_000
"""Meters that are kept although nobody is connected: those that are not full again."""


class Meter:
    """One address's: `charge` it with whatever is done for a client of it."""

    __slots__ = ("__weakref__", "_budget", "address", "due", "is_kept")

    def __init__(self, budget: WorkBudget, address: str) -> None:
        self._budget = budget
        self.address = address
        self.due = 0.0
        """When it will be full again, by the loop's clock."""
        self.is_kept = False

    def charge(self, messages: int) -> float:
        """Take `messages`, into debt where there are not so many. Returns the seconds until the address is to be read
        from again, at most `LONGEST_REST_S`: 0.0 while it keeps to its pace."""
        return self._budget.charge(self, messages)


class WorkBudget:
    """The meters of a worker, for use in its event loop: `per_s` messages a second from each address on average, twice
    as many at once."""

    def __init__(self, per_s: int, trusted: TrustedHops | None = None) -> None:
        """`trusted` proxies are charged for nothing: what they pass on is charged to the clients whose it is, once they
        are known, and where they name none everybody would share one pace."""
        self._pace = TokenBucket(per_s, 2 * per_s)
        self._trusted = trusted
        self._meters: WeakValueDictionary[str, Meter] = WeakValueDictionary()
        self._kept: OrderedDict[Meter, None] = OrderedDict()
        self._log = LogThrottle(logger, "an address sends more than its share, and is read from later")

    def __len__(self) -> int:
        """How many meters there are."""
        return len(self._meters)

    def of(self, address: str) -> Meter:
        """The meter of a client, by its `address_key`."""
        meter = self._meters.get(address)
        if meter is None:
            meter = self._meters[address] = Meter(self, address)
        return meter

    def of_peer(self, host: str) -> Meter | None:
        """The meter of whoever is at the other end of a connection, None for a trusted proxy."""
        if self._trusted is not None and host in self._trusted:
            return None
        return self.of(address_key(host))

    def charge(self, meter: Meter, messages: int) -> float:
        """As `Meter.charge` says."""
        now = asyncio.get_running_loop().time()
        latest = now + self._pace.tolerance_s + LONGEST_REST_S
        meter.due = min(max(meter.due, now) + messages * self._pace.interval_s, latest)
        if not meter.is_kept:
            self._keep(meter, now)
        short_s = meter.due - now - self._pace.tolerance_s
        if short_s <= 0:
            return 0.0
        self._log(meter.address)
        return short_s

    def _keep(self, meter: Meter, now: float) -> None:
        """Keep it until it is full again: who leaves and comes back has what was left."""
        meter.is_kept = True
        self._kept[meter] = None
        for _ in range(2):  # two out for one in: the full ones cannot pile up
            oldest = next(iter(self._kept))
            if oldest.due > now and len(self._kept) <= KEPT:
                self._kept.move_to_end(oldest)
            else:
                oldest.is_kept = False
                del self._kept[oldest]
                if not self._kept:
                    break
