"""The ballot box: a queue and a writer per lane, so that thousands of ballots share a transaction.

A poll always goes to the same lane, so no two transactions of one worker meet on a poll. While a transaction
runs, the next batch gathers: no timer, no delay on an idle server. It is sent before the voters of the one that has
committed are answered, so that the database never waits for that (docs/architecture.md, "Step 2: the ballot box").
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Protocol

from nexus.domain.ballot import Ballot, Receipt
from nexus.domain.poll import Totals
from nexus.errors import Busy, NexusError, OutcomeUnknown, Unavailable
from nexus.voting.answering import Answer, Done, Pending, answer_at_once, answer_in_slices

logger = logging.getLogger(__name__)

BATCH = 1000
"""Ballots in one transaction, at most."""

WAITING = 20_000
"""Ballots that a lane holds; beyond that voters are told to retry, at once."""

WAITING_EACH = 100
"""Ballots of one voter in one poll that may wait; each goes into a transaction of its own."""

SIDINGS = 2
"""Polls that may wait at once for a lock that somebody else holds, each on a connection beside those of the lanes."""

PATIENCE_S = 10.0
"""A ballot that waited longer is answered `retry`: the database is behind, and the voter should know."""


class Recorded(Protocol):
    """What one committed batch did, as the ballot box sees it."""

    @property
    def answers(self) -> Sequence[Answer]:
        """One answer a ballot, in order."""

    @property
    def totals(self) -> Sequence[Totals]:
        """The totals of each poll that changed."""


Record = Callable[[Sequence[Ballot]], Awaitable[Recorded]]
Committed = Callable[[Sequence[Ballot], Recorded], None]


class BallotBox:
    """Takes ballots from the doors, and answers each after its commit.

    `record` commits a batch; `committed` is told of every batch after its voters are.
    """

    def __init__(self, record: Record, committed: Committed, *, lanes: int) -> None:
        places = asyncio.Semaphore(SIDINGS)

        async def patiently(ballots: Sequence[Ballot]) -> Recorded:
            async with places:
                return await record(ballots)

        self._lanes = [_Lane(record, committed, patiently) for _ in range(lanes)]
        self._closed = False

    @property
    def waiting(self) -> int:
        """Ballots that wait for their transaction."""
        return sum(lane.all_waiting for lane in self._lanes)

    def submit(self, ballot: Ballot, done: Done) -> None:
        """Queue a ballot; `done` is called once it is committed or refused. Raises `Unavailable` when full."""
        if self._closed:
            raise Unavailable("The server is shutting down. Try again.")
        self._lanes[ballot.poll % len(self._lanes)].put(ballot, done)

    async def cast(self, ballot: Ballot) -> Receipt:
        """Submit a ballot and wait for its receipt. Raises the refusal."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def done(answer: Answer) -> None:
            if not future.done():
                future.set_result(answer)

        self.submit(ballot, done)
        answer = await future
        if isinstance(answer, NexusError):
            raise answer
        return answer

    async def stop(self, within_s: float) -> None:
        """Take no more ballots, and answer all that wait; those left after `within_s` are told to retry."""
        self._closed = True
        deadline = time.monotonic() + within_s
        while tasks := [task for lane in self._lanes for task in lane.tasks()]:
            _, late = await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
            if late:
                break
        for lane in self._lanes:
            lane.give_up(Unavailable("The server is shutting down. Try again."))


class _Lane:
    """A queue and its writer. `patiently` records for its sidings, which have none themselves."""

    def __init__(self, record: Record, committed: Committed, patiently: Record | None = None) -> None:
        self._record = record
        self._committed = committed
        self._patiently = patiently
        # Polls whose lock somebody else holds, each with a lane of its own until the lock is free: they delay no other.
        self._sidings: dict[int, _Lane] = {}
        # Of each voter in each poll, in order of arrival: a batch takes the first of each, so that no two ballots
        # of a voter share a transaction and a voter with many delays nobody. Lists: nearly all hold one ballot, and an
        # empty deque takes 0.6 KiB.
        self._waiting: dict[tuple[int, str], list[Pending]] = {}
        self.size = 0
        self.blocked = False
        """Whether the last batch found a lock taken."""
        self.task: asyncio.Task[None] | None = None
        self._answering: asyncio.Task[None] | None = None

    @property
    def all_waiting(self) -> int:
        """Ballots that wait here and on the sidings."""
        return self.size + sum(siding.size for siding in self._sidings.values())

    def tasks(self) -> list[asyncio.Task[None]]:
        """The writers at work, and who answers what they have recorded."""
        lanes = (self, *self._sidings.values())
        return [task for lane in lanes for task in (lane.task, lane._answering) if task is not None]

    def put(self, ballot: Ballot, done: Done) -> None:
        siding = self._siding(ballot.poll)
        if siding is not None and self.all_waiting < WAITING:
            siding.put(ballot, done)
            return
        key = (ballot.poll, ballot.by.voter)
        queue = self._waiting.get(key)
        if siding is not None or self.size >= WAITING or (queue is not None and len(queue) >= WAITING_EACH):
            raise Unavailable("Too many ballots are waiting. Try again.")
        if queue is None:
            queue = self._waiting[key] = []
        queue.append(Pending(ballot, done, time.monotonic()))
        self.size += 1
        self._begin()

    def give_up(self, error: NexusError) -> None:
        """Answer everything that waits with `error`."""
        for siding in self._sidings.values():
            siding.give_up(error)
        while batch := self._take():
            answer_at_once(batch, [error] * len(batch))

    async def _run(self) -> None:
        try:
            while batch := self._take():
                oldest = time.monotonic() - PATIENCE_S
                late = [one for one in batch if one.since < oldest]
                answer_at_once(late, [Unavailable("The database is behind. Try again.")] * len(late))
                if in_time := [one for one in batch if one.since >= oldest]:
                    await self._write(in_time)
        finally:
            self.task = None

    def _take(self) -> list[Pending]:
        batch = []
        for key in list(islice(self._waiting, BATCH)):
            queue = self._waiting.pop(key)
            batch.append(queue.pop(0))
            if queue:
                self._waiting[key] = queue  # to the end: the others' first ballots come before this one's second
        self.size -= len(batch)
        return batch

    async def _write(self, batch: list[Pending]) -> None:
        """Record `batch`; where one ballot or poll spoils it, the others are tried without it."""
        ballots = [one.ballot for one in batch]
        try:
            recorded = await self._record(ballots)
        except Busy as error:
            self.blocked = True
            polls = _by_poll(batch)
            if len(polls) == 1:
                self._refuse(batch, error)
                polls = {poll: [] for poll in polls}
            if self._patiently is not None:
                for poll, part in polls.items():
                    self._set_aside(poll, part, self._patiently)
        except (Unavailable, OutcomeUnknown) as error:
            logger.warning("%d ballots not recorded: %s (%r)", len(batch), error, error.__cause__)
            answer_at_once(batch, [error] * len(batch))
        except Exception as error:  # noqa: BLE001 - logged once the ballot that spoils the batch is alone
            half = len(batch) // 2
            if not half:
                self._refuse(batch, error)
                return
            await self._write(batch[:half])
            await self._write(batch[half:])
        else:
            self.blocked = False
            if self._answering is not None:
                await self._answering  # one batch at a time: where answers are slow, the next batch grows instead
            self._answering = asyncio.create_task(self._finish(batch, ballots, recorded), name="ballot answers")

    async def _finish(self, batch: Sequence[Pending], ballots: Sequence[Ballot], recorded: Recorded) -> None:
        """Answer the voters of a committed batch, then tell of it."""
        try:
            await answer_in_slices(batch, recorded.answers)
            self._tell(ballots, recorded)
        finally:
            self._answering = None

    def _siding(self, poll: int) -> _Lane | None:
        """The siding of `poll`, until it is empty and the lock was free."""
        siding = self._sidings.get(poll)
        if siding is not None and not siding.tasks() and not siding.blocked:
            del self._sidings[poll]
            return None
        return siding

    def _set_aside(self, poll: int, first: list[Pending], patiently: Record) -> None:
        """Give `poll` a siding: for `first`, what waits here for it, and what comes while the lock is taken."""
        siding = self._siding(poll)
        if siding is None:
            siding = self._sidings[poll] = _Lane(patiently, self._committed)
            for key in [key for key in self._waiting if key[0] == poll]:
                siding._waiting[key] = queue = self._waiting.pop(key)
                siding.size += len(queue)
                self.size -= len(queue)
        for one in first:
            siding._waiting.setdefault((poll, one.ballot.by.voter), []).insert(0, one)
        siding.size += len(first)
        siding.blocked = True
        siding._begin()

    def _begin(self) -> None:
        if self.task is None:
            self.task = asyncio.create_task(self._run(), name="ballot lane")

    def _tell(self, ballots: Sequence[Ballot], recorded: Recorded) -> None:
        try:
            self._committed(ballots, recorded)
        except Exception:
            # The votes stand and are answered, and rooms catch up from the database: the lane goes on.
            logger.exception("a committed batch could not be announced")

    def _refuse(self, batch: list[Pending], error: Exception) -> None:
        if isinstance(error, NexusError):
            logger.warning("%d ballots not recorded: %s", len(batch), error)
            answer_at_once(batch, [error] * len(batch))
        else:
            logger.error("a ballot could not be recorded: %r", batch[0].ballot, exc_info=error)
            answer_at_once(batch, [Unavailable() for _ in batch])


def _by_poll(batch: list[Pending]) -> dict[int, list[Pending]]:
    parts: dict[int, list[Pending]] = {}
    for one in batch:
        parts.setdefault(one.ballot.poll, []).append(one)
    return parts
