"""The newest state of events, for those who follow them: read by many in one query, and kept as long as it holds.

What changes them is told with what changes their polls, by `nexus.voting.tallies`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import msgspec

from nexus.domain.event import Event
from nexus.runtime.batch_loader import Loader
from nexus.store import event_watch, watch
from nexus.store.database import Database
from nexus.voting.tallies import ENTRIES, ENTRIES_S

CACHED = 500
"""Events in the cache; beyond that the least recently used are dropped."""


class EventEntry(msgspec.Struct, frozen=True):
    """What a voter is shown on entering an event, and whether they have entered its code, then or later."""

    event: Event
    joined: bool


class Events:
    """The newest state of events."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[int, Event] = OrderedDict()
        self._events = Loader(self._ask)
        self._entries = Loader(self._ask_entries, batch=ENTRIES, interval_s=ENTRIES_S)

    async def event(self, event_id: int) -> Event | None:
        """The event as of a moment after this call began, None where there is none. Raises `Unavailable`."""
        return await self._events.get(event_id)

    async def entry(self, event_id: int, voter: str) -> EventEntry | None:
        """What `voter` needs to enter an event, as of a moment after this call began; None where there is none.

        All who ask at that moment share one query, and mostly it confirms the cached event. Raises `Unavailable`.
        """
        return await self._entries.get((event_id, voter))

    async def members(self, event_id: int, voters: Sequence[str]) -> frozenset[str]:
        """Those of `voters` who have entered the event's code. Raises `Unavailable`."""
        return await event_watch.event_members(self._database, event_id, voters)

    async def held(self, poll: int, voters: Sequence[str]) -> Mapping[tuple[int, str], watch.Entrant]:
        """What `voters` hold in a poll, in one query. Raises `Unavailable`."""
        return (await watch.entrants(self._database, [(poll, voter) for voter in voters])).found

    async def _ask(self, ids: list[int]) -> Mapping[int, Event]:
        found = await event_watch.events(self._database, ids)
        for event in found.values():
            self._keep(event)
        return found

    async def _ask_entries(self, keys: list[tuple[int, str]]) -> dict[tuple[int, str], EventEntry]:
        entrants = await event_watch.event_entrants(self._database, keys)
        newest = {event_id: one.revision for (event_id, _), one in entrants.items()}
        cached = {event_id: self._cached(event_id, revision) for event_id, revision in newest.items()}
        shown = {event_id: event for event_id, event in cached.items() if event is not None}
        if missing := [event_id for event_id in newest if event_id not in shown]:
            shown.update(await self._ask(missing))
        return {key: EventEntry(shown[key[0]], one.joined) for key, one in entrants.items() if key[0] in shown}

    def _cached(self, event_id: int, revision: int) -> Event | None:
        cached = self._cache.get(event_id)
        if cached is None or cached.revision < revision:
            return None
        self._cache.move_to_end(event_id)
        return cached

    def _keep(self, event: Event) -> None:
        cached = self._cache.get(event.id)
        if cached is None or cached.revision <= event.revision:
            self._cache[event.id] = event
            self._cache.move_to_end(event.id)
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
