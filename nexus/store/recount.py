"""The proof of the counters: what they say, what the votes say, and how a difference is mended."""

from __future__ import annotations

import msgspec

from nexus.domain.poll import Place, Poll, Status
from nexus.store import audit, audit_chain
from nexus.store.database import Connection, Database, Row
from nexus.store.rows import load

CHUNK = 500
"""Polls recounted by one statement."""

REPAIRER = "cli"
"""The `user` of a repair in the audit log."""


class PollCheck(msgspec.Struct, frozen=True):
    """A poll as one snapshot holds it, and every difference between its counters and its votes."""

    poll: Poll
    differences: tuple[str, ...]


async def how_many(connection: Connection) -> int:
    """How many polls there are."""
    row = await connection.one("SELECT count(*) AS n FROM polls")
    return int(row["n"]) if row is not None else 0


async def check_after(connection: Connection, last: int) -> list[PollCheck]:
    """The next `CHUNK` polls with an id over `last`, recounted."""
    ids = [
        row["id"]
        for row in await connection.all(
            "SELECT id FROM polls WHERE id > :last ORDER BY id LIMIT :most", last=last, most=CHUNK
        )
    ]
    polls = await load(connection, ids)
    found: dict[int, list[str]] = {poll: [] for poll in ids}
    for statement in (_POLLS, _OPTIONS, _DANGLING, _OVER, _UNWRITTEN):
        for row in await connection.all(statement, polls=ids):
            found[row["poll"]].append(f"poll {row['poll']}: {_words(row)}")
    return [PollCheck(polls[poll], tuple(found[poll])) for poll in ids]


async def orphans(connection: Connection) -> list[str]:
    """One line for each poll that does not exist but has votes or acts left."""
    rows = await connection.all(
        "SELECT 'votes' AS kind, poll_id, count(*) AS n FROM votes v "
        "WHERE NOT EXISTS (SELECT 1 FROM polls p WHERE p.id = v.poll_id) GROUP BY poll_id UNION ALL "
        "SELECT 'acts', poll_id, count(*) FROM acts a "
        "WHERE NOT EXISTS (SELECT 1 FROM polls p WHERE p.id = a.poll_id) GROUP BY poll_id"
    )
    return [f"poll {row['poll_id']} is gone, but its {row['kind']} are not: {row['n']} left" for row in rows]


def _words(row: Row) -> str:
    what, counter, real = row["what"], row["counter"], row["real"]
    return str(what) if counter is None else f"{what} is {counter}, but the votes say {real}"


_STANDING = "FROM votes v JOIN polls p ON p.id = v.poll_id AND p.epoch = v.epoch WHERE p.id = ANY(:polls)"

_POLLS = f"""
WITH real AS (SELECT v.poll_id, count(*) AS ballots, count(DISTINCT v.voter) AS voters {_STANDING} GROUP BY v.poll_id)
SELECT p.id AS poll, c.what, c.counter, c.real FROM polls p LEFT JOIN real r ON r.poll_id = p.id
CROSS JOIN LATERAL (VALUES ('ballots', p.ballots, coalesce(r.ballots, 0)), ('voters', p.voters, coalesce(r.voters, 0)))
    AS c (what, counter, real)
WHERE p.id = ANY(:polls) AND c.counter <> c.real
"""

_OPTIONS = """
WITH real AS (
    SELECT v.poll_id, c.choice, count(*) AS n FROM votes v JOIN polls p ON p.id = v.poll_id AND p.epoch = v.epoch
    CROSS JOIN LATERAL unnest(v.choices) AS c (choice) WHERE p.id = ANY(:polls) GROUP BY v.poll_id, c.choice
)
SELECT o.poll_id AS poll, 'votes_count of option ' || o.id AS what, o.votes_count AS counter, coalesce(r.n, 0) AS real
FROM options o LEFT JOIN real r ON r.poll_id = o.poll_id AND r.choice = o.id
WHERE o.poll_id = ANY(:polls) AND o.votes_count <> coalesce(r.n, 0)
"""

_DANGLING = """
SELECT v.poll_id AS poll, 'ballots that name option ' || c.choice || ', which does not exist: ' || count(*) AS what,
       NULL AS counter, NULL AS real
FROM votes v JOIN polls p ON p.id = v.poll_id AND p.epoch = v.epoch
CROSS JOIN LATERAL unnest(v.choices) AS c (choice)
LEFT JOIN options o ON o.id = c.choice AND o.poll_id = v.poll_id
WHERE p.id = ANY(:polls) AND o.id IS NULL GROUP BY v.poll_id, c.choice
"""

_OVER = """
SELECT p.id AS poll, 'voter ' || v.voter || ' has ' || count(*) || ' ballots, more than ' || p.votes_per_user AS what,
       NULL AS counter, NULL AS real
FROM votes v JOIN polls p ON p.id = v.poll_id AND p.epoch = v.epoch
WHERE p.id = ANY(:polls) GROUP BY p.id, v.voter HAVING count(*) > p.votes_per_user
"""

_UNWRITTEN = f"""
SELECT v.poll_id AS poll, 'ballots without an act in the ledger: ' || count(*) AS what,
       NULL AS counter, NULL AS real
{_STANDING} AND NOT EXISTS (
    SELECT 1 FROM acts a WHERE a.poll_id = v.poll_id AND a.voter = v.voter AND a.op = v.op
) GROUP BY v.poll_id
"""


async def places(database: Database, polls: list[int]) -> dict[int, Place]:
    """Where polls stand now."""
    async with database.read() as connection:
        rows = await connection.all("SELECT id, epoch, version FROM polls WHERE id = ANY(:polls)", polls=polls)
    return {row["id"]: Place(row["epoch"], row["version"]) for row in rows}


async def repair_poll(database: Database, poll: int, beyond: Place | None = None) -> Poll | None:
    """Set a poll's counters to what its votes say, without options that do not exist; returns None if it is gone.

    `beyond` is a place that screens have seen and the database has lost, as after a restore from a backup: the
    ballots then go on in an epoch that nobody has seen (docs/contract.md, "Words").
    """
    async with database.long_transaction() as connection:
        await connection.run("SELECT id FROM polls WHERE id = :poll FOR NO KEY UPDATE", poll=poll)
        before = (await load(connection, [poll])).get(poll)
        if before is None:
            return None
        # A round that was altered after its close stays a difference: a repair must not make the alteration the truth.
        altered = await audit_chain.check_rounds(connection, [poll])
        epoch = before.epoch if beyond is None else max(before.epoch, beyond.epoch) + 1
        for statement in _REPAIR:
            values = {"poll": poll, "old": before.epoch, "epoch": epoch}
            await connection.run(statement, **{name: v for name, v in values.items() if f":{name}" in statement})
        after = (await load(connection, [poll]))[poll]
        counts = {"before": before.totals().counts, "after": after.totals().counts}
        if after.epoch != before.epoch:
            await _append(connection, poll, None if altered else before.epoch, **counts)
        ended = after.epoch if after.status is Status.CLOSED and not altered else None
        await _append(connection, poll, ended, **counts)
        return after


async def _append(connection: Connection, poll: int, ended: int | None, **details: object) -> None:
    """The audit row of a repair, with the digest of an `ended` round whose ballots it changed."""
    if ended is not None:
        digest = await connection.one(
            "SELECT encode(round_digest(:poll, :round), 'hex') AS hex", poll=poll, round=ended
        )
        details |= {"round": ended, "digest": digest["hex"] if digest else ""}
    await audit.append(connection, REPAIRER, "repair", "poll", poll, **details)


_REPAIR = (
    # Over the limit: the ballots that came first were within it.
    "DELETE FROM votes v USING (SELECT voter, slot, row_number() OVER (PARTITION BY voter ORDER BY cast_at, op) AS n "
    "FROM votes WHERE poll_id = :poll AND epoch = :old) k WHERE v.poll_id = :poll AND v.epoch = :old "
    "AND v.voter = k.voter AND v.slot = k.slot AND k.n > (SELECT votes_per_user FROM polls WHERE id = :poll)",
    # Not in the ledger: from now on their ops are known.
    "INSERT INTO acts (poll_id, voter, op, act, choices, outcome, epoch, version, at) "
    "SELECT v.poll_id, v.voter, v.op, 'vote', v.choices, 'recorded', v.epoch, p.version, v.cast_at "
    "FROM votes v JOIN polls p ON p.id = v.poll_id WHERE v.poll_id = :poll AND v.epoch = :old ON CONFLICT DO NOTHING",
    "UPDATE votes SET choices = ARRAY(SELECT c FROM unnest(choices) WITH ORDINALITY AS t (c, n) "
    "WHERE c IN (SELECT id FROM options WHERE poll_id = :poll) ORDER BY n) WHERE poll_id = :poll AND epoch = :old "
    "AND NOT choices <@ ARRAY(SELECT id FROM options WHERE poll_id = :poll) "
    "AND choices && ARRAY(SELECT id FROM options WHERE poll_id = :poll)",
    "DELETE FROM votes WHERE poll_id = :poll AND epoch = :old "
    "AND NOT choices && ARRAY(SELECT id FROM options WHERE poll_id = :poll)",
    "UPDATE votes SET epoch = :epoch WHERE poll_id = :poll AND epoch = :old AND epoch <> :epoch",
    "UPDATE options o SET votes_count = (SELECT count(*) FROM votes v "
    "CROSS JOIN LATERAL unnest(v.choices) AS c (choice) WHERE v.poll_id = :poll AND v.epoch = :epoch "
    "AND c.choice = o.id) WHERE o.poll_id = :poll",
    "UPDATE polls SET epoch = :epoch, version = version + 1, revision = revision + 1, retractions = retractions + 1, "
    "(ballots, voters) = (SELECT count(*), count(DISTINCT voter) FROM votes WHERE poll_id = :poll AND epoch = :epoch) "
    "WHERE id = :poll",
)


async def remove_orphans(database: Database) -> None:
    """Delete votes and acts of polls that do not exist."""
    async with database.long_transaction() as connection:
        for table in ("votes", "acts"):
            await connection.run(
                f"DELETE FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM polls p WHERE p.id = t.poll_id)"
            )
