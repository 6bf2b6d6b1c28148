"""What workers read to keep up: the places of polls, polls themselves, and what voters are to them. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nexus.domain.ballot import CastVote
from nexus.domain.poll import Place, Poll, Status, Watch
from nexus.store.database import Database
from nexus.store.rows import due_at, load


class VoterState(msgspec.Struct, frozen=True):
    """What a voter is to one poll: whether they entered its code, and their ballots that stand in its `epoch`."""

    joined: bool
    votes: tuple[CastVote, ...]
    epoch: int = 0


NO_STATE = VoterState(joined=False, votes=())


class Places(msgspec.Struct, frozen=True):
    """Where polls stand, by id, the ids of those that are due to open or close, and the revisions of events, by id;
    what is missing is gone."""

    watches: dict[int, Watch]
    due: list[int]
    revisions: dict[int, int]


_PLACES = (
    f"SELECT p.id, p.epoch, p.version, p.revision, p.status, {due_at('clock_timestamp()')} AS due FROM polls p "
    "WHERE p.id = ANY(:polls)"
)
_WITH_EVENTS = (
    f"{_PLACES} UNION ALL SELECT e.id, NULL, NULL, e.revision, NULL, false FROM events e WHERE e.id = ANY(:events)"
)


async def places(database: Database, polls: Sequence[int], events: Sequence[int] = ()) -> Places:
    """Where `polls` and `events` stand: one read by primary key."""
    async with database.read() as connection:
        if events:
            rows = await connection.all(_WITH_EVENTS, polls=list(polls), events=list(events))
        else:
            rows = await connection.all(_PLACES, polls=list(polls))
    of_polls = [row for row in rows if row["status"] is not None]
    watches = {
        row["id"]: Watch(Place(row["epoch"], row["version"]), row["revision"], Status(row["status"]))
        for row in of_polls
    }
    revisions = {row["id"]: row["revision"] for row in rows if row["status"] is None}
    return Places(watches, [row["id"] for row in of_polls if row["due"]], revisions)


async def polls(database: Database, ids: Sequence[int]) -> Mapping[int, Poll]:
    """The polls of `ids` that exist, each whole and at one moment."""
    async with database.read() as connection:
        return await load(connection, list(ids))


async def voter_states(database: Database, keys: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], VoterState]:
    """What each of (poll, voter) pairs holds in its poll's current round."""
    async with database.read() as connection:
        rows = await connection.all(
            """
            SELECT k.poll, k.voter, p.epoch, coalesce(m.voter, e.voter) IS NOT NULL AS joined,
                v.op, v.choices, v.cast_at
            FROM unnest(CAST(:polls AS bigint[]), CAST(:voters AS text[])) AS k (poll, voter)
            JOIN polls p ON p.id = k.poll
            LEFT JOIN poll_members m ON m.poll_id = k.poll AND m.voter = k.voter
            LEFT JOIN event_members e ON e.event_id = p.event_id AND e.voter = k.voter
            LEFT JOIN votes v ON v.poll_id = k.poll AND v.epoch = p.epoch AND v.voter = k.voter
            WHERE m.voter IS NOT NULL OR e.voter IS NOT NULL OR v.op IS NOT NULL
            ORDER BY v.cast_at, v.op
            """,
            polls=[poll for poll, _ in keys],
            voters=[voter for _, voter in keys],
        )
    found: dict[tuple[int, str], VoterState] = {}
    for row in rows:
        key = (row["poll"], row["voter"])
        votes = found[key].votes if key in found else ()
        if row["op"] is not None:
            votes += (CastVote(op=row["op"], options=tuple(row["choices"]), cast_at=row["cast_at"]),)
        found[key] = VoterState(joined=row["joined"], votes=votes, epoch=row["epoch"])
    return found


class Entrant(msgspec.Struct, frozen=True):
    """Where a poll stood, and what a voter held in it then: membership, and their ballots that stand in its round."""

    watch: Watch
    retractions: int
    joined: bool = False
    votes: tuple[CastVote, ...] = ()


class Entrants(msgspec.Struct, frozen=True):
    """What those who enter need, by poll and voter, and the ids of polls that are due to open or close; a pair whose
    poll is gone is missing."""

    found: dict[tuple[int, str], Entrant]
    due: list[int]


_ENTRANTS = f"""
    WITH k AS (SELECT * FROM unnest($1::bigint[], $2::text[]) AS k (poll, voter))
    SELECT p.id, p.epoch, p.version, p.revision, p.status, p.retractions, {due_at("clock_timestamp()")} AS due,
        held.voter, held.joined, held.op, held.choices, held.cast_at
    FROM polls p LEFT JOIN LATERAL (
        SELECT k.voter, coalesce(m.voter, e.voter) IS NOT NULL AS joined, v.op, v.choices, v.cast_at FROM k
        LEFT JOIN poll_members m ON m.poll_id = k.poll AND m.voter = k.voter
        LEFT JOIN event_members e ON e.event_id = p.event_id AND e.voter = k.voter
        LEFT JOIN votes v ON v.poll_id = k.poll AND v.epoch = p.epoch AND v.voter = k.voter
        WHERE k.poll = p.id AND (m.voter IS NOT NULL OR e.voter IS NOT NULL OR v.op IS NOT NULL)
    ) held ON true
    WHERE p.id = ANY($1) ORDER BY held.cast_at, held.op
"""


async def entrants(database: Database, keys: Sequence[tuple[int, str]]) -> Entrants:
    """Where the polls of (poll, voter) pairs stand and what each voter holds, in one statement and at one moment.

    A row a poll, and one a ballot or membership: most who enter hold nothing yet, and cost no row.
    """
    async with database.read() as connection:
        rows = await connection.raw.fetch(_ENTRANTS, [poll for poll, _ in keys], [voter for _, voter in keys])
    polls: dict[int, Entrant] = {}
    held: dict[tuple[int, str], Entrant] = {}
    for row in rows:
        empty = polls.get(row["id"])
        if empty is None:
            watch = Watch(Place(row["epoch"], row["version"]), row["revision"], Status(row["status"]))
            empty = polls[row["id"]] = Entrant(watch, row["retractions"])
        if row["voter"] is not None:
            key = (row["id"], row["voter"])
            votes = held[key].votes if key in held else ()
            if row["op"] is not None:
                votes += (CastVote(op=row["op"], options=tuple(row["choices"]), cast_at=row["cast_at"]),)
            held[key] = Entrant(empty.watch, empty.retractions, row["joined"], votes)
    found = {key: held.get(key) or polls[key[0]] for key in keys if key[0] in polls}
    return Entrants(found, sorted({row["id"] for row in rows if row["due"]}))


class StandingVoters(msgspec.Struct, frozen=True):
    """Which voters had a ballot standing when the poll stood at `place` with so many `retractions`."""

    place: Place
    retractions: int
    voters: frozenset[str]


async def standing_voters(database: Database, poll: int, voters: Sequence[str]) -> StandingVoters | None:
    """Which of `voters` have a ballot that stands, at one moment; None where the poll is gone."""
    async with database.read() as connection:
        rows = await connection.all(
            """
            SELECT DISTINCT p.epoch, p.version, p.retractions, v.voter FROM polls p
            LEFT JOIN votes v ON v.poll_id = p.id AND v.epoch = p.epoch AND v.voter = ANY(:voters)
            WHERE p.id = :poll
            """,
            poll=poll,
            voters=list(voters),
        )
    if not rows:
        return None
    place = Place(rows[0]["epoch"], rows[0]["version"])
    return StandingVoters(place, rows[0]["retractions"], frozenset(row["voter"] for row in rows if row["voter"]))
