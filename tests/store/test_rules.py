"""The store against the rules in plain Python: random acts of some twenty voters and a host, in random batches.

After every step what the database holds is what the rules say. NEXUS_SOAK (a number of examples) looks longer.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from nexus.domain.ballot import Act, Ballot, Receipt
from nexus.domain.definition import NewOption, PollPatch
from nexus.domain.poll import Policy, Totals
from nexus.errors import NexusError, PollClosed
from nexus.store import options, polls, rounds, voting
from nexus.store.database import Database
from tests.support.ballots import HOST, make_poll, voter
from tests.support.driven_database import DrivenDatabase
from tests.support.thorough import THOROUGH
from tests.support.voting_model import Expected, ModelPoll, Sent

VOTERS = 20
EXAMPLES = 50 if THOROUGH else 20
STEPS = 40
SHRINK_S = 60

SETTINGS: list[dict[str, Any]] = [
    {},
    {"max_choices": 2},
    {"votes_per_user": 3, "max_choices": 2},
    {"votes_per_user": 3, "allow_change": False},
    {"allow_change": False},
    {"status": "draft"},
]
"""Of each example's polls; which of them take part is drawn."""

ops = st.integers(0, 7)
places = st.sampled_from([(0,), (1,), (2,), (0, 1), (2, 1), (1, 0), (0,), (), (0, 0), (3,), (1, 3), (0, 1, 2)])
"""Choices by their place in the poll; 3 is an option that it does not have."""
nth = st.integers(0, 1000)
"""One of however many there are."""


def op_of(op: int) -> UUID:
    """Few ops for everyone: the same one comes again, from the same voter and from others, in every poll."""
    return UUID(int=op)


class Voting(RuleBasedStateMachine):
    """Hosts and voters act; the store answers, and the rules say whether it may."""

    driven: DrivenDatabase

    def __init__(self) -> None:
        super().__init__()
        self.polls: list[ModelPoll] = []
        self.history: list[tuple[ModelPoll, str, Sent]] = []
        self.strange: list[int] = []
        """Options that are none of a poll: of others, and of no poll any more."""

    @initialize(chosen=st.lists(st.sampled_from(range(len(SETTINGS))), min_size=1, max_size=3))
    def begin(self, chosen: list[int]) -> None:
        """A few polls."""
        for n in chosen:
            made = self.driven.run(make_poll(self.driven.database, "A", "B", "C", **SETTINGS[n]))
            self.polls.append(
                ModelPoll(
                    made.id,
                    [option.id for option in made.options],
                    made.status,
                    made.epoch,
                    made.version,
                    made.max_choices,
                    made.votes_per_user,
                    made.allow_change,
                    made.results,
                )
            )
        self.strange = [0, 2**40, self.polls[-1].options[0], self.polls[0].options[-1]]

    # --- Voters -------------------------------------------------------------------------------------------------

    @rule(acts=st.lists(st.tuples(nth, st.integers(0, VOTERS - 1), ops, places), min_size=1, max_size=12))
    def cast(self, acts: list[tuple[int, int, int, tuple[int, ...]]]) -> None:
        """Ballots, some of them old ops with any choice."""
        self._send([(p, v, Sent(op, self._choose(p, chosen))) for p, v, op, chosen in acts])

    @rule(v=st.integers(0, 2), sent=st.lists(st.tuples(ops, places), min_size=2, max_size=6), p=nth)
    def cast_in_turn(self, v: int, sent: list[tuple[int, tuple[int, ...]]], p: int) -> None:
        """Several ballots of one voter, one transaction after the other."""
        for op, chosen in sent:
            self._send([(p, v, Sent(op, self._choose(p, chosen)))])

    @rule(acts=st.lists(st.tuples(nth, st.integers(0, VOTERS - 1), ops, st.none() | ops), min_size=1, max_size=6))
    def retract(self, acts: list[tuple[int, int, int, int | None]]) -> None:
        """Retractions of all ballots or of one, which may be none."""
        self._send([(p, v, Sent(op, None, ballot=ballot)) for p, v, op, ballot in acts])

    @rule(p=nth, v=st.integers(0, VOTERS - 1), op=ops, chosen=places, epoch=st.integers(0, 3))
    def cast_for_a_round(self, p: int, v: int, op: int, chosen: tuple[int, ...], epoch: int) -> None:
        """A ballot for one round, maybe not this one."""
        self._send([(p, v, Sent(op, self._choose(p, chosen), epoch=epoch))])

    @rule(which=st.lists(nth, min_size=1, max_size=10))
    def resend(self, which: list[int]) -> None:
        """Acts of before, as they were: after newer ones, after a retraction, a close or a reset."""
        if self.history:
            again = [self.history[n % len(self.history)] for n in which]
            self._submit([(poll, voter, sent) for poll, voter, sent in again])

    # --- The host, and the clock --------------------------------------------------------------------------------

    @rule(p=nth, turn=st.sampled_from(["open", "close", "reset"]))
    def turn(self, p: int, turn: str) -> None:
        """The host opens, closes or starts afresh."""
        poll = self._poll(p)
        poll.notice()
        act = {"open": rounds.open_poll, "close": rounds.close_poll, "reset": rounds.reset_poll}[turn]
        now = self.driven.run(act(self.driven.database, poll.id, HOST))
        before = poll.state()
        if turn == "reset":
            poll.epoch += 1
            poll.ballots.clear()
            poll.version = now.version  # it may start again: the contract orders versions inside an epoch alone
        else:
            poll.status = "open" if turn == "open" else "closed"
            poll.version += poll.state() != before

    @rule(p=nth)
    def time_passes(self, p: int) -> None:
        """The end of an open poll comes, and nobody has noticed yet."""
        poll = self._poll(p)
        if poll.status == "open" and not poll.due:
            self.driven.write("UPDATE polls SET expires_at = clock_timestamp() - interval '1 s' WHERE id = $1", poll.id)
            poll.due = True

    @rule(p=nth)
    def clock_notices(self, p: int) -> None:
        """The schedule settles what is due."""
        poll = self._poll(p)
        self.driven.run(rounds.settle(self.driven.database, [poll.id]))
        poll.notice()

    @rule(p=nth)
    def add_option(self, p: int) -> None:
        """One option more."""
        poll = self._poll(p)
        if poll.final:
            with pytest.raises(PollClosed):
                self.driven.run(options.add(self.driven.database, poll.id, NewOption("late"), HOST))
        elif len(poll.options) < 6:
            new = NewOption(f"{poll.id} {poll.version}")
            made = self.driven.run(options.add(self.driven.database, poll.id, new, HOST))
            assert made.option is not None
            poll.options.append(made.option.id)
            poll.version += 1

    @rule(p=nth, which=nth)
    def delete_option(self, p: int, which: int) -> None:
        """One option less, with its votes."""
        poll = self._poll(p)
        option = poll.options[which % len(poll.options)]
        if poll.final:
            with pytest.raises(PollClosed):
                self.driven.run(options.delete(self.driven.database, option, HOST, discard=True))
        elif len(poll.options) > 2:
            self.driven.run(options.delete(self.driven.database, option, HOST, discard=True))
            poll.discard(option)
            poll.version += 1
            self.strange.append(option)

    @rule(p=nth, allow=st.booleans(), policy=st.sampled_from(Policy))
    def patch(self, p: int, allow: bool, policy: Policy) -> None:
        """Another rule about changes, and another policy: of these a totals frame shows the policy alone."""
        poll = self._poll(p)
        poll.notice()
        self.driven.run(polls.patch(self.driven.database, poll.id, PollPatch(allow_change=allow, results=policy), HOST))
        before = poll.state()
        poll.allow_change, poll.results = allow, policy
        poll.version += poll.state() != before

    # --- What holds after every step ----------------------------------------------------------------------------

    @invariant()
    def database_says_what_the_rules_say(self) -> None:
        """Status, place, counters, options, ballots and the ledger of every poll."""
        found = self.driven.holds([poll.id for poll in self.polls])
        for poll in self.polls:
            state, counts, ballots, acts = found[poll.id]
            assert state == [poll.status, poll.epoch, poll.version, poll.voters, poll.total]
            assert counts == [list(pair) for pair in poll.counts().items()]
            stands = [[who, str(op_of(op)), [*one]] for who, own in poll.ballots.items() for op, one in own.items()]
            assert sorted(ballots) == sorted(stands)
            assert acts == len(poll.ledger)

    # --- How ----------------------------------------------------------------------------------------------------

    def _poll(self, n: int) -> ModelPoll:
        return self.polls[n % len(self.polls)]

    def _choose(self, p: int, chosen: tuple[int, ...]) -> tuple[int, ...]:
        """Options by their place; the last place is one that the poll does not have."""
        own = self._poll(p).options
        strange = next(one for one in reversed(self.strange) if one not in own)
        return tuple(strange if place == 3 else own[place % len(own)] for place in chosen)

    def _send(self, acts: list[tuple[int, int, Sent]]) -> None:
        named = [(self._poll(p), voter(v).voter, sent) for p, v, sent in acts]
        self.history += named
        self._submit(named)

    def _submit(self, acts: list[tuple[ModelPoll, str, Sent]]) -> None:
        """Send a batch, which holds at most one act of each poll and voter; the answers must be right."""
        batch: dict[int, dict[str, Sent]] = {}
        for poll, who, sent in acts:
            batch.setdefault(poll.id, {}).setdefault(who, sent)
        ballots = {
            (poll_id, who): _ballot(poll_id, who, sent) for poll_id, own in batch.items() for who, sent in own.items()
        }
        before = {poll.id: poll.version for poll in self.polls}
        recorded = self.driven.run(voting.record(self.driven.database, list(ballots.values())))
        answers = dict(zip(ballots, recorded.answers, strict=True))
        touched = [poll for poll in self.polls if poll.id in batch]
        for poll in touched:
            for who, expected in poll.take(batch[poll.id]).items():
                _check(answers[poll.id, who], expected)
        newest = {totals.poll: totals for totals in recorded.totals}
        assert newest.keys() == {poll.id for poll in touched if poll.version != before[poll.id]}
        for poll in touched:
            _check_totals(poll, newest.get(poll.id))


def _ballot(poll: int, who: str, sent: Sent) -> Ballot:
    by = voter(int(who.removeprefix("user:")) - 1000)
    act = Act.RETRACT if sent.options is None else Act.VOTE
    ballot = None if sent.ballot is None else op_of(sent.ballot)
    return Ballot(op_of(sent.op), poll, by, act=act, options=sent.options or (), epoch=sent.epoch, ballot=ballot)


def _check(answer: Receipt | NexusError, expected: Expected) -> None:
    if isinstance(answer, NexusError):
        assert answer.error_code in expected.refusals, (answer.error_code, expected)
        return
    assert not expected.refusals, (answer, expected)
    place = (expected.epoch, expected.version)
    assert (answer.status, (answer.epoch, answer.version)) == (expected.status, place), (answer, expected)
    assert (sorted(answer.options), answer.stands) == (sorted(expected.options), expected.stands), (answer, expected)


def _check_totals(poll: ModelPoll, totals: Totals | None) -> None:
    if totals is not None:
        assert (totals.place, totals.status) == ((poll.epoch, poll.version), poll.status)
        assert (totals.voters, totals.ballots) == (poll.voters, poll.total)
        assert totals.counts == tuple(poll.counts().items())


def test_store_follows_the_rules_of_voting(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A counterexample in time beats the shortest one: the run as a whole is ended where a test takes too long.
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", SHRINK_S)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = Database(database_url, size=2)
        runner.run(database.connect())
        try:
            machine = type("VotingHere", (Voting,), {"driven": DrivenDatabase(runner, database)})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=max(int(os.environ.get("NEXUS_SOAK") or 0), EXAMPLES),
                    stateful_step_count=STEPS,
                    deadline=None,
                    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
                    print_blob=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(database.close())
