"""The transaction of a batch: every outcome and refusal of docs/contract.md, "Voting"."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from nexus.domain.ballot import Outcome, Receipt
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status
from nexus.store import batch, polls, rounds
from nexus.store.database import Database
from tests.support.ballots import (
    HOST,
    LOCK_WAITS,
    assert_counts,
    cast,
    cast_one,
    guest,
    make_poll,
    refused,
    retract,
    rows,
    vote,
    voter,
)

ALICE, BOB = voter(1), voter(2)


async def counts(database: Database, poll: Poll) -> list[object]:
    return [
        n
        for (n,) in await rows(
            database, "SELECT votes_count FROM options WHERE poll_id = :p ORDER BY position", p=poll.id
        )
    ]


async def test_first_vote_is_recorded_and_counted(database: Database) -> None:
    poll = await make_poll(database)
    ballot = vote(poll, ALICE, 1)
    receipt = await cast_one(database, ballot)
    assert receipt == Receipt(poll.id, ballot.op, Outcome.RECORDED, ballot.options, 1, poll.version + 1, stands=True)
    assert await counts(database, poll) == [0, 1, 0]
    await assert_counts(database)


async def test_another_choice_changes_the_ballot_and_the_same_choice_does_not(database: Database) -> None:
    poll = await make_poll(database)
    await cast_one(database, vote(poll, ALICE, 0))
    changed = await cast_one(database, vote(poll, ALICE, 2))
    same = vote(poll, ALICE, 2)
    unchanged = await cast_one(database, same)
    assert (changed.status, unchanged.status) == (Outcome.CHANGED, Outcome.UNCHANGED)
    assert unchanged.version == changed.version
    assert await rows(database, "SELECT op FROM votes") == [(same.op,)]
    assert await counts(database, poll) == [0, 0, 1]


async def test_one_batch_moves_the_version_once(database: Database) -> None:
    poll = await make_poll(database)
    answers = await cast(database, *(vote(poll, voter(n), n % 3) for n in range(30)))
    assert {one.version for one in answers if isinstance(one, Receipt)} == {poll.version + 1}
    assert await counts(database, poll) == [10, 10, 10]


async def test_old_op_after_a_newer_one_is_replayed_and_changes_nothing(database: Database) -> None:
    poll = await make_poll(database)
    old = vote(poll, ALICE, 0)
    first = await cast_one(database, old)
    await cast_one(database, vote(poll, ALICE, 1))
    again = await cast_one(database, old)
    assert again == msgspec.structs.replace(first, status=Outcome.REPLAYED, stands=False)
    assert await counts(database, poll) == [0, 1, 0]


async def test_old_op_after_a_retraction_is_replayed_and_does_not_stand(database: Database) -> None:
    poll = await make_poll(database)
    old = vote(poll, ALICE, 0)
    first = await cast_one(database, old)
    await cast_one(database, retract(poll, ALICE))
    assert await cast_one(database, old) == msgspec.structs.replace(first, status=Outcome.REPLAYED, stands=False)
    assert await counts(database, poll) == [0, 0, 0]


async def test_old_op_after_the_close_is_replayed_and_stands(database: Database) -> None:
    poll = await make_poll(database)
    old = vote(poll, ALICE, 0)
    first = await cast_one(database, old)
    await rounds.close_poll(database, poll.id, HOST)
    assert await cast_one(database, old) == msgspec.structs.replace(first, status=Outcome.REPLAYED)
    assert await refused(database, vote(poll, BOB, 0)) == "poll_closed"


async def test_old_op_after_a_reset_is_replayed_with_its_epoch(database: Database) -> None:
    poll = await make_poll(database)
    old = vote(poll, ALICE, 0)
    first = await cast_one(database, old)
    await rounds.reset_poll(database, poll.id, HOST)
    again = await cast_one(database, old)
    assert again == msgspec.structs.replace(first, status=Outcome.REPLAYED, stands=False)
    assert await counts(database, poll) == [0, 0, 0]
    assert (await cast_one(database, vote(poll, ALICE, 0))).epoch == 2


async def test_op_taken_over_by_an_unchanged_ballot_stands_no_more(database: Database) -> None:
    poll = await make_poll(database)
    first, second = vote(poll, ALICE, 0), vote(poll, ALICE, 0)
    await cast_one(database, first)
    await cast_one(database, second)
    assert not (await cast_one(database, first)).stands
    assert (await cast_one(database, second)).stands


async def test_op_with_another_act_is_op_reused(database: Database) -> None:
    poll = await make_poll(database)
    ballot = vote(poll, ALICE, 0)
    await cast_one(database, ballot)
    assert await refused(database, vote(poll, ALICE, 1, op=ballot.op)) == "op_reused"
    assert await refused(database, retract(poll, ALICE, op=ballot.op)) == "op_reused"
    await rounds.close_poll(database, poll.id, HOST)
    assert await refused(database, vote(poll, ALICE, 1, op=ballot.op)) == "op_reused"
    assert (await cast_one(database, ballot)).status is Outcome.REPLAYED


async def test_same_op_of_another_voter_or_poll_is_unrelated(database: Database) -> None:
    poll, other = await make_poll(database), await make_poll(database)
    ballot = vote(poll, ALICE, 0)
    assert (await cast_one(database, ballot)).status is Outcome.RECORDED
    assert (await cast_one(database, vote(poll, BOB, 1, op=ballot.op))).status is Outcome.RECORDED
    assert (await cast_one(database, vote(other, ALICE, 1, op=ballot.op))).status is Outcome.RECORDED


async def test_choices_in_another_order_are_the_same_act(database: Database) -> None:
    poll = await make_poll(database, max_choices=2)
    ballot = vote(poll, ALICE, 0, 2)
    await cast_one(database, ballot)
    assert (await cast_one(database, vote(poll, ALICE, 2, 0, op=ballot.op))).status is Outcome.REPLAYED
    assert (await cast_one(database, vote(poll, ALICE, 2, 0))).status is Outcome.UNCHANGED


async def test_retraction_uncounts_and_a_second_one_is_unchanged(database: Database) -> None:
    poll = await make_poll(database)
    await cast_one(database, vote(poll, ALICE, 0))
    act = retract(poll, ALICE)
    assert (await cast_one(database, act)).status is Outcome.RETRACTED
    assert (await cast_one(database, retract(poll, ALICE))).status is Outcome.UNCHANGED
    assert (await cast_one(database, act)).status is Outcome.REPLAYED
    assert await counts(database, poll) == [0, 0, 0]
    await assert_counts(database)


async def test_without_change_a_standing_ballot_is_final(database: Database) -> None:
    poll = await make_poll(database, allow_change=False)
    await cast_one(database, vote(poll, ALICE, 0))
    assert await refused(database, vote(poll, ALICE, 1)) == "already_voted"
    assert await refused(database, retract(poll, ALICE)) == "change_not_allowed"


async def test_several_ballots_count_each_and_stop_at_the_limit(database: Database) -> None:
    poll = await make_poll(database, votes_per_user=3)
    for _ in range(3):
        assert (await cast_one(database, vote(poll, ALICE, 0))).status is Outcome.RECORDED
    assert await refused(database, vote(poll, ALICE, 1)) == "vote_limit_reached"
    assert await counts(database, poll) == [3, 0, 0]
    assert await rows(database, "SELECT voters, ballots FROM polls") == [(1, 3)]


async def test_one_of_several_ballots_is_retracted_by_its_op(database: Database) -> None:
    poll = await make_poll(database, votes_per_user=3)
    first, second = vote(poll, ALICE, 0), vote(poll, ALICE, 1)
    await cast_one(database, first)
    await cast_one(database, second)
    assert (await cast_one(database, retract(poll, ALICE, ballot=first.op))).status is Outcome.RETRACTED
    assert (await cast_one(database, retract(poll, ALICE, ballot=first.op))).status is Outcome.UNCHANGED
    assert await counts(database, poll) == [0, 1, 0]
    assert (await cast_one(database, retract(poll, ALICE))).status is Outcome.RETRACTED
    assert await rows(database, "SELECT voters, ballots FROM polls") == [(0, 0)]


async def test_two_devices_racing_for_the_last_of_three_ballots_get_it_once(database: Database) -> None:
    poll = await make_poll(database, votes_per_user=3)
    await cast_one(database, vote(poll, ALICE, 0))
    await cast_one(database, vote(poll, ALICE, 1))
    answers = await asyncio.gather(*(cast(database, vote(poll, ALICE, 2)) for _ in range(6)))
    codes = [one for (one,) in answers]
    assert sum(isinstance(one, Receipt) for one in codes) == 1
    assert codes.count("vote_limit_reached") == 5
    assert await counts(database, poll) == [1, 1, 1]
    await assert_counts(database)


@pytest.mark.parametrize(
    ("options", "code"),
    [((), "no_choice"), ((0, 0), "duplicate_choice"), ((0, 1, 2), "too_many_choices")],
)
async def test_bad_choices_are_refused_and_leave_no_trace(
    database: Database, options: tuple[int, ...], code: str
) -> None:
    poll = await make_poll(database, max_choices=2)
    assert await refused(database, vote(poll, ALICE, *options)) == code
    assert await rows(database, "SELECT (SELECT count(*) FROM acts), (SELECT count(*) FROM votes)") == [(0, 0)]


async def test_option_of_another_poll_is_unknown(database: Database) -> None:
    poll, other = await make_poll(database), await make_poll(database)
    ballot = msgspec.structs.replace(vote(poll, ALICE, 0), options=(other.options[0].id,))
    assert await refused(database, ballot) == "unknown_option"
    huge = msgspec.structs.replace(vote(poll, ALICE, 0), options=(2**80,))
    assert await refused(database, huge) == "unknown_option"


async def test_ballot_for_another_round_is_refused(database: Database) -> None:
    poll = await make_poll(database)
    await rounds.reset_poll(database, poll.id, HOST)
    assert await refused(database, vote(poll, ALICE, 0, epoch=1)) == "poll_reset"
    assert (await cast_one(database, vote(poll, ALICE, 0, epoch=2))).status is Outcome.RECORDED


async def test_draft_and_scheduled_polls_take_no_votes(database: Database) -> None:
    draft = await make_poll(database, status="draft")
    soon = await make_poll(database, opens_at=datetime.now(UTC) + timedelta(hours=1))
    assert await refused(database, vote(draft, HOST, 0)) == "poll_not_open"
    assert await refused(database, vote(draft, ALICE, 0)) == "poll_not_found"
    assert await refused(database, vote(soon, ALICE, 0)) == "poll_not_open"


async def test_private_poll_is_unknown_until_joined(database: Database) -> None:
    poll, another = await make_poll(database, is_public=False), await make_poll(database)
    await polls.join(database, [(poll.id, BOB.voter), (another.id, ALICE.voter)])
    assert await refused(database, vote(poll, ALICE, 0)) == "poll_not_found"
    await polls.join(database, [(poll.id, ALICE.voter)])
    assert (await cast_one(database, vote(poll, ALICE, 0))).status is Outcome.RECORDED
    assert (await cast_one(database, vote(poll, guest(poll.id), 0))).status is Outcome.RECORDED
    assert await refused(database, vote(poll, guest(poll.id + 1), 0)) == "poll_not_found"


async def test_guests_and_screens_vote_only_where_they_may(database: Database) -> None:
    poll = await make_poll(database, allow_guests=False)
    assert await refused(database, vote(poll, guest(poll.id), 0)) == "forbidden"
    screen = Identity("user:1", frozenset({"screen"}), frozenset({poll.id}), 4e9)
    assert await refused(database, vote(poll, screen, 0)) == "forbidden"


async def test_refused_ballots_share_a_batch_with_good_ones(database: Database) -> None:
    poll = await make_poll(database)
    gone = msgspec.structs.replace(vote(poll, ALICE, 0), poll=poll.id + 999)
    answers = await cast(database, vote(poll, ALICE, 0), gone, vote(poll, BOB), vote(poll, voter(3), 1))
    assert [one if isinstance(one, str) else one.status.value for one in answers] == [
        "recorded",
        "poll_not_found",
        "no_choice",
        "recorded",
    ]
    await assert_counts(database)


async def test_vote_that_waited_for_the_lock_past_the_expiry_is_refused(database: Database) -> None:
    poll = await make_poll(database, expires_at=datetime.now(UTC) + timedelta(seconds=0.5))
    async with database.transaction() as holder:
        await holder.run("SELECT 1 FROM polls WHERE id = :id FOR NO KEY UPDATE", id=poll.id)
        waiting = asyncio.create_task(refused(database, vote(poll, ALICE, 0)))
        await _until_waiting(database)
        await holder.run(
            "SELECT pg_sleep(greatest(0, extract(epoch FROM :at - clock_timestamp())))", at=poll.expires_at
        )
    assert await asyncio.wait_for(waiting, 10) == "poll_closed"
    assert await rows(database, "SELECT status, closed_at = expires_at, version FROM polls") == [("closed", True, 2)]
    assert await rows(database, 'SELECT "user", action FROM audit_log ORDER BY id') == [
        ("user:1", "create"),
        ("clock", "close"),
    ]


async def test_poll_closed_by_hand_as_its_time_comes_was_closed_then(database: Database) -> None:
    poll = await make_poll(database)
    assert (await cast_one(database, vote(poll, ALICE, 0))).status is Outcome.RECORDED
    async with database.transaction() as host:
        found = await rounds.locked(host, poll.id)
        waiting = asyncio.create_task(refused(database, vote(poll, BOB, 0)))
        await _until_waiting(database)
        # What was ahead when the host locked it is past when the host closes it.
        await host.run("UPDATE polls SET expires_at = clock_timestamp()")
        closed = await rounds.close_locked(host, found, HOST)
    assert closed.status is Status.CLOSED and closed.closed_at == closed.expires_at
    assert await asyncio.wait_for(waiting, 10) == "poll_closed"
    in_time = "SELECT v.voter, v.cast_at < p.closed_at FROM votes v JOIN polls p ON true"
    assert await rows(database, in_time) == [(ALICE.voter, True)]


async def test_draft_closed_by_hand_was_not_closed_by_a_time_that_passed_it_by(database: Database) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    poll = await make_poll(database, status="draft", expires_at=past)
    closed = await rounds.close_poll(database, poll.id, HOST)
    assert closed.closed_at is not None and closed.closed_at > past


async def _until_waiting(database: Database) -> None:
    for _ in range(1000):
        if await rows(database, LOCK_WAITS):
            return
        await asyncio.sleep(0.01)
    pytest.fail("nobody waits for the lock")


async def test_first_vote_after_the_opening_time_opens_the_poll(database: Database) -> None:
    poll = await make_poll(database, opens_at=datetime.now(UTC) + timedelta(seconds=0.2))
    assert poll.status is Status.SCHEDULED
    async with database.read() as connection:
        await connection.run("SELECT pg_sleep(0.25)")
    assert (await cast_one(database, vote(poll, ALICE, 0))).status is Outcome.RECORDED
    assert await rows(database, "SELECT status, version FROM polls") == [("open", 3)]


async def test_pages_of_votes_keep_room_for_changed_ballots(database: Database) -> None:
    poll, voters = await make_poll(database), [voter(n) for n in range(1000)]
    await cast(database, *(vote(poll, by, 0) for by in voters))
    updates = "SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_xact_user_tables WHERE relname = 'votes'"
    async with database.transaction() as connection:
        (before,) = await connection.all(updates)  # of transactions before, too, where they are not yet reported
        await connection.raw.fetchval(batch.CALL, *batch.columns([vote(poll, by, 1) for by in voters]))
        (after,) = await connection.all(updates)
    assert after["all"] - before["all"] == 1000
    # Those that find room beside the ballots of before, which nobody has removed yet; without room it is the last page.
    assert after["hot"] - before["hot"] >= 300
