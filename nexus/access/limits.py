"""Rates and caps: how often something may be done, and how many of a thing may be held.

All state is per worker, in memory and bounded, so that no limit costs a vote a round trip; a client whose requests
reach several workers gets at most the limit of each.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice

# Waiting exactly as long as was asked must be enough, whatever rounding has lost.
_EPSILON_S = 1e-6
# Of this many longest unused keys, the one that loses least is evicted.
_SAMPLE = 8
# A host that is not an IP address (a socket's path, a proxy's invention) is cut, so that keys are bounded too.
_LONGEST_HOST = 64


class TokenBucket:
    """`per_s` on average and `burst` at once, as GCRA has it (ITU-T I.371): a token bucket is one number.

    That number, `due`, is when the bucket will be full again; one due in the past, such as 0.0, is full. Whoever has
    the bucket keeps the number, so thousands of buckets cost a float each.
    """

    __slots__ = ("burst", "interval_s", "tolerance_s")

    def __init__(self, per_s: float, burst: int) -> None:
        if per_s <= 0 or burst < 1:
            raise ValueError("a rate needs a positive pace and a burst of at least 1")
        self.burst = burst
        self.interval_s = 1.0 / per_s
        self.tolerance_s = burst * self.interval_s

    def take(self, due: float, now: float, n: int = 1) -> tuple[float, float]:
        """Take `n` at `now`, both in seconds of one clock. Returns the new `due`, and 0.0; or, where nothing is taken,
        the old one and the seconds until `n` may be taken.

        Raises ValueError where `n` is more than the burst, which could never be allowed.
        """
        if not 1 <= n <= self.burst:
            raise ValueError(f"{n} at once is more than the burst of {self.burst} can ever allow")
        after = (due if due > now else now) + n * self.interval_s
        short = after - now - self.tolerance_s
        return (due, short) if short > _EPSILON_S else (after, 0.0)


class Rate:
    """Token buckets by key (voter, address): `per_s` on average and `burst` at once for each.

    At most `keys` buckets are kept. Each new key removes full ones, which loses nothing; past the bound the fullest of
    the longest unused ones is evicted. So an empty bucket cannot be refilled early by fewer than about `keys` allowed
    requests under other keys.
    """

    def __init__(self, per_s: float, burst: int, *, clock: Callable[[], float], keys: int = 100_000) -> None:
        """All buckets start full; `clock` returns monotonic seconds."""
        if keys < 1:
            raise ValueError("a rate needs room for at least one key")
        self._pace = TokenBucket(per_s, burst)
        self._clock = clock
        self._keys = keys
        self._due: OrderedDict[str, float] = OrderedDict()  # the longest unused first

    def __len__(self) -> int:
        """How many buckets are kept."""
        return len(self._due)

    def take(self, key: str, n: int = 1) -> float:
        """Take `n` and return 0.0, or take nothing and return the seconds until `n` may be taken.

        Raises ValueError where `n` is more than the burst, which could never be allowed.
        """
        now = self._clock()
        due = self._due.get(key)
        after, wait = self._pace.take(now if due is None else due, now, n)
        if wait:
            return wait
        if due is None:
            self._make_room(now)
        self._due[key] = after
        self._due.move_to_end(key)
        return 0.0

    @contextmanager
    def counting(self, key: str, *failures: type[Exception]) -> Iterator[None]:
        """An attempt for which one was taken: it is given back unless the attempt ends in one of `failures`.

        For limits on failures alone (wrong passwords, wrong codes). Take one before the attempt: those at the same time
        must count too.
        """
        try:
            yield
        except failures:
            raise
        except BaseException:
            self._give_back(key)
            raise
        self._give_back(key)

    def _give_back(self, key: str) -> None:
        due = self._due.get(key)
        if due is not None:
            self._due[key] = due - self._pace.interval_s

    def _make_room(self, now: float) -> None:
        # Two out for one in: the full ones cannot pile up, and no call sweeps for long.
        for _ in range(2):
            oldest = next(iter(self._due.items()), None)
            if oldest is None or oldest[1] > now:
                break
            del self._due[oldest[0]]
        if len(self._due) >= self._keys:
            fullest, _due = min(islice(self._due.items(), _SAMPLE), key=lambda item: item[1])
            del self._due[fullest]


def by_minute(most: int, *, clock: Callable[[], float] = time.monotonic) -> Rate:
    """A rate of `most` per minute, all of which may come at once."""
    return Rate(most / 60, most, clock=clock)


class Caps:
    """How many of a thing may be held at once, such as an address's sockets: `each` per key and `total` in all."""

    def __init__(self, each: int, *, total: int) -> None:
        """Starts with nothing held."""
        self._each = each
        self._total = total
        self._held: dict[str, int] = {}
        self._sum = 0

    def __len__(self) -> int:
        """How many are held in all."""
        return self._sum

    def held(self, key: str) -> int:
        """How many `key` holds."""
        return self._held.get(key, 0)

    def is_full(self, key: str) -> bool:
        """Whether `key` holds as many as it may."""
        return self.held(key) >= self._each

    def acquire(self, key: str) -> bool:
        """Hold one more for `key`; False, and nothing held, where a cap is reached."""
        held = self.held(key)
        if held >= self._each or self._sum >= self._total:
            return False
        self._held[key] = held + 1
        self._sum += 1
        return True

    def release(self, key: str) -> None:
        """Release one. Raises KeyError if `key` holds none, since that would loosen the cap unnoticed."""
        held = self._held[key]
        if held == 1:
            del self._held[key]
        else:
            self._held[key] = held - 1
        self._sum -= 1


@lru_cache(maxsize=1024)
def address_key(host: str) -> str:
    """The key by which a client's address is limited.

    An IPv6 host owns a whole /64 (RFC 6177, RFC 4291 section 2.5.4), so all of it is one key; an IPv4-mapped IPv6
    address is the IPv4 address. Anything that is not an address stays as it is, cut to a bounded size.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:_LONGEST_HOST]
    return str(_plain(address))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address | str:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
