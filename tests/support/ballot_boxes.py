"""What a ballot box writes to in tests, and what its voters hear."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from uuid import uuid4

from nexus.domain.ballot import Ballot, Outcome, Receipt
from nexus.store.voting import RecordedBatch
from nexus.voting.answering import Answer
from nexus.voting.ballot_box import BallotBox, Recorded
from tests.support.rooms import who


class Scribe:
    """Records batches; those it is told to fail, it fails, and while held it waits."""

    def __init__(self) -> None:
        self.batches: list[list[Ballot]] = []
        self.told: list[list[Ballot]] = []
        self.fails: dict[int, Exception] = {}
        self.free = asyncio.Event()
        self.free.set()
        self.began = asyncio.Event()

    async def record(self, ballots: Sequence[Ballot]) -> Recorded:
        self.batches.append(list(ballots))
        self.began.set()
        await self.free.wait()
        for ballot in ballots:
            if ballot.poll in self.fails:
                raise self.fails[ballot.poll]
        return RecordedBatch([receipt(ballot) for ballot in ballots], [])

    def committed(self, ballots: Sequence[Ballot], _: Recorded) -> None:
        self.told.append(list(ballots))


def receipt(ballot: Ballot) -> Receipt:
    return Receipt(ballot.poll, ballot.op, Outcome.RECORDED, ballot.options, 1, 2, stands=True)


def ballot(n: int = 1, poll: int = 7) -> Ballot:
    return Ballot(uuid4(), poll, who(n), options=(12,))


class Answers:
    """What ballots were answered, in order, each at most once."""

    def __init__(self, box: BallotBox) -> None:
        self._box = box
        self._of: dict[object, asyncio.Future[Answer]] = {}
        self.order: list[object] = []

    def submit(self, one: Ballot) -> None:
        self._of[one.op] = asyncio.get_running_loop().create_future()
        self._box.submit(one, partial(self._take, one))

    def _take(self, one: Ballot, answer: Answer) -> None:
        self.order.append(one.op)
        self._of[one.op].set_result(answer)

    async def of(self, one: Ballot) -> Answer:
        return await asyncio.wait_for(asyncio.shield(self._of[one.op]), 30)

    async def kind(self, one: Ballot) -> str:
        answer = await self.of(one)
        return answer.status if isinstance(answer, Receipt) else answer.error_code
