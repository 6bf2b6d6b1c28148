"""The transaction of a batch of ballots: lock, read, judge, write, commit
(docs/architecture.md, "Step 3: the store")."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nexus.domain.ballot import Act, Ballot, KnownAct, Outcome, Receipt, StandingBallot
from nexus.domain.poll import Policy, Status, Totals
from nexus.domain.verdict import Box, decide
from nexus.errors import NexusError, PollNotFound
from nexus.store import ballot_sql as sql
from nexus.store.batch import Changes
from nexus.store.database import GUARDS, Database, Raw, Row
from nexus.store.rounds import settle

SETTLES = 3
"""A poll can be due twice in a row (it opens, then expires); beyond that something is wrong."""

BATCH_S = 10.0
"""A batch that takes longer is given up, and its voters are told to retry: the database is frozen or gone."""


class RecordedBatch(msgspec.Struct, frozen=True):
    """What one committed batch did: an answer for each ballot, in order, and the totals of each poll that changed."""

    answers: list[Receipt | NexusError]
    totals: list[Totals]


class _Poll(msgspec.Struct, frozen=True):
    box: Box
    totals: Totals
    due: bool


async def record(database: Database, ballots: Sequence[Ballot]) -> RecordedBatch:
    """Record `ballots` in one transaction: at most one of each poll and voter.

    Raises `Unavailable` where nothing was committed, `OutcomeUnknown` where that is not known.
    """
    settled: list[Totals] = []
    for _ in range(SETTLES):
        outcome = await _attempt(database, ballots)
        if isinstance(outcome, RecordedBatch):
            return RecordedBatch(outcome.answers, settled + outcome.totals)
        settled = [poll.totals() for poll in await settle(database, outcome)]
    raise RuntimeError(f"polls still due after {SETTLES} attempts to settle them")


async def _attempt(database: Database, ballots: Sequence[Ballot]) -> RecordedBatch | list[int]:
    """One transaction; where polls are due to open or close, nothing is done and their ids are returned."""
    ids = sorted({ballot.poll for ballot in ballots})
    async with database.transaction(f"{GUARDS}; {sql.PLANS}", within_s=BATCH_S) as connection:
        raw = connection.raw
        await raw.fetch(sql.LOCK, ids)
        rows = await raw.fetch(sql.READ, ids)
        polls = {row["id"]: _poll(row) for row in rows}
        due = [poll_id for poll_id, poll in polls.items() if poll.due]
        if due:
            return due
        there = [n for n, ballot in enumerate(ballots) if ballot.poll in polls]
        changes = await _judge(raw, [ballots[n] for n in there], polls)
        if changes.acts:
            await raw.execute(sql.WRITE, rows[0]["now"], *changes.columns())
    answers = dict(zip(there, changes.answers(), strict=True))
    return RecordedBatch([answers.get(n) or PollNotFound() for n in range(len(ballots))], changes.totals())


async def _judge(raw: Raw, ballots: Sequence[Ballot], polls: dict[int, _Poll]) -> Changes:
    """Judge each of `ballots`, whose polls are all there, against what the ledger and the votes hold."""
    changes = Changes({poll_id: poll.totals for poll_id, poll in polls.items()})
    if not ballots:
        return changes
    poll_ids = [ballot.poll for ballot in ballots]
    voters = [ballot.by.voter for ballot in ballots]
    known = {row["n"]: _known(row) for row in await raw.fetch(sql.KNOWN, poll_ids, voters, [b.op for b in ballots])}
    standing: dict[int, list[StandingBallot]] = {}
    for row in await raw.fetch(sql.STANDING, poll_ids, [polls[poll].box.epoch for poll in poll_ids], voters):
        standing.setdefault(row["n"], []).append(_standing(row))
    joined: set[int] = set()
    if not all(poll.box.is_public for poll in polls.values()):
        joined = {row["n"] for row in await raw.fetch(sql.JOINED, poll_ids, voters)}
    for n, ballot in enumerate(ballots, 1):
        stands = tuple(standing.get(n, ()))
        try:
            verdict = decide(polls[ballot.poll].box, ballot, known.get(n), stands, joined=n in joined)
        except NexusError as error:
            changes.refuse(error)
        else:
            changes.accept(ballot, verdict, stands)
    return changes


def _poll(row: Row) -> _Poll:
    options: list[int] = row["options"]
    totals = Totals(
        poll=row["id"],
        epoch=row["epoch"],
        version=row["version"],
        revision=row["revision"],
        retractions=row["retractions"],
        status=Status(row["status"]),
        policy=Policy(row["results"]),
        voters=row["voters"],
        ballots=row["ballots"],
        counts=tuple(zip(options, row["counts"], strict=True)),
    )
    box = Box(
        poll=row["id"],
        status=totals.status,
        epoch=totals.epoch,
        max_choices=row["max_choices"],
        votes_per_user=row["votes_per_user"],
        allow_change=row["allow_change"],
        allow_guests=row["allow_guests"],
        is_public=row["is_public"],
        created_by=row["created_by"],
        options=frozenset(options),
    )
    return _Poll(box, totals, bool(row["due"]))


def _known(row: Row) -> KnownAct:
    return KnownAct(
        op=row["op"],
        act=Act(row["act"]),
        options=tuple(row["choices"]),
        ballot=row["ballot"],
        outcome=Outcome(row["outcome"]),
        epoch=row["epoch"],
        version=row["version"],
    )


def _standing(row: Row) -> StandingBallot:
    return StandingBallot(slot=row["slot"], op=row["op"], options=tuple(row["choices"]))
