"""Pages of lists and searches: few at once, so that others get connections and the event loop gets breath
(docs/contract.md, "Limits")."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

from nexus.access.limits import Caps, address_key
from nexus.access.turns import TurnRules
from nexus.errors import Unavailable
from nexus.http.dependencies import RestServices
from nexus.http.framework.call import TypedRequest
from nexus.http.framework.client import while_there

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
T = TypeVar("T")

RULES = TurnRules(
    own="Too many searches of yours are under way. Try again when one of them has been answered.",
    all="Too many people are searching. Try again in a moment.",
    retry_s=1.0,
    turn_s=20.0,
)
"""How searches take turns."""

LISTS = TurnRules(
    own="Too many lists are being read from your address. Try again in a moment.",
    all="Too many lists are being read. Try again in a moment.",
    retry_s=1.0,
    turn_s=5.0,
    refusal=Unavailable,
)
"""How the other lists do, by address."""

Reading = Callable[[], Coroutine[object, None, T]]
"""Begins to read from the database."""


async def in_turn(
    request: TypedRequest[BodyT, QueryT], services: RestServices, read: Reading[T], *, is_search: bool
) -> T:
    """What `read` returns once it is its turn, and only while its client waits for it.

    Raises `TooMany` where too many searches are under way, or its turn does not come; `Unavailable` for other lists.
    """
    if is_search:
        work = _taken(RULES, services.searches, services.search_reads, request.by.voter, read)
    else:
        work = _taken(LISTS, services.lists, services.list_reads, address_key(request.address), read)
    return await while_there(request.raw.receive, work)


async def _taken(rules: TurnRules, places: Caps, turns: asyncio.Semaphore, key: str, read: Reading[T]) -> T:
    with rules.place(places, key):
        async with rules.turn(turns):
            return await read()
