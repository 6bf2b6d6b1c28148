"""The newest totals: outward to the bus, and inward as a cache that is never stale.

What was committed goes to the bus after the ack, coalesced. A read asks the database for a poll's place only, in one
query shared by all who wait, and takes the cached poll where that still holds
(docs/architecture.md, "Step 5: tallies").
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence

import msgspec

from nexus.bus import Bus, DeletedNews, EventNews, News, PollNews, TotalsNews
from nexus.domain.poll import Poll, Totals, Watch
from nexus.errors import Busy
from nexus.runtime.batch_loader import Loader
from nexus.store import watch
from nexus.store.database import Database
from nexus.store.event_rows import Deletion, EventChange
from nexus.store.rounds import settle

logger = logging.getLogger(__name__)

INTERVAL_S = 0.05
"""Between two publications of one poll by one worker: at most 20 a second."""

CONFIRM_S = 1.0
"""Between two comparisons of what was sent with what the bus has."""

CONFIRMED_AT_ONCE = 500
"""Polls in one such comparison."""

UNCONFIRMED = 10_000
"""Polls whose totals may not have reached the bus; beyond that the oldest are dropped until their next vote."""

CACHED = 2_000
"""Polls in the cache; beyond that the least recently used are dropped."""


ENTRIES_S = 0.01
"""Between two reads for those who enter: at most 100 a second, however many come at once; who comes alone does not
wait."""

ENTRIES = 100
"""Voters in one such read. Their answers are one burst of work for the event loop, of a few milliseconds."""


class PollEntry(msgspec.Struct, frozen=True):
    """What a voter is shown on entering a poll: its state, and what they `held` of it, then or later: a ballot that
    counts in the state is among theirs."""

    poll: Poll
    held: watch.Entrant


class Tallies:
    """The newest state of polls. `tell` is told of everything this worker changed, at once and before the bus."""

    def __init__(self, database: Database, bus: Bus, tell: Callable[[News], None]) -> None:
        self._database = database
        self._bus = bus
        self._tell = tell
        self._cache: OrderedDict[int, Poll] = OrderedDict()
        self._unsent: dict[int, Totals | None] = {}
        self._unconfirmed: dict[int, Totals] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = Loader(self._ask_places)
        self._polls = Loader(self._ask_polls)
        self._voter_states = Loader(self._ask_voter_states)
        self._entries = Loader(self._ask_entries, batch=ENTRIES, interval_s=ENTRIES_S)

    def totals_committed(self, totals: Totals) -> None:
        """Take committed totals: to this worker's rooms now, to the bus as soon as its pace allows."""
        self._renew(totals)
        self._tell(TotalsNews(totals))
        poll = totals.poll
        if poll not in self._unsent:
            self._spawn(self._publish(poll))
        before = self._unsent.get(poll)
        if before is None or before.place < totals.place:
            self._unsent[poll] = totals

    def poll_changed(self, poll: Poll) -> None:
        """Take a committed change of a definition, status or round; its event may have changed with it."""
        self._poll_changed(poll)
        if poll.event is not None:
            self._send(EventNews(poll.event))

    def _poll_changed(self, poll: Poll) -> None:
        self._keep(poll)
        self.totals_committed(poll.totals())
        self._send(PollNews(poll.id, poll.revision))

    def deleted(self, poll: int) -> None:
        """Take a committed deletion."""
        self._cache.pop(poll, None)
        self._unconfirmed.pop(poll, None)
        self._send(DeletedNews(poll))

    def _send(self, news: News) -> None:
        self._tell(news)
        self._spawn(self._bus.publish(news))

    def event_changed(self, change: EventChange | Deletion) -> None:
        """Take a committed change of an event and of its polls, or a deletion: what its polls came to before it."""
        if isinstance(change, EventChange):
            for poll in change.polls:
                self._poll_changed(poll)
            for poll_id in change.deleted:
                self.deleted(poll_id)
            self._send(EventNews(change.event.id, change.event.revision))
            return
        for poll_id in change.polls:
            self.deleted(poll_id)
        if change.event is not None:
            self._send(EventNews(change.event))

    async def poll(self, poll_id: int) -> Poll | None:
        """The poll as of a moment after this call began, None where there is none. Raises `Unavailable`."""
        place = await self._places.get(poll_id)
        if place is None:
            self._cache.pop(poll_id, None)
            return None
        return self._cached(poll_id, place) or await self._polls.get(poll_id)

    def _cached(self, poll_id: int, newest: Watch) -> Poll | None:
        cached = self._cache.get(poll_id)
        if cached is None or cached.place < newest.place or cached.revision < newest.revision:
            return None
        self._cache.move_to_end(poll_id)
        return cached

    async def entry(self, poll_id: int, voter: str) -> PollEntry | None:
        """What `voter` needs to enter a poll, as of a moment after this call began; None where there is no such poll.

        All who ask at that moment share one query, and mostly it confirms the cached poll. Raises `Unavailable`.
        """
        return await self._entries.get((poll_id, voter))

    async def voter_state(self, poll: int, voter: str) -> watch.VoterState:
        """What a voter is to a poll, as of a moment after this call began. Raises `Unavailable`."""
        return await self._voter_states.get((poll, voter)) or watch.NO_STATE

    async def places(self, polls: list[int]) -> dict[int, Watch]:
        """Where `polls` stand now, those that were due opened or closed; a poll that is missing is gone."""
        return (await self.compare(polls, ())).watches

    async def compare(self, polls: Sequence[int], events: Sequence[int]) -> watch.Places:
        """Where `polls` and `events` stand now, in one query; as `places` does, with what was due."""
        found = await watch.places(self._database, polls, events)
        if not found.due:
            return found
        await self._settle(found.due)
        return await watch.places(self._database, polls, events)

    async def _settle(self, due: list[int]) -> None:
        """Settle together what is not locked; wait for the rest one by one, so that none delays another."""
        settled = await settle(self._database, due, skip_locked=True)
        held = set(due).difference(poll.id for poll in settled)
        for poll_id in sorted(held):
            try:
                settled += await settle(self._database, [poll_id])
            except Busy:
                logger.info("poll %d is due, and locked: it is settled when the lock is free", poll_id)
        for poll in settled:
            self.poll_changed(poll)

    async def stop(self) -> None:
        """Send what is unsent, bounded."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=2)
            for task in late:
                task.cancel()

    async def _ask_places(self, polls: list[int]) -> dict[int, Watch]:
        return await self.places(polls)

    async def _ask_polls(self, ids: list[int]) -> dict[int, Poll]:
        found = dict(await watch.polls(self._database, ids))
        for poll in found.values():
            self._keep(poll)
        return found

    async def _ask_entries(self, keys: list[tuple[int, str]]) -> dict[tuple[int, str], PollEntry]:
        entrants = await watch.entrants(self._database, keys)
        if entrants.due:
            await self._settle(entrants.due)
            entrants = await watch.entrants(self._database, keys)
        newest = {poll_id: one.watch for (poll_id, _), one in entrants.found.items()}
        polls = {poll_id: self._cached(poll_id, place) for poll_id, place in newest.items()}
        missing = [poll_id for poll_id, poll in polls.items() if poll is None]
        if missing:
            polls |= await self._ask_polls(missing)
        shown = {poll_id: poll for poll_id, poll in polls.items() if poll is not None}
        held = {key: one for key, one in entrants.found.items() if key[0] in shown}
        if overtaken := [key for key, one in held.items() if one.watch.place < shown[key[0]].place]:
            held |= (await watch.entrants(self._database, overtaken)).found
        return {key: PollEntry(shown[key[0]], one) for key, one in held.items()}

    async def _ask_voter_states(self, keys: list[tuple[int, str]]) -> dict[tuple[int, str], watch.VoterState]:
        return dict(await watch.voter_states(self._database, keys))

    def _keep(self, poll: Poll) -> None:
        cached = self._cache.get(poll.id)
        if cached is None or (cached.place, cached.revision) <= (poll.place, poll.revision):
            self._cache[poll.id] = poll
            self._cache.move_to_end(poll.id)
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)

    def _renew(self, totals: Totals) -> None:
        """Move a cached poll forward where only its counts changed."""
        cached = self._cache.get(totals.poll)
        if cached is None or cached.revision != totals.revision or cached.place >= totals.place:
            return
        counts = dict(totals.counts)
        self._cache[totals.poll] = msgspec.structs.replace(
            cached,
            version=totals.version,
            retractions=totals.retractions,
            voters=totals.voters,
            ballots=totals.ballots,
            options=tuple(msgspec.structs.replace(one, votes_count=counts[one.id]) for one in cached.options),
        )

    def mark_unconfirmed(self, totals: Totals) -> None:
        """Note that the bus may not have these totals: they are compared within a second."""
        before = self._unconfirmed.get(totals.poll)
        if before is None or before.place < totals.place:
            self._unconfirmed[totals.poll] = totals
        if len(self._unconfirmed) > UNCONFIRMED:
            del self._unconfirmed[next(iter(self._unconfirmed))]

    async def keep_confirming(self) -> None:
        """Run for ever: every second, send again what the bus lost, as it does when it hangs or comes back empty."""
        while True:
            await asyncio.sleep(CONFIRM_S)
            await self.confirm()

    async def confirm(self) -> None:
        """Compare what was sent lately with what the bus has, and send again what it lacks."""
        polls = list(self._unconfirmed)[:CONFIRMED_AT_ONCE]
        newest = await self._bus.newest(polls) if polls else None
        if newest is None:
            return  # out of reach: asked again in a second
        for poll in polls:
            totals, there = self._unconfirmed.get(poll), newest.get(poll)
            if totals is not None and there is not None and there.place >= totals.place:
                del self._unconfirmed[poll]
            elif totals is not None:
                await self._bus.publish(TotalsNews(totals))

    async def _publish(self, poll: int) -> None:
        """Send the poll's newest totals, again after each interval in which newer ones came."""
        try:
            while (totals := self._unsent.get(poll)) is not None:
                self._unsent[poll] = None
                await self._bus.publish(TotalsNews(totals))
                self.mark_unconfirmed(totals)
                await asyncio.sleep(INTERVAL_S)
        finally:
            self._unsent.pop(poll, None)

    def _spawn(self, work: Coroutine[object, None, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[object, None, None]) -> None:
    try:
        await work
    except Exception:
        # Workers also ask the database every second, so what was not sent is late by that, not lost.
        logger.exception("news could not be sent")
