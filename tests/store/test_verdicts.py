"""What `record_ballots` answers: the rules of docs/contract.md, "Voting" as tables, and how much it reads for that.

Their randomised counterpart is `test_rules`, against the same rules in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from nexus.domain.ballot import Act, Ballot, Receipt
from nexus.domain.event import Event
from nexus.domain.event_definition import Show
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status
from nexus.domain.rights import Seat, may_know, rules_of, seat
from nexus.store import batch, events, moves, polls, rounds, voting
from nexus.store.database import Database
from tests.support.ballots import HOST, assert_counts, cast, make_poll, retract, vote, voter
from tests.support.shows import make_event, poll_of

ALICE = voter(1)
FIRST, SECOND, NEW = UUID(int=1), UUID(int=2), UUID(int=9)

Acting = Callable[[Poll], Ballot]


def ballot(*options: int, op: UUID = NEW, epoch: int | None = None) -> Acting:
    """Vote for options by their number."""
    return lambda poll: vote(poll, ALICE, *options, op=op, epoch=epoch)


def strange(*options: int) -> Acting:
    """Vote for options by their ids."""
    return lambda poll: Ballot(NEW, poll.id, ALICE, options=options)


def withdraw(named: UUID | None = None, op: UUID = NEW, epoch: int | None = None) -> Acting:
    """Retract one ballot, or all."""
    return lambda poll: msgspec.structs.replace(retract(poll, ALICE, op, named), epoch=epoch)


class Case(msgspec.Struct, frozen=True):
    """In a poll with `fields`, after the acts `before`: `acting` is answered `answer`."""

    answer: str
    acting: Acting
    before: tuple[Acting, ...] = ()
    fields: dict[str, Any] = {}
    closed: bool = False


ONCE = (ballot(0, op=FIRST),)
TWICE = (ballot(0, op=FIRST), ballot(1, op=SECOND))
SEVERAL = {"votes_per_user": 2}
FINAL = {"allow_change": False}
SOON = {"opens_at": datetime.now(UTC) + timedelta(hours=1)}

CASES = {
    "nothing stands": Case("recorded", ballot(0)),
    "another choice": Case("changed", ballot(1), ONCE),
    "the same choice": Case("unchanged", ballot(0), ONCE),
    "the same choices in another order": Case("unchanged", ballot(1, 0), (ballot(0, 1, op=FIRST),), {"max_choices": 2}),
    "one choice less": Case("changed", ballot(0), (ballot(0, 1, op=FIRST),), {"max_choices": 2}),
    "one choice more": Case("changed", ballot(0, 1), ONCE, {"max_choices": 2}),
    "room for a second ballot": Case("recorded", ballot(0), ONCE, SEVERAL),
    "no room for a third": Case("vote_limit_reached", ballot(0), TWICE, SEVERAL),
    "room again after one was withdrawn": Case("recorded", ballot(0), (*TWICE, withdraw(FIRST, UUID(int=3))), SEVERAL),
    "no change allowed": Case("already_voted", ballot(1), ONCE, FINAL),
    "not even of the same choice": Case("already_voted", ballot(0), ONCE, FINAL),
    "further ballots are no change": Case("recorded", ballot(0), ONCE, SEVERAL | FINAL),
    "all withdrawn": Case("retracted", withdraw(), TWICE, SEVERAL),
    "one withdrawn": Case("retracted", withdraw(SECOND), TWICE, SEVERAL),
    "one withdrawn that does not stand": Case("unchanged", withdraw(UUID(int=3)), TWICE, SEVERAL),
    "nothing to withdraw": Case("unchanged", withdraw()),
    "no withdrawal allowed": Case("change_not_allowed", withdraw(), ONCE, FINAL),
    "no withdrawal allowed, with nothing to withdraw": Case("change_not_allowed", withdraw(), (), FINAL),
    "a known op": Case("replayed", ballot(0, op=FIRST), TWICE),
    "a known withdrawal": Case("replayed", withdraw(FIRST, SECOND), (*ONCE, withdraw(FIRST, SECOND))),
    "a known op, whatever round it names": Case("replayed", ballot(0, op=FIRST, epoch=7), ONCE),
    "a known op of a closed poll": Case("replayed", ballot(0, op=FIRST), ONCE, closed=True),
    "a known op at the limit": Case("replayed", ballot(1, op=SECOND), TWICE, SEVERAL),
    "a known op with another choice": Case("op_reused", ballot(1, op=FIRST), ONCE),
    "a known op with a choice twice": Case("op_reused", ballot(0, 0, op=FIRST), ONCE),
    "a known op with one choice more": Case("op_reused", ballot(0, 1, op=FIRST), ONCE),
    "a known op with no choice": Case("op_reused", ballot(op=FIRST), ONCE),
    "a known op that withdraws": Case("op_reused", withdraw(op=FIRST), ONCE),
    "a known withdrawal of another ballot": Case("op_reused", withdraw(op=SECOND), (*ONCE, withdraw(FIRST, SECOND))),
    "a known op of a closed poll, another act": Case("op_reused", ballot(1, op=FIRST), ONCE, closed=True),
    "this round": Case("recorded", ballot(0, epoch=1)),
    "another round": Case("poll_reset", ballot(0, epoch=2)),
    "no round at all": Case("poll_reset", ballot(0, epoch=-1)),
    "a round that no integer holds": Case("poll_reset", ballot(0, epoch=2**40)),
    "a withdrawal for another round": Case("poll_reset", withdraw(epoch=2), ONCE),
    "another round of a closed poll": Case("poll_reset", ballot(0, epoch=2), closed=True),
    "a closed poll": Case("poll_closed", ballot(0), closed=True),
    "a closed poll, and no choice": Case("poll_closed", ballot(), closed=True),
    "a withdrawal from a closed poll": Case("poll_closed", withdraw(), ONCE, closed=True),
    "a scheduled poll": Case("poll_not_open", ballot(0), (), SOON),
    "no choice": Case("no_choice", ballot()),
    "a choice twice": Case("duplicate_choice", ballot(0, 0)),
    "an unknown choice twice": Case("duplicate_choice", strange(2**80, 2**80)),
    "a choice twice, and too many": Case("duplicate_choice", ballot(0, 1, 0)),
    "an option that is none": Case("unknown_option", strange(0)),
    "options that no bigint holds": Case("unknown_option", strange(2**80, 2**81, -(2**80), -1)),
    "a known option and an unknown one": Case(
        "unknown_option", lambda poll: Ballot(NEW, poll.id, ALICE, options=(poll.options[0].id, 2**62))
    ),
    "too many choices": Case("too_many_choices", ballot(0, 1)),
    "too many choices at the limit": Case("too_many_choices", ballot(0, 1), TWICE, SEVERAL),
    "an unknown option where no change is allowed": Case("unknown_option", strange(0), ONCE, FINAL),
}


async def test_every_act_is_answered_by_the_rules(database: Database) -> None:
    made = {name: await make_poll(database, **case.fields) for name, case in CASES.items()}
    for turn in range(max(len(case.before) for case in CASES.values())):
        turns = [case.before[turn](made[name]) for name, case in CASES.items() if turn < len(case.before)]
        assert all(isinstance(one, Receipt) for one in await cast(database, *turns))
    for name, case in CASES.items():
        if case.closed:
            await rounds.close_poll(database, made[name].id, HOST)
    answers = await cast(database, *(case.acting(made[name]) for name, case in CASES.items()))
    words = [one if isinstance(one, str) else one.status.value for one in answers]
    assert dict(zip(CASES, words, strict=True)) == {name: case.answer for name, case in CASES.items()}
    await assert_counts(database)


def _everybody(poll: int) -> list[Identity]:
    """One of each kind of token, with a voter of its own; those bound to a poll are bound to this one or to another."""
    kinds = [("user:1", {"user"}), ("user:3", {"user"}), ("user:4", {"user", "admin"}), ("user:5", {"screen"})]
    kinds += [("ext:6", {"host"}), (f"guest:{UUID(int=poll)}", {"guest"})]
    return [
        Identity(subject, frozenset(roles), bound, 4e9)
        for subject, roles in kinds
        for bound in (None, frozenset({poll}), frozenset({poll + 1}))
    ]


async def test_a_poll_exists_for_a_ballot_where_it_exists_for_its_voter(database: Database) -> None:
    fields: list[dict[str, Any]] = [
        {"status": status, "is_public": public, "allow_guests": guests}
        for status, public, guests in product(("draft", "open"), (True, False), (True, False))
    ]
    made = [await make_poll(database, **one) for one in fields]
    for joined in (False, True):
        if joined:
            await polls.join(database, [(poll.id, by.voter) for poll in made for by in _everybody(poll.id)])
        for n in range(len(_everybody(0))):  # no voter twice in a batch
            asked = [Ballot(NEW, poll.id, _everybody(poll.id)[n], act=Act.RETRACT) for poll in made]
            for poll, one, answer in zip(made, asked, await cast(database, *asked), strict=True):
                known = answer if isinstance(answer, str) else answer.status.value
                replayed = known == "replayed"
                assert replayed or known == _answer(poll, one.by, joined=joined), (poll, one.by, joined)


def _everybody_of(event: Event) -> list[Identity]:
    """One of each kind of token, with a voter of its own: those bound are bound to the event or its first poll, or to
    other ones."""
    kinds = [("user:1", {"user"}), ("user:2", {"user"}), ("user:3", {"user"}), ("user:4", {"user", "admin"})]
    kinds += [("user:5", {"screen"}), ("user:6", {"presenter"}), ("ext:7", {"host"})]
    kinds += [(f"guest:{UUID(int=event.id)}", {"guest"})]
    this, first = event.id, event.order[0]
    nothing = Identity("", frozenset(), None, 4e9)
    bound = [msgspec.structs.replace(nothing, events=frozenset({one})) for one in (this, this + 1)]
    bound += [msgspec.structs.replace(nothing, polls=frozenset({one})) for one in (first, first + 1)]
    return [
        msgspec.structs.replace(one, voter=subject, roles=frozenset(roles))
        for subject, roles in kinds
        for one in (nothing, *bound)
    ]


async def test_a_poll_of_an_event_exists_for_a_ballot_where_it_exists_for_its_voter(database: Database) -> None:
    made = []
    for phase, public, guests in product(("draft", "shown", "open"), (True, False), (True, False)):
        event = await make_event(database, "One?", "Two?", is_public=public, allow_guests=guests)
        if phase != "draft":
            await moves.show(database, event.id, Show(poll=event.order[0], open=phase == "open"), HOST)
        async with database.transaction() as connection:
            await connection.run("INSERT INTO event_hosts VALUES (:event, 'user:2')", event=event.id)
        made.append((event, await poll_of(database, event, 0)))
    for joined in (False, True):
        if joined:
            members = [(event.id, by.voter) for event, _ in made for by in _everybody_of(event)]
            await events.join(database, members)
        for n in range(len(_everybody_of(made[0][0]))):  # no voter twice in a batch
            asked = [Ballot(uuid4(), poll.id, _everybody_of(event)[n], act=Act.RETRACT) for event, poll in made]
            for (_, poll), one, answer in zip(made, asked, await cast(database, *asked), strict=True):
                known = answer if isinstance(answer, str) else answer.status.value
                assert known == _answer(poll, one.by, joined=joined), (poll, one.by, joined)


def _answer(poll: Poll, by: Identity, *, joined: bool) -> str:
    """What a first withdrawal is answered, by `nexus/domain/rights.py`."""
    if not may_know(by, rules_of(poll), joined=joined):
        return "poll_not_found"
    if seat(by) is Seat.SCREEN or (seat(by) is Seat.GUEST and not poll.allow_guests):
        return "forbidden"
    return "poll_not_open" if poll.status is Status.DRAFT else "unchanged"


GROW = """
INSERT INTO polls (code, question, created_by, status)
    SELECT 'X' || n, 'Which?', 'user:1', 'open' FROM generate_series(1, 3000) n;
INSERT INTO options (poll_id, option_text, position) SELECT id, 'Yes', 9 FROM polls;
INSERT INTO poll_members (poll_id, voter) SELECT id, 'user:7' FROM polls;
INSERT INTO votes SELECT id, 1, 'user:1', gen_random_uuid(), gen_random_uuid(), '{1}', now() FROM polls;
INSERT INTO acts SELECT id, 'user:1', gen_random_uuid(), 'vote', '{1}', NULL, 'recorded', 1, 1, now() FROM polls;
"""
READS = """
SELECT relname, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
WHERE relname IN ('polls', 'options', 'votes', 'acts', 'poll_members')
"""


async def test_a_batch_reads_only_what_it_names_however_large_the_tables_have_become(database: Database) -> None:
    poll = await make_poll(database, is_public=False)
    await polls.join(database, [(poll.id, voter(n).voter) for n in range(5)])
    async with database.transaction() as connection:
        turns = [[vote(poll, voter(n), turn % 2) for n in range(5)] for turn in range(3)]
        turns.append([retract(poll, voter(n)) for n in range(5)])
        for ballots in turns:  # the plans are made here, where the tables are small
            await connection.raw.fetchval(batch.CALL, *batch.columns(ballots))
        await connection.raw.execute(GROW)
        before = {name: int(read) for name, read in await connection.raw.fetch(READS)}
        for ballots in turns:
            again = [msgspec.structs.replace(one, op=UUID(int=one.op.int ^ 1)) for one in ballots]
            await connection.raw.fetchval(batch.CALL, *batch.columns(again))
        after = {name: int(read) for name, read in await connection.raw.fetch(READS)}
    reads = {name: after[name] - before[name] for name in after}
    assert reads.keys() >= {"polls", "options", "votes", "acts"}
    assert max(reads.values()) < 300, reads


async def test_too_many_choices_are_told_how_many_there_may_be(database: Database) -> None:
    poll = await make_poll(database, max_choices=2)
    (answer,) = (await voting.record(database, [vote(poll, ALICE, 0, 1, 2)])).answers
    assert str(answer) == "This poll allows at most 2 choices per ballot."


@pytest.mark.parametrize("choices", [(3, 2), (-1, 0, 2**63), (2**63, 1, 2**63)])
def test_what_is_no_id_stays_what_it_is_to_the_others(choices: tuple[int, ...]) -> None:
    sent = batch.columns([Ballot(NEW, 1, ALICE, options=choices)])[4][0]
    numbers = [int(one) for one in str(sent)[1:-1].split(",")]
    assert [numbers.index(one) for one in numbers] == [choices.index(one) for one in choices]
    assert all(-(2**63) <= one < 2**63 for one in numbers)
    assert [one > 0 for one in numbers] == [0 < one < 2**63 for one in choices]
