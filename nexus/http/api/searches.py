"""Searches: few at once, so that votes get the database connections that they need (docs/contract.md, "Limits")."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TypeVar

from nexus.access.turns import TurnRules
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

Reading = Callable[[], Coroutine[object, None, T]]
"""Begins to read from the database."""


async def in_turn(
    request: TypedRequest[BodyT, QueryT], services: RestServices, read: Reading[T], *, is_search: bool
) -> T:
    """What `read` returns: of a search once it is its turn, and only while its client waits for it.

    Raises `TooMany` where too many searches are under way, or its turn does not come.
    """
    if not is_search:
        return await read()
    return await while_there(request.raw.receive, _searched(services, request.by.voter, read))


async def _searched(services: RestServices, voter: str, read: Reading[T]) -> T:
    with RULES.place(services.searches, voter):
        async with RULES.turn(services.search_reads):
            return await read()
