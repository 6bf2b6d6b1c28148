"""The proof of the history: no row of the audit log was altered or is missing, and no ballot of an ended round."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nexus.store.database import Connection

CHUNK = 10_000
"""Rows of the log checked by one statement."""


class ChainLink(msgspec.Struct, frozen=True):
    """A stretch of the audit log: its last row, how many there were, and what is wrong with them."""

    last: int
    rows: int
    differences: tuple[str, ...]


async def check_after(connection: Connection, last: int) -> ChainLink:
    """The next `CHUNK` rows with an id over `last`, each against its own hash and the row before it."""
    row = await connection.one(_LINKS, last=last, most=CHUNK)
    if row is None or row["last"] is None:
        return ChainLink(last, 0, ())
    altered = [f"audit log: row {row_id} was altered" for row_id in row["altered"] or ()]
    parted = [f"audit log: row {row_id} does not follow the row before it" for row_id in row["parted"] or ()]
    return ChainLink(row["last"], row["n"], (*altered, *parted))


_LINKS = """
SELECT max(c.id) AS last, count(*) AS n, array_agg(c.id ORDER BY c.id) FILTER (WHERE c.altered) AS altered,
       array_agg(c.id ORDER BY c.id) FILTER (WHERE c.parted) AS parted
FROM (
    SELECT a.id, a.hash <> audit_hash(a) AS altered, a.previous <> coalesce(b.hash, ''::bytea)
        OR (b.id IS NULL AND a.id > 1) AS parted
    FROM audit_log a LEFT JOIN audit_log b ON b.id = a.id - 1
    WHERE a.id > :last ORDER BY a.id LIMIT :most
) c
"""


async def check_head(connection: Connection) -> list[str]:
    """Whether the log ends with the row that was appended last."""
    row = await connection.one(
        "SELECT h.id, l.hash IS NOT DISTINCT FROM h.hash OR h.id = 0 AS holds, "
        "(SELECT coalesce(max(id), 0) FROM audit_log) AS newest "
        "FROM audit_head h LEFT JOIN audit_log l ON l.id = h.id"
    )
    if row is None:
        return ["audit log: the record of its newest row is missing"]
    if row["newest"] != row["id"] or not row["holds"]:
        return [f"audit log: it ends with row {row['newest']}, but row {row['id']} was appended last"]
    return []


async def check_rounds(connection: Connection, polls: Sequence[int]) -> list[str]:
    """Ended rounds of `polls` that do not match the digest in the row of their end, or did not when a text of theirs
    was corrected."""
    rows = await connection.all(_ROUNDS, polls=list(polls))
    return [
        f"poll {row['poll']}: round {row['round']} {'does' if row['newest'] else 'did'} not match its digest, "
        f"audit row {row['id']}"
        for row in rows
    ]


# The newest digest of a round counts: the poll may have been reopened and closed again, or an option corrected. An open
# round has none. A correction's row has the digest from before it, too, which must be the one that was written last:
# otherwise a correction would hide what was altered before it.
_ROUNDS = """
WITH kept AS (
    SELECT l.id, l.poll_id AS poll, r.round, l.details ->> 'digest' AS digest,
        l.details ->> 'digest_before' AS before, lag(l.details ->> 'digest') OVER w AS earlier,
        lead(l.id) OVER w IS NULL AS newest
    FROM audit_log l CROSS JOIN LATERAL (SELECT CAST(l.details ->> 'round' AS integer) AS round) r
    WHERE l.poll_id = ANY(:polls) AND l.details ->> 'digest' IS NOT NULL
    WINDOW w AS (PARTITION BY l.poll_id, r.round ORDER BY l.id)
)
SELECT d.poll, d.round, d.id, true AS newest FROM kept d JOIN polls p ON p.id = d.poll
WHERE d.newest AND (d.round < p.epoch OR (d.round = p.epoch AND p.status = 'closed'))
  AND d.digest <> encode(round_digest(d.poll, d.round), 'hex')
UNION ALL
SELECT d.poll, d.round, d.id, false FROM kept d WHERE d.before <> d.earlier
ORDER BY poll, round, id
"""


async def check_statuses(connection: Connection, polls: Sequence[int]) -> list[str]:
    """Polls whose status is not what the last row about it says: a closed poll that was opened in the database has no
    digest to check it against."""
    rows = await connection.all(
        """
        SELECT p.id AS poll, p.status, l.status AS said FROM polls p CROSS JOIN LATERAL (
            SELECT CASE l.action WHEN 'create' THEN l.details ->> 'status' WHEN 'open' THEN 'open' ELSE 'closed' END
                AS status
            FROM audit_log l
            WHERE l.poll_id = p.id AND l.target_type = 'poll' AND l.action IN ('create', 'open', 'close')
            ORDER BY l.id DESC LIMIT 1
        ) l WHERE p.id = ANY(:polls) AND p.status <> l.status ORDER BY p.id
        """,
        polls=list(polls),
    )
    return [f"poll {row['poll']} is {row['status']}, but the audit log says {row['said']}" for row in rows]


async def check_deletions(connection: Connection) -> list[str]:
    """Polls that were created and do not exist, without a row that says who deleted them."""
    rows = await connection.all(
        "SELECT l.poll_id AS poll FROM audit_log l WHERE l.target_type = 'poll' AND l.action = 'create' "
        "AND NOT EXISTS (SELECT 1 FROM polls p WHERE p.id = l.poll_id) "
        "AND NOT EXISTS (SELECT 1 FROM audit_log d WHERE d.poll_id = l.poll_id AND d.target_type = 'poll' "
        "AND d.action = 'delete') ORDER BY l.poll_id"
    )
    return [f"poll {row['poll']} is gone, but the audit log has no row for its deletion" for row in rows]
