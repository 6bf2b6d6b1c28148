"""What pages are shown with: brands and logos, read seldom however many people open a page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from nexus.domain.brand import SITE, Brand, Look, look
from nexus.errors import Unavailable
from nexus.runtime.batch_loader import Loader
from nexus.runtime.log_throttle import LogThrottle
from nexus.store import brands
from nexus.store.database import Database

logger = logging.getLogger(__name__)

ValueT = TypeVar("ValueT")

FRESH_S = 1.0
"""How long a brand that was read counts as the newest, and a logo as one in use; a brand that changes in this worker is
shown at once (`forget`)."""
READ_S = 1.0
"""How long a page waits for a brand, and a logo for whether it is in use. If the database takes longer, what is known
is shown, or none."""
MOST_BRANDS = 1000
"""Brands that are kept."""
MOST_LOGOS = 32
"""Logos that are kept, of up to 128 KiB each."""


class Looks:
    """The looks of pages, for one worker."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns monotonic seconds."""
        self._clock = clock
        self._brands: dict[str, tuple[Brand, float]] = {}
        self._brand_reads: Loader[str, Brand] = Loader(partial(brands.of_owners, database))
        self._logos: dict[str, tuple[bytes, float]] = {}
        self._logo_reads: Loader[str, bytes] = Loader(partial(brands.logos, database))
        self._logo_checks: Loader[str, bool] = Loader(partial(brands.logos_in_use, database))
        self._missed = LogThrottle(logger, "a page is shown with the last brand that is known", logging.INFO)

    async def of_site(self) -> Look:
        """The operator's."""
        await self._read((SITE,))
        return look(self._brand(SITE))

    async def of_host(self, host: str) -> Look:
        """That of a host's pages, who is named by their subject."""
        await self._read((SITE, host))
        return look(self._brand(SITE), self._brand(host))

    def forget(self, owner: str) -> None:
        """The brand of `owner` has changed: the next page reads it again."""
        self._brands.pop(owner, None)

    async def logo(self, digest: str) -> bytes | None:
        """The PNG of a logo, None where there is none, or nobody has it any more. Raises `Unavailable`."""
        now = self._clock()
        png, known_at = self._logos.get(digest, (None, now))
        if png is not None and now - known_at < FRESH_S:
            return png
        if png is None:
            png = await self._logo_reads.get(digest)
        elif not await self._is_in_use(digest):
            png = None
        if png is None:
            self._logos.pop(digest, None)
        else:
            _keep(self._logos, digest, (png, now), MOST_LOGOS)
        return png

    async def _is_in_use(self, digest: str) -> bool:
        """Whether somebody has a logo that is kept here; while the database is away, nobody has removed it."""
        try:
            async with asyncio.timeout(READ_S):
                return await self._logo_checks.get(digest) is not None
        except (Unavailable, TimeoutError) as error:
            self._missed(str(error) or "the database takes too long")
            return True

    def _brand(self, owner: str) -> Brand:
        return self._brands[owner][0] if owner in self._brands else Brand()

    async def _read(self, owners: Sequence[str]) -> None:
        """Read those of `owners` again that are not fresh."""
        now = self._clock()
        old = [one for one in owners if one not in self._brands or now - self._brands[one][1] >= FRESH_S]
        if not old:
            return
        try:
            async with asyncio.timeout(READ_S):
                found = await asyncio.gather(*(self._brand_reads.get(one) for one in old))
        except (Unavailable, TimeoutError) as error:
            self._missed(str(error) or "the database takes too long")
            found = [self._brand(one) for one in old]
        for owner, brand in zip(old, found, strict=True):
            _keep(self._brands, owner, (brand or Brand(), self._clock()), MOST_BRANDS)


def _keep(kept: dict[str, ValueT], key: str, value: ValueT, most: int) -> None:
    """Keep `value`; what was kept first makes room."""
    kept.pop(key, None)
    while len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value
