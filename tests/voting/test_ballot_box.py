"""The ballot box: batches, order, bounds, and that one ballot's trouble stays its own."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from nexus.domain.ballot import Ballot, Outcome
from nexus.domain.poll import Totals
from nexus.errors import Busy, NexusError, OutcomeUnknown, PollClosed, Unavailable
from nexus.store import voting
from nexus.store.database import Database
from nexus.store.voting import RecordedBatch
from nexus.voting import ballot_box as module
from nexus.voting.answering import Answer
from nexus.voting.ballot_box import BallotBox, Recorded
from tests.support.ballot_boxes import Answers, Scribe, ballot, receipt
from tests.support.ballots import assert_counts, make_poll, rows, vote, voter
from tests.support.rooms import totals_at


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


async def test_cast_returns_the_receipt_or_raises_the_refusal(scribe: Scribe) -> None:
    async def refuse(ballots: Sequence[Ballot]) -> Recorded:
        return RecordedBatch([PollClosed() for _ in ballots], [])

    one = ballot()
    assert await BallotBox(scribe.record, scribe.committed, lanes=2).cast(one) == receipt(one)
    with pytest.raises(PollClosed):
        await BallotBox(refuse, scribe.committed, lanes=2).cast(one)


async def test_ballots_gather_while_a_transaction_runs(scribe: Scribe) -> None:
    box = BallotBox(scribe.record, scribe.committed, lanes=1)
    answers = Answers(box)
    scribe.free.clear()
    first, rest = ballot(0), [ballot(n) for n in range(1, 100)]
    answers.submit(first)
    await scribe.began.wait()
    for one in rest:
        answers.submit(one)
    assert box.waiting == 99
    scribe.free.set()
    await answers.of(rest[-1])
    assert scribe.batches == [[first], rest]
    assert scribe.told == scribe.batches
    assert box.waiting == 0


async def test_batch_takes_one_ballot_of_each_voter_and_poll_in_order(scribe: Scribe) -> None:
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=1))
    mine = [ballot(1) for _ in range(4)]
    elsewhere, others = ballot(1, poll=8), [ballot(2) for _ in range(2)]
    for one in (*mine, elsewhere, *others):
        answers.submit(one)
    await answers.of(mine[-1])
    assert scribe.batches == [[mine[0], elsewhere, others[0]], [mine[1], others[1]], [mine[2]], [mine[3]]]


async def test_poll_keeps_its_lane_and_lanes_do_not_wait_for_each_other(scribe: Scribe) -> None:
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=2))
    scribe.free.clear()
    held, other, behind = ballot(1, poll=2), ballot(2, poll=3), ballot(3, poll=4)
    for one in (held, other):
        answers.submit(one)
    await scribe.began.wait()
    await asyncio.sleep(0)
    answers.submit(behind)
    await asyncio.sleep(0)
    assert scribe.batches == [[held], [other]]
    scribe.free.set()
    await answers.of(behind)


async def test_full_lane_refuses_at_once(scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 10)
    box = BallotBox(scribe.record, scribe.committed, lanes=2)
    answers = Answers(box)
    for n in range(10):
        answers.submit(ballot(n))
    with pytest.raises(Unavailable):
        answers.submit(ballot(10))
    answers.submit(other := ballot(10, poll=8))
    assert await answers.kind(other) == "recorded"


async def test_one_voters_queue_is_bounded_before_the_lanes_is(scribe: Scribe) -> None:
    box = BallotBox(scribe.record, scribe.committed, lanes=1)
    answers = Answers(box)
    for _ in range(module.WAITING_EACH):
        answers.submit(ballot(1))
    with pytest.raises(Unavailable):
        answers.submit(ballot(1))
    answers.submit(neighbour := ballot(2))
    assert await answers.kind(neighbour) == "recorded"
    assert neighbour in scribe.batches[0]


async def test_bad_ballot_harms_no_neighbour(scribe: Scribe, caplog: pytest.LogCaptureFixture) -> None:
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=1))
    scribe.fails = {66: ZeroDivisionError("a defect")}
    good, bad = [ballot(n, poll=n % 5) for n in range(50)], ballot(50, poll=66)
    for one in (*good[:20], bad, *good[20:]):
        answers.submit(one)
    assert {await answers.kind(one) for one in good} == {"recorded"}
    assert await answers.kind(bad) == "unavailable"
    assert sorted(one.by.voter for batch in scribe.told for one in batch) == sorted(one.by.voter for one in good)
    assert len(scribe.batches) < 20  # halved, not one by one
    assert len(answers.order) == 51
    assert "a defect" in caplog.text


async def test_busy_poll_harms_no_other(scribe: Scribe) -> None:
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=1))
    scribe.fails = {66: Busy()}
    good, held = [ballot(n, poll=n % 5) for n in range(20)], [ballot(n, poll=66) for n in range(20)]
    for one in (*good, *held):
        answers.submit(one)
    assert {await answers.kind(one) for one in good} == {"recorded"}
    assert {await answers.kind(one) for one in held} == {"unavailable"}
    assert sum(any(one.poll == 66 for one in batch) for batch in scribe.batches) == 2  # no third wait for its lock


@pytest.mark.parametrize("error", [Unavailable(), OutcomeUnknown()], ids=["unavailable", "outcome unknown"])
async def test_lost_database_is_answered_to_all_without_another_try(scribe: Scribe, error: NexusError) -> None:
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=1))
    scribe.fails = {7: error}
    asked = [ballot(n) for n in range(10)]
    for one in asked:
        answers.submit(one)
    assert {await answers.kind(one) for one in asked} == {error.error_code}
    assert len(scribe.batches) == 1
    assert scribe.told == []


async def test_ballot_that_waited_too_long_is_told_to_retry(scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(BallotBox(scribe.record, scribe.committed, lanes=1))
    scribe.free.clear()
    first, late = ballot(1), ballot(2)
    answers.submit(first)
    await scribe.began.wait()
    answers.submit(late)
    monkeypatch.setattr(module, "PATIENCE_S", -1.0)
    scribe.free.set()
    assert await answers.kind(late) == "unavailable"
    assert await answers.kind(first) == "recorded"
    assert scribe.batches == [[first]]


async def test_lane_goes_on_where_nobody_could_be_told(scribe: Scribe, caplog: pytest.LogCaptureFixture) -> None:
    def broken(ballots: Sequence[Ballot], recorded: Recorded) -> None:
        raise ZeroDivisionError("telling")

    def deaf(answer: Answer) -> None:
        raise ZeroDivisionError("answering")

    box = BallotBox(scribe.record, broken, lanes=1)
    answers = Answers(box)
    one, next_ = ballot(1), ballot(1)
    box.submit(ballot(2), deaf)
    answers.submit(one)
    answers.submit(next_)
    assert [await answers.kind(one), await answers.kind(next_)] == ["recorded", "recorded"]
    assert "telling" in caplog.text
    assert "answering" in caplog.text


async def test_stop_answers_everyone_and_takes_no_more(scribe: Scribe) -> None:
    box = BallotBox(scribe.record, scribe.committed, lanes=2)
    answers = Answers(box)
    asked = [ballot(n % 10, poll=n % 3) for n in range(100)]
    for one in asked:
        answers.submit(one)
    await box.stop(5)
    assert {await answers.kind(one) for one in asked} == {"recorded"}
    with pytest.raises(Unavailable):
        answers.submit(ballot())


async def test_stop_tells_those_to_retry_whom_time_does_not_reach(scribe: Scribe) -> None:
    box = BallotBox(scribe.record, scribe.committed, lanes=1)
    answers = Answers(box)
    scribe.free.clear()
    writing, waiting = ballot(1), [ballot(1) for _ in range(5)]
    answers.submit(writing)
    await scribe.began.wait()
    for one in waiting:
        answers.submit(one)
    await box.stop(0.01)
    assert {await answers.kind(one) for one in waiting} == {"unavailable"}
    scribe.free.set()
    assert await answers.kind(writing) == "recorded"
    assert scribe.batches == [[writing]]


async def test_answers_come_before_totals_are_told(scribe: Scribe) -> None:
    seen: list[str] = []
    box = BallotBox(scribe.record, lambda ballots, recorded: seen.append("told"), lanes=1)
    box.submit(ballot(1), lambda answer: seen.append("answered"))
    box.submit(ballot(2), lambda answer: seen.append("answered"))
    await box.stop(5)
    assert seen == ["answered", "answered", "told"]


async def test_real_batches_keep_counts_and_one_ballot_each(database: Database) -> None:
    poll, other = await make_poll(database), await make_poll(database, votes_per_user=3)
    told: list[Totals] = []
    box = BallotBox(partial(voting.record, database), lambda _, recorded: told.extend(recorded.totals), lanes=2)
    casts = [box.cast(vote(one, voter(n % 40), min(n // 40, 1))) for n in range(120) for one in (poll, other)]
    answers = await asyncio.gather(*casts)
    assert {one.status for one in answers} == {Outcome.RECORDED, Outcome.CHANGED, Outcome.UNCHANGED}
    assert await rows(database, "SELECT voters, ballots FROM polls ORDER BY id") == [(40, 40), (40, 120)]
    await assert_counts(database)
    for poll_id in (poll.id, other.id):
        places = [totals.place for totals in told if totals.poll == poll_id]
        assert places == sorted(set(places))
    assert totals_at(1).place < told[0].place
