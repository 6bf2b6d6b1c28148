"""Opening, closing and resetting, by a host or by the clock: always under the poll's lock."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET

from nexus.domain.definition import Opening, opening_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status
from nexus.domain.rights import may_know, may_present, require_host, require_presenter, rules_of
from nexus.errors import Invalid, PollNotFound
from nexus.store import audit
from nexus.store.database import LONG_S, Connection, Database
from nexus.store.locks import lock_polls
from nexus.store.rows import due_at, load
from nexus.store.run_sheets import sheet_changed

SETTLE_MOST = 100
"""Polls settled in one transaction: their locks are held together."""

UNTIL_ITS_END = Opening()
"""A poll is opened until the end that it has, if any."""


async def locked(connection: Connection, poll: int) -> Poll:
    """Lock a poll, and its event first; open or close it where that is due, and read it. Raises `PollNotFound`."""
    await lock_polls(connection, [poll])
    return await read_locked(connection, poll)


async def read_locked(connection: Connection, poll: int) -> Poll:
    """A poll that is locked, opened or closed where that was due. Raises `PollNotFound`."""
    await _settle(connection, [poll])
    found = (await load(connection, [poll])).get(poll)
    if found is None:
        raise PollNotFound
    return found


async def locked_for_host(connection: Connection, poll: int, by: Identity) -> Poll:
    """`locked`, for its host or an admin. Raises `PollNotFound` or `Forbidden` for anybody else."""
    return await for_host(connection, await locked(connection, poll), by)


async def for_host(connection: Connection, found: Poll, by: Identity) -> Poll:
    """The poll that was found. Raises `PollNotFound` or `Forbidden` for anybody but its host and admins."""
    await refuse_stranger(connection, found, by)
    require_host(by, rules_of(found))
    return found


async def locked_for_presenter(connection: Connection, poll: int, by: Identity) -> Poll:
    """`locked`, for whoever may do what the stage does. Raises `PollNotFound` or `Forbidden` for anybody else."""
    found = await locked(connection, poll)
    await refuse_stranger(connection, found, by)
    require_presenter(by, rules_of(found))
    return found


async def refuse_stranger(connection: Connection, poll: Poll, by: Identity) -> None:
    """Raises `PollNotFound` where `by` may not know of the poll."""
    if not may_present(by, rules_of(poll)):
        joined = await connection.one(
            "SELECT 1 FROM poll_members WHERE poll_id = :poll AND voter = :voter "
            "UNION ALL SELECT 1 FROM event_members WHERE event_id = :event AND voter = :voter",
            poll=poll.id,
            event=poll.event,
            voter=by.voter,
        )
        if not may_know(by, rules_of(poll), joined=joined is not None):
            raise PollNotFound


async def settle_locked(connection: Connection, polls: list[int]) -> list[int]:
    """Commit the openings and expiries of polls that are locked; returns those that changed."""
    return await _settle(connection, polls)


async def settle(database: Database, polls: list[int], *, skip_locked: bool = False) -> list[Poll]:
    """Commit the openings and expiries of `polls` that are due; returns the polls that changed.

    With `skip_locked` those that somebody else has locked are left for another time, so that they delay no other.
    """
    async with database.transaction(within_s=LONG_S) as connection:
        changed = await _settle(connection, await lock_polls(connection, polls, skip_locked=skip_locked))
        return list((await load(connection, changed)).values())


async def _settle(connection: Connection, polls: list[int]) -> list[int]:
    rows = await connection.all(
        f"""
        UPDATE polls p SET
            status = CASE WHEN p.expires_at <= t.now THEN 'closed' ELSE 'open' END,
            closed_at = CASE WHEN p.expires_at <= t.now THEN p.expires_at END,
            version = p.version + 1, revision = p.revision + 1, updated_at = t.now
        FROM (SELECT clock_timestamp() AS now) t
        WHERE p.id = ANY(:polls) AND {due_at("t.now")}
        RETURNING p.id, p.status, p.epoch, p.version, p.event_id
        """,
        polls=polls,
    )
    await sheet_changed(connection, (row["event_id"] for row in rows))
    digests = await audit.digests(connection, [row["id"] for row in rows if row["status"] == "closed"])
    for row in sorted(rows, key=lambda row: int(row["id"])):
        poll, place = row["id"], {"epoch": row["epoch"], "version": row["version"]}
        if poll in digests:
            ended = {"round": row["epoch"], "digest": digests[poll]}
            await audit.append(connection, audit.CLOCK, "close", "poll", poll, **place, **ended)
        else:
            await audit.append(connection, audit.CLOCK, "open", "poll", poll, **place)
    return [row["id"] for row in rows]


async def due(database: Database) -> tuple[list[int], float | None]:
    """Polls whose opening or expiry is due, at most `SETTLE_MOST`, and seconds until the next one after them."""
    async with database.read() as connection:
        rows = await connection.all(
            f"""
            SELECT p.id, {due_at("clock_timestamp()")} AS due,
                   extract(epoch FROM p.at - clock_timestamp())::float8 AS in_s
            FROM (
                (SELECT id, status, opens_at, expires_at, opens_at AS at FROM polls
                 WHERE status = 'scheduled' ORDER BY opens_at LIMIT :most)
                UNION ALL
                (SELECT id, status, opens_at, expires_at, expires_at AS at FROM polls
                 WHERE status = 'open' AND expires_at IS NOT NULL ORDER BY expires_at LIMIT :most)
            ) p ORDER BY p.at
            """,
            most=SETTLE_MOST,
        )
    ids = [row["id"] for row in rows if row["due"]][:SETTLE_MOST]
    ahead = [float(row["in_s"]) for row in rows if not row["due"]]
    return ids, (max(0.0, ahead[0]) if ahead else None)


async def open_poll(database: Database, poll: int, by: Identity, opening: Opening = UNTIL_ITS_END) -> Poll:
    """Open a draft or scheduled poll now, or reopen a closed one with its votes; an open one stays open.

    With `seconds` it ends that long after now, an open one too. Raises `Invalid`.
    """
    async with database.transaction() as connection:
        found = await locked_for_presenter(connection, poll, by)
        if problems := opening_problems(opening):
            raise Invalid(errors=tuple(problems))
        seconds = None if opening.seconds is UNSET else opening.seconds
        if found.status is not Status.OPEN:
            await sheet_changed(connection, [found.event])
        return await open_locked(connection, found, by, seconds)


async def open_locked(connection: Connection, found: Poll, by: Identity, seconds: int | None) -> Poll:
    """`open_poll` of a poll that is locked; its event counts the change elsewhere."""
    poll = found.id
    if found.status is Status.OPEN and seconds is None:
        return found
    await connection.run(_OPEN, poll=poll, seconds=seconds)
    if found.status is not Status.OPEN:
        return await _done(connection, found, by, "open", ends=seconds is not None)
    after = (await load(connection, [poll]))[poll]
    ends = [found.expires_at, after.expires_at]
    await audit.append(connection, by.voter, "update", "poll", poll, expires_at=ends)
    return after


# A totals frame shows the status, and not when the poll ends.
_OPEN = """
UPDATE polls SET status = 'open', closed_at = NULL, version = version + CASE status WHEN 'open' THEN 0 ELSE 1 END,
    revision = revision + 1, opens_at = CASE WHEN opens_at > t.now THEN NULL ELSE opens_at END,
    expires_at = CASE WHEN CAST(:seconds AS integer) IS NOT NULL
        THEN t.now + make_interval(secs => CAST(:seconds AS integer))
        WHEN expires_at > t.now THEN expires_at END,
    updated_at = t.now
FROM (SELECT clock_timestamp() AS now) t WHERE id = :poll
"""


async def close_poll(database: Database, poll: int, by: Identity) -> Poll:
    """Close a poll, whatever its status; nothing if it is closed."""
    async with database.transaction(within_s=LONG_S) as connection:
        found = await locked_for_presenter(connection, poll, by)
        if found.status is Status.CLOSED:
            return found
        await sheet_changed(connection, [found.event])
        return await close_locked(connection, found, by)


async def close_locked(connection: Connection, found: Poll, by: Identity) -> Poll:
    """`close_poll` of a poll that is locked and not closed; its event counts the change elsewhere."""
    digest = (await audit.digests(connection, [found.id]))[found.id]
    await connection.run(_CLOSE, poll=found.id)
    return await _done(connection, found, by, "close", digest)


# Its time may have come since it was locked: nothing is voted after that, so that is when it closed. A draft has not
# been open, whatever its times say.
_CLOSE = """
UPDATE polls SET status = 'closed', closed_at = CASE status WHEN 'draft' THEN t.now ELSE least(t.now, expires_at) END,
    version = version + 1, revision = revision + 1, updated_at = t.now
FROM (SELECT clock_timestamp() AS now) t WHERE id = :poll
"""


async def reset_poll(database: Database, poll: int, by: Identity) -> Poll:
    """Start a new epoch without votes; the ballots of earlier ones stay for export."""
    async with database.transaction(within_s=LONG_S) as connection:
        found = await locked_for_host(connection, poll, by)
        digest = (await audit.digests(connection, [poll]))[poll]
        await _keep_options(connection, found)
        await connection.run("UPDATE options SET votes_count = 0 WHERE poll_id = :poll", poll=poll)
        await connection.run(
            "UPDATE polls SET epoch = epoch + 1, version = version + 1, revision = revision + 1, voters = 0, "
            "ballots = 0, corrected_at = NULL, updated_at = clock_timestamp() WHERE id = :poll",
            poll=poll,
        )
        return await _done(connection, found, by, "reset", digest)


async def _keep_options(connection: Connection, poll: Poll) -> None:
    """What the ballots of the round that ends were cast for: the options may be renamed and deleted from now on."""
    options = [{"id": option.id, "option_text": option.option_text} for option in poll.options]
    await connection.run(
        "INSERT INTO rounds (poll_id, epoch, options) VALUES (:poll, :epoch, CAST(:options AS jsonb))",
        poll=poll.id,
        epoch=poll.epoch,
        options=msgspec.json.encode(options).decode(),
    )


async def _done(
    connection: Connection, before: Poll, by: Identity, action: str, digest: str = "", *, ends: bool = False
) -> Poll:
    """Append the audit row; `digest` is that of the round which the action ends, and with `ends` it says when the poll
    closes by itself."""
    ended: dict[str, object] = {"round": before.epoch, "digest": digest} if digest else {}
    after = (await load(connection, [before.id]))[before.id]
    if ends:
        ended["expires_at"] = [before.expires_at, after.expires_at]
    await audit.append(
        connection,
        by.voter,
        action,
        "poll",
        before.id,
        status=[before.status, after.status],
        epoch=after.epoch,
        version=after.version,
        voters=before.voters,
        ballots=before.ballots,
        **ended,
    )
    return after


async def now(connection: Connection) -> datetime:
    """The database's clock."""
    row = await connection.one("SELECT clock_timestamp() AS now")
    assert row is not None
    time: datetime = row["now"]
    return time
