"""The audit log: one row for every change of state but votes, in the transaction of the change."""

from __future__ import annotations

import msgspec

from nexus.store.database import Session

CLOCK = "clock"
"""The `user` of what happens by itself, when its time comes."""


async def append(
    session: Session, user: str, action: str, target_type: str, target_id: object, **details: object
) -> None:
    """Append a row; the last statement of a transaction, since it takes the log's own lock.

    `user` is the subject who did it, `action` a verb (`create`, `update`, `delete`, `open`, …), `details` what changed.
    """
    await session.run(
        'INSERT INTO audit_log ("user", action, target_type, target_id, details) '
        "VALUES (:user, :action, :target_type, :target_id, CAST(:details AS jsonb))",
        user=user,
        action=action,
        target_type=target_type,
        target_id=str(target_id),
        details=msgspec.json.encode(details).decode(),
    )
