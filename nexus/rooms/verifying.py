"""Whose ballots still stand in a room, after some were withdrawn: it decides what `after_vote` shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from nexus.rooms.room import Room
from nexus.store.watch import StandingVoters

TRIES = 5
"""Questions in a row while more voters gain a right; the next comparison asks again."""

AskRights = Callable[[int, list[str]], Awaitable[StandingVoters | None]]
"""Of a poll and some voters, which of these have a ballot that stands; None for a poll that does not exist."""


async def verify(room: Room, ask: AskRights) -> None:
    """Ask whose ballots still stand, and then of those who gained a right meanwhile, too."""
    asked = room.entitled()
    rights = await ask(room.id, sorted(asked))
    for _ in range(TRIES):
        if rights is None or not (late := room.entitled(rights.place) - asked):
            break
        asked |= late
        more = await ask(room.id, sorted(late))
        rights = more and msgspec.structs.replace(rights, voters=rights.voters | more.voters)
    if rights is not None:
        room.verify(rights.retractions, rights.place, rights.voters)
