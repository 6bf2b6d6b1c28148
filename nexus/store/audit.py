"""The audit log: one row for every change of state but votes, in the transaction of the change.

The row of a close or reset holds a digest of the round that it ends (ballots, acts, options), so that later alterations
are found.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nexus.store.database import Connection

CLOCK = "clock"
"""The `user` of what the clock does."""


async def digests(connection: Connection, polls: Sequence[int]) -> dict[int, str]:
    """Digests of the current rounds of `polls`, in hex, for the rows that end them; call it before `append`.

    Takes about 6 s for a million ballots, under the polls' locks, so that nothing changes meanwhile.
    """
    if not polls:
        return {}
    await connection.run("SET LOCAL statement_timeout = '10min'")
    rows = await connection.all(
        "SELECT p.id, encode(round_digest(p.id, p.epoch), 'hex') AS digest FROM polls p WHERE p.id = ANY(:polls)",
        polls=list(polls),
    )
    return {row["id"]: row["digest"] for row in rows}


async def append(
    connection: Connection, user: str, action: str, target_type: str, target_id: object, **details: object
) -> None:
    """Append a row; the last statement of a transaction, since it takes the log's own lock.

    `user` is the subject who did it, `action` a verb (`create`, `update`, `delete`, `open`, …), `details` what changed.
    """
    await connection.run(
        'INSERT INTO audit_log ("user", action, target_type, target_id, details) '
        "VALUES (:user, :action, :target_type, :target_id, CAST(:details AS jsonb))",
        user=user,
        action=action,
        target_type=target_type,
        target_id=str(target_id),
        details=msgspec.json.encode(details).decode(),
    )
