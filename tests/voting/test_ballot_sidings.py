"""A poll whose lock is somebody else's waits on a siding: it delays no other poll of its lane, and keeps its order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from nexus.domain.ballot import Ballot, Outcome, Receipt
from nexus.errors import Busy, Unavailable
from nexus.store.voting import RecordedBatch
from nexus.voting import answering
from nexus.voting.answering import Answer
from nexus.voting.ballot_box import SIDINGS, BallotBox, Recorded
from tests.support.ballots import voter
from tests.support.waiting import until

HOT = 66


class HoldingDatabase:
    """Records batches, one at a time of a poll. One of several polls is told `Busy` where one of them is held.

    A held poll alone waits until it is freed or, `impatient`, is told `Busy` too.
    """

    def __init__(self) -> None:
        self.batches: list[list[Ballot]] = []
        self.tried: list[set[int]] = []
        self.held: set[int] = set()
        self.freed = asyncio.Event()
        self.impatient = False
        self.waiting = 0
        self._at_work: set[int] = set()

    async def record(self, ballots: Sequence[Ballot]) -> Recorded:
        polls = {one.poll for one in ballots}
        self.tried.append(polls)
        assert not polls & self._at_work, "two transactions of one worker met on a poll"
        self._at_work |= polls
        try:
            await asyncio.sleep(0)
            if polls & self.held:
                await self._wait(polls)
            self.batches.append(list(ballots))
            return RecordedBatch(
                [Receipt(b.poll, b.op, Outcome.RECORDED, b.options, 1, 2, stands=True) for b in ballots], []
            )
        finally:
            self._at_work -= polls

    async def _wait(self, polls: set[int]) -> None:
        if len(polls) > 1 or self.impatient:
            raise Busy
        self.waiting += 1
        await self.freed.wait()


@pytest.fixture
def database() -> HoldingDatabase:
    return HoldingDatabase()


@pytest.fixture
def box(database: HoldingDatabase) -> BallotBox:
    return BallotBox(database.record, lambda ballots, recorded: None, lanes=1)


def cast(box: BallotBox, poll: int, n: int, option: int = 1) -> asyncio.Task[Receipt]:
    """Have voter `n` cast a ballot; the bound is the test's."""
    return asyncio.create_task(asyncio.wait_for(box.cast(Ballot(uuid4(), poll, voter(n), options=(option,))), 30))


async def test_a_held_poll_delays_no_other_of_its_lane(database: HoldingDatabase, box: BallotBox) -> None:
    database.held = {HOT}
    stuck = [cast(box, HOT, n) for n in range(3)]
    first = [cast(box, poll, n) for poll in (1, 2) for n in range(3)]
    await asyncio.gather(*first)
    late = cast(box, HOT, 9)
    await asyncio.gather(*(cast(box, poll, n) for poll in (1, 2) for n in range(5)))
    assert not any(one.done() for one in (*stuck, late))
    database.freed.set()
    await asyncio.gather(*stuck, late)


async def test_a_voters_ballots_keep_their_order_on_a_siding(database: HoldingDatabase, box: BallotBox) -> None:
    database.held = {HOT}
    casts = [cast(box, 1, 1), *(cast(box, HOT, 1, option) for option in (1, 2, 3))]
    await until(lambda: database.waiting == 1)
    casts += [cast(box, HOT, 1, option) for option in (4, 5)]
    await asyncio.sleep(0)  # for the casts to be submitted
    database.freed.set()
    await asyncio.gather(*casts)
    assert [one.options[0] for batch in database.batches for one in batch if one.poll == HOT] == [1, 2, 3, 4, 5]


async def test_a_freed_poll_is_back_in_its_lane(database: HoldingDatabase, box: BallotBox) -> None:
    database.held = {HOT}
    casts = [cast(box, 1, 1), cast(box, HOT, 1)]
    await until(lambda: database.waiting == 1)
    database.held.clear()
    database.freed.set()
    await asyncio.gather(*casts)
    await asyncio.gather(cast(box, 1, 2), cast(box, HOT, 2))
    assert {one.poll for one in database.batches[-1]} == {1, HOT}


async def test_a_poll_that_stays_held_stops_its_lane_once(database: HoldingDatabase, box: BallotBox) -> None:
    database.held, database.impatient = {HOT}, True
    for n in range(5):
        casts = [cast(box, 1, n), cast(box, HOT, n)]
        await casts[0]
        with pytest.raises(Busy):
            await casts[1]
    assert database.tried.count({1, HOT}) == 1


async def test_held_polls_take_few_connections(database: HoldingDatabase, box: BallotBox) -> None:
    held = range(HOT, HOT + 10)
    database.held = set(held)
    stuck = [cast(box, poll, 1) for poll in held]
    await until(lambda: database.waiting == SIDINGS)
    await asyncio.gather(*(cast(box, 1, n) for n in range(3)))
    assert database.waiting == SIDINGS
    database.freed.set()
    await asyncio.gather(*stuck)


async def test_stopping_answers_what_waits_on_a_siding(database: HoldingDatabase, box: BallotBox) -> None:
    database.held = {HOT}
    casts = [cast(box, 1, 1), *(cast(box, HOT, 1, option) for option in (1, 2))]
    await until(lambda: database.waiting == 1)
    assert box.waiting == 1  # the other one is being recorded
    await box.stop(0.05)
    with pytest.raises(Unavailable):
        await casts[2]
    database.freed.set()
    await asyncio.gather(*casts[:2])


async def test_stopping_waits_for_the_answers_of_a_siding(
    database: HoldingDatabase, box: BallotBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "SLICE_S", 0.0)
    given, begun = list[Answer](), asyncio.Event()

    def take(answer: Answer) -> None:
        given.append(answer)
        begun.set()

    database.held = {HOT}
    box.submit(Ballot(uuid4(), 1, voter(1), options=(1,)), lambda answer: None)
    for n in range(400):
        box.submit(Ballot(uuid4(), HOT, voter(n), options=(1,)), take)
    await until(lambda: database.waiting == 1)
    database.held.clear()
    database.freed.set()
    await begun.wait()
    assert len(given) < 400
    box.submit(Ballot(uuid4(), HOT, voter(400), options=(1,)), take)
    await box.stop(5)
    assert len(given) == 401
