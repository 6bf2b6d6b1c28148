"""Answers of a committed batch: after the next one is sent, in slices, in order, and every one of them."""

from __future__ import annotations

import asyncio

import pytest

from nexus.voting import answering
from nexus.voting.answering import Answer
from nexus.voting.ballot_box import BallotBox
from tests.support.ballot_boxes import Answers, Scribe, ballot


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


async def test_the_next_batch_is_sent_before_the_last_ones_voters_are_answered(scribe: Scribe) -> None:
    box = BallotBox(scribe.record, scribe.committed, lanes=1)
    sent_by_then: list[int] = []
    scribe.free.clear()
    box.submit(ballot(1), lambda answer: sent_by_then.append(len(scribe.batches)))
    await scribe.began.wait()
    answers = Answers(box)
    answers.submit(after := ballot(2))
    scribe.free.set()
    assert await answers.kind(after) == "recorded"
    assert sent_by_then == [2]


async def test_many_answers_let_others_have_a_turn(scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "SLICE_S", 0.0)
    box = BallotBox(scribe.record, scribe.committed, lanes=1)
    given: list[int] = []
    turns: list[int] = []

    def turn() -> None:
        turns.append(len(given))
        if len(given) < 200:
            asyncio.get_running_loop().call_soon(turn)

    for n in range(200):
        box.submit(ballot(n), lambda answer, n=n: given.append(n))  # type: ignore[misc]
    turn()
    await box.stop(5)
    assert given == list(range(200))
    assert len(set(turns) - {0, 200}) >= 10


async def test_answers_of_one_batch_come_before_those_of_the_next(
    scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "SLICE_S", 0.0)
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=1))
    mine = [ballot(n % 50) for n in range(150)]
    for one in mine:
        answers.submit(one)
    await answers.of(mine[-1])
    assert len(scribe.batches) == 3
    assert answers.order == [one.op for one in mine]


async def test_stop_waits_for_answers_that_are_being_given(scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "SLICE_S", 0.0)
    box = BallotBox(scribe.record, scribe.committed, lanes=1)
    given: list[Answer] = []
    begun = asyncio.Event()
    box.submit(ballot(0), lambda answer: begun.set())
    for n in range(1, 101):
        box.submit(ballot(n), given.append)
    await begun.wait()
    assert len(given) < 100
    await box.stop(5)
    assert len(given) == 100
    assert scribe.told == scribe.batches
