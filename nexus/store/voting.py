"""The transaction of a batch of ballots: one call (docs/architecture.md, "Step 3: the store")."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nexus.domain.ballot import Ballot, Receipt
from nexus.domain.poll import Totals
from nexus.errors import NexusError
from nexus.store import batch
from nexus.store.database import Database
from nexus.store.rounds import settle

SETTLES = 3
"""A poll can be due twice in a row (it opens, then expires); beyond that something is wrong."""

BATCH_S = 10.0
"""A batch that takes longer is given up, and its voters are told to retry: the database is frozen or gone."""


class RecordedBatch(msgspec.Struct, frozen=True):
    """What one committed batch did: an answer for each ballot, in order, and the totals of each poll that changed."""

    answers: list[Receipt | NexusError]
    totals: list[Totals]


async def record(database: Database, ballots: Sequence[Ballot]) -> RecordedBatch:
    """Record `ballots` in one transaction: at most one of each poll and voter.

    Raises `Unavailable` where nothing was committed, `OutcomeUnknown` where that is not known.
    """
    settled: list[Totals] = []
    arrays = batch.columns(ballots)
    for _ in range(SETTLES):
        judged = batch.judged(await database.call(batch.CALL, *arrays, within_s=BATCH_S))
        if not judged.due:
            return RecordedBatch(judged.answers(ballots), settled + judged.moved())
        settled += [poll.totals() for poll in await settle(database, judged.due)]
    raise RuntimeError(f"polls still due after {SETTLES} attempts to settle them")
