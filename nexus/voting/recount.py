"""`nexus verify`: the counts in the database, on the bus and in the votes must agree (docs/contract.md, "Running"),
and the history must be complete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from nexus.bus import Bus, News, TotalsNews
from nexus.domain.poll import Place, Totals
from nexus.store import audit_chain, event_checks, recount
from nexus.store.database import Connection, Database

BUS_CATCHES_UP_S = 2.0
"""Given to a bus that is behind, before its counters are compared again."""

BUS_CHUNK = 500
"""Polls whose counters are compared at once."""


class Differences(msgspec.Struct, frozen=True):
    """What does not agree, one line each: `mendable` by `--repair`, or `lasting`, which only a backup can restore: an
    altered row of the history, an altered ballot of a round that has ended, a code that belongs to several."""

    mendable: list[str]
    lasting: list[str]


class Recount:
    """One recount of everything; `say` is told of the progress. `bus` is None where there is none to compare."""

    def __init__(self, database: Database, bus: Bus | None, say: Callable[[str], None]) -> None:
        self._database = database
        self._bus = bus
        self._say = say
        self._broken: set[int] = set()
        self._ahead: dict[int, Place] = {}
        self._lines: list[str] = []
        self._lasting: list[str] = []
        self._events: list[int] = []
        self._codes = False

    async def run(self, *, repair: bool) -> Differences:
        """Returns every difference; with `repair` the mendable ones are mended afterwards.

        Raises Unavailable where the database cannot be read, ValueError where the bus cannot.
        """
        totals, lost = await self._count_votes()
        if self._bus is not None:
            await self._bus.start(self)
            try:
                await self._compare_bus(totals)
                if repair:
                    await self._mend(lost=lost)
            finally:
                await self._bus.stop()
        elif repair:
            await self._mend(lost=lost)
        self._say("")
        return Differences(self._lines, self._lasting)

    def on_news(self, news: News) -> None:
        """Do nothing: a recount asks, it does not listen."""

    async def _count_votes(self) -> tuple[dict[int, Totals], bool]:
        """Recount in one snapshot; returns every poll's counters in it, and whether there are votes without a poll."""
        totals: dict[int, Totals] = {}
        async with self._database.snapshot() as connection:
            total, last = await recount.how_many(connection), 0
            while checks := await recount.check_after(connection, last):
                for check in checks:
                    totals[check.poll.id] = check.poll.totals()
                    if check.differences:
                        self._broken.add(check.poll.id)
                        self._lines += check.differences
                ids = [check.poll.id for check in checks]
                self._lasting += await audit_chain.check_rounds(connection, ids)
                self._lasting += await audit_chain.check_statuses(connection, ids)
                last = checks[-1].poll.id
                self._say(f"recounted {len(totals)} of {total} polls")
            lost = await recount.orphans(connection)
            await self._check_history(connection)
        self._lines += lost
        return totals, bool(lost)

    async def _check_history(self, connection: Connection) -> None:
        done, link = 0, await audit_chain.check_after(connection, 0)
        while link.rows:
            done += link.rows
            self._lasting += link.differences
            self._say(f"checked {done} rows of the audit log")
            link = await audit_chain.check_after(connection, link.last)
        self._lasting += await audit_chain.check_head(connection)
        self._lasting += await audit_chain.check_deletions(connection)
        events = await event_checks.check_events(connection)
        self._lines += events.mendable
        self._lasting += events.lasting
        self._events, self._codes = events.events, events.codes

    async def _compare_bus(self, totals: dict[int, Totals]) -> None:
        suspects = await self._suspects(totals, list(totals))
        if not suspects:
            return
        # A bus that is merely behind is no difference: a worker was killed between its commit and the bus. It is sent
        # what it missed, which changes nothing where it has newer counters, and compared again.
        if self._bus is not None:
            for poll in suspects:
                await self._bus.publish(TotalsNews(totals[poll]))
        await asyncio.sleep(BUS_CATCHES_UP_S)
        for poll, (line, place) in (await self._suspects(totals, list(suspects))).items():
            self._lines.append(line)
            self._broken.add(poll)
            if place is not None:
                self._ahead[poll] = place

    async def _suspects(self, totals: dict[int, Totals], ids: list[int]) -> dict[int, tuple[str, Place | None]]:
        """Polls whose counters on the bus are older than, differ from, or are ahead of the database's."""
        found: dict[int, tuple[str, Place | None]] = {}
        for start in range(0, len(ids), BUS_CHUNK):
            chunk = ids[start : start + BUS_CHUNK]
            on_bus = await self._on_bus(chunk)
            now = await recount.places(self._database, chunk)  # after the bus: so never behind it
            for poll, seen in on_bus.items():
                counted = totals[poll]
                if seen.place > now.get(poll, seen.place):
                    lost = f"poll {poll}: the bus is at {_words(seen.place)}, which the database has lost"
                    found[poll] = (lost, seen.place)
                elif seen.place < counted.place:
                    behind = f"poll {poll}: the bus is behind, at {_words(seen.place)}, not {_words(counted.place)}"
                    found[poll] = (behind, None)
                elif seen.place == counted.place and _shown(seen) != _shown(counted):
                    found[poll] = (f"poll {poll}: the bus says {_shown(seen)}, the database {_shown(counted)}", None)
        return found

    async def _on_bus(self, polls: list[int]) -> dict[int, Totals]:
        assert self._bus is not None  # noqa: S101 - only called with one
        newest = await self._bus.newest(polls)
        if newest is None:
            raise ValueError("REDIS_URL: The bus is out of reach, so its counters cannot be compared.")
        return newest

    async def _mend(self, *, lost: bool) -> None:
        for poll in sorted(self._broken):
            self._say(f"mending poll {poll}")
            mended = await recount.repair_poll(self._database, poll, self._ahead.get(poll))
            if mended is not None and self._bus is not None:
                await self._bus.publish(TotalsNews(mended.totals()))
        if lost:
            await recount.remove_orphans(self._database)
        if self._ahead:  # a backup was restored: of events the bus keeps nothing that would say how far they were
            await event_checks.raise_revisions(self._database)
        for event in self._events:
            self._say(f"mending event {event}")
            await event_checks.mend_event(self._database, event)
        if self._codes:
            await event_checks.mend_codes(self._database)


def _words(place: Place) -> str:
    return f"epoch {place.epoch}, version {place.version}"


def _shown(totals: Totals) -> tuple[object, ...]:
    return totals.voters, totals.ballots, totals.counts
