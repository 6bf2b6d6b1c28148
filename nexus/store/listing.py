"""Lists of polls: the same number of statements for a page of any size, in a stable order, all of one moment."""

from __future__ import annotations

from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.store import listing_sql as sql
from nexus.store.database import GUARDS, Database, Raw
from nexus.store.listing_counts import Counts
from nexus.store.listing_sql import Filter, Ordering
from nexus.store.rows import load

__all__ = ["COLLECTED", "Filter", "Ordering", "list_polls"]

# One snapshot: a poll that its host hides between two statements would still be shown.
_GUARDS = f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; {GUARDS}; {sql.PLANS}"

PAGE_BYTES = 512 * 1024
"""Of a page, about: encoding more would keep the event loop from acking votes meanwhile."""

COLLECTED = 10_000
"""Results of a search that are sorted at once; of more, a walk along the ordering's index soon meets enough."""


async def list_polls(
    database: Database, by: Identity, chosen: Filter, *, limit: int, offset: int, counts: Counts | None = None
) -> tuple[int, list[Poll]]:
    """How many polls `by` may see that match, and one page of them.

    The page ends before its `limit` where its texts are longer than `PAGE_BYTES`; it has one poll at least.
    With the `counts` of a worker, the count of a long list may be 2 s old; without, it is counted each time.
    """
    async with database.transaction(_GUARDS) as connection:
        count = await _count(connection.raw, counts or Counts(), by, chosen)
        if offset >= count or limit == 0:
            return count, []
        ids = await _page(connection.raw, by, chosen, count, limit=min(limit, count - offset), offset=offset)
        ids = await _within(connection.raw, ids)
        found = await load(connection, ids)
    return count, [found[poll] for poll in ids]


async def _count(raw: Raw, kept: Counts, by: Identity, chosen: Filter) -> int:
    total = 0
    for statement in sql.counts(by, chosen):
        n, began = kept.get(statement) if statement.is_shared else None, kept.begin()
        if n is None:
            (row,) = await raw.fetch(statement.sql, *statement.values)
            n = int(row["n"])
            if statement.is_shared:
                kept.keep(statement, n, began)
        total += n
    return total


async def _within(raw: Raw, ids: list[int]) -> list[int]:
    """As many of the first polls of a page as stay within `PAGE_BYTES`, one at least."""
    sizes = {row["id"]: row["size"] for row in await raw.fetch(sql.SIZES, ids)}
    left = PAGE_BYTES
    for n, poll in enumerate(ids):
        left -= sizes[poll]
        if left < 0 and n:
            return ids[:n]
    return ids


async def _page(raw: Raw, by: Identity, chosen: Filter, count: int, *, limit: int, offset: int) -> list[int]:
    """The ids of a page that lies within the list, read from the nearer end.

    From the far end it is the page as it was when the list was counted: that end seldom moves.
    """
    few = by.is_bound or chosen.mine or (chosen.is_search and count <= COLLECTED)
    after = count - offset - limit
    back = after < offset
    statement = sql.page(by, chosen, walk=not few, back=back, limit=limit, offset=after if back else offset)
    ids = [row["id"] for row in await raw.fetch(statement.sql, *statement.values)]
    return ids[::-1] if back else ids
