"""The key set of an external issuer of tokens (RFC 7517)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from nexus.access.fetched import Fetched
from nexus.errors import Unavailable

KeyT = TypeVar("KeyT")


class KeySet(Generic[KeyT]):
    """The keys at `url` by their ids; `parse` makes them from the document, and raises ValueError for a bad one.

    Read as `Fetched` is, and for an unknown id; but never twice within `cooldown_s`, so that made-up ids cost the
    issuer nothing.
    """

    def __init__(
        self,
        url: str,
        parse: Callable[[bytes], Mapping[str, KeyT]],
        *,
        timeout_s: float = 5.0,
        cooldown_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetches nothing yet; `clock` returns monotonic seconds."""
        self._keys = Fetched(url, parse, timeout_s=timeout_s, cooldown_s=cooldown_s, clock=clock)

    async def find(self, kid: str | None) -> KeyT | None:
        """The key of this id, or the only key where a token names none; None if the issuer has no such key.

        Raises Unavailable where the keys have been out of reach for so long that the known ones no longer count.
        """
        keys = await self._keys.get()
        if keys is None or _pick(keys, kid) is None:
            await self._keys.renew()
            keys = await self._keys.get()
        if keys is None:
            raise Unavailable("The keys of the token's issuer are out of reach.", after_s=self._keys.cooldown_s)
        return _pick(keys, kid)


def _pick(keys: Mapping[str, KeyT], kid: str | None) -> KeyT | None:
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(kid) if kid is not None else None
