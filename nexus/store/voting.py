"""The transaction of a batch of ballots: one call (docs/architecture.md, "Step 3: the store")."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from nexus.domain.ballot import Ballot, Receipt
from nexus.domain.poll import Poll, Totals
from nexus.domain.rights import may_know, rules_of
from nexus.errors import Forbidden, NexusError, PollNotFound, Unavailable
from nexus.store import batch
from nexus.store.database import Database
from nexus.store.rounds import settle
from nexus.store.rows import load

SETTLES = 3
"""A poll can be due twice in a row (it opens, then expires); beyond that something is wrong."""

BATCH_S = 10.0
"""A batch that takes longer is given up, and its voters are told to retry: the database is frozen or gone."""


class RecordedBatch(msgspec.Struct, frozen=True):
    """What one committed batch did: an answer for each ballot, in order, and the totals of each poll that changed."""

    answers: list[Receipt | NexusError]
    totals: list[Totals]


async def _of_screens(
    database: Database, ballots: Sequence[Ballot], answers: list[Receipt | NexusError]
) -> list[Receipt | NexusError]:
    """The answers, where a screen whose maker is no longer a host learns of no poll that there is one. A screen's
    ballot is refused in any case, so this is asked afterwards, and hardly ever."""
    doubtful = {n for n, one in enumerate(ballots) if one.by.is_delegated and isinstance(answers[n], Forbidden)}
    if not doubtful:
        return answers
    polls: dict[int, Poll] = {}
    with suppress(Unavailable):  # the others' ballots are committed: then it learns of none
        async with database.read() as connection:
            polls = await load(connection, sorted({ballots[n].poll for n in doubtful}))
    for n in doubtful:
        poll = polls.get(ballots[n].poll)
        if poll is None or not may_know(ballots[n].by, rules_of(poll), joined=False):
            answers[n] = PollNotFound()
    return answers


async def record(database: Database, ballots: Sequence[Ballot]) -> RecordedBatch:
    """Record `ballots` in one transaction: at most one of each poll and voter.

    Raises `Unavailable` where nothing was committed, `OutcomeUnknown` where that is not known.
    """
    settled: list[Totals] = []
    arrays = batch.columns(ballots)
    for _ in range(SETTLES):
        judged = batch.judged(await database.call(batch.CALL, *arrays, within_s=BATCH_S))
        if not judged.due:
            answers = await _of_screens(database, ballots, judged.answers(ballots))
            return RecordedBatch(answers, settled + judged.moved())
        settled += [poll.totals() for poll in await settle(database, judged.due)]
    raise RuntimeError(f"polls still due after {SETTLES} attempts to settle them")
