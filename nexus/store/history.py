"""The history of everything: the audit log and the ledger of acts in one list, newest first, never with choices.

In an anonymous poll an act shows the minute and not the moment, and acts of one minute are not in order of time: the
order of voters, compared with the order in which totals grew, would tell who chose what.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from nexus.store.database import Connection, Database, Row
from nexus.store.listing_counts import Counts

ACTS = ("vote", "retract")
"""Actions that are in the ledger of acts, and not in the audit log."""

# Hours back from now in which to look for the newest acts of all polls.
_WINDOWS = (1 / 60, 1 / 6, 1.0, 6.0, 36.0, 216.0, 1296.0, 8760.0)


class HistoryEntry(msgspec.Struct, frozen=True):
    """One thing that happened: who did what to what, and when. `details` says what changed."""

    id: int
    user: str
    action: str
    target_type: str
    target_id: int
    timestamp: datetime
    details: dict[str, object]


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries to list; `poll` keeps to the history of one poll, its options' included, and `event` to that of an
    event and of the `polls` that it has had."""

    poll: int | None = None
    event: int | None = None
    polls: tuple[int, ...] = ()
    user: str | None = None
    action: str | None = None
    target_type: str | None = None
    target_id: int | None = None


async def entries(
    database: Database, which: Which, counts: Counts, *, limit: int, offset: int
) -> tuple[int, list[HistoryEntry]]:
    """How many entries match, and one page of them; the count of a long history may be 2 s old."""
    parts = [part for part in (_logged(which), _acts(which)) if part is not None]
    if not parts:
        return 0, []
    async with database.read() as connection:
        count = sum([await _count(connection, part, counts) for part in parts])
        values: dict[str, object] = {"limit": limit, "offset": offset, "last": offset + limit}
        for part in parts:
            values |= part.values
            if part.sought:
                values["since"] = await _since(connection, which.action, offset + limit)
        union = " UNION ALL ".join(f"({part.newest})" for part in parts)
        rows = await connection.all(
            f"SELECT * FROM ({union}) e ORDER BY shown DESC, id DESC LIMIT :limit OFFSET :offset", **values
        )
    return count, [_entry(row) for row in rows]


async def polls_of_event(database: Database, event: int) -> tuple[int, ...]:
    """The polls that an event has or had: a poll is made in its event, and stays there."""
    async with database.read() as connection:
        rows = await connection.all(
            "SELECT poll_id FROM audit_log WHERE target_type = 'poll' AND action = 'create' "
            "AND details ->> 'event' = :event ORDER BY poll_id",
            event=str(event),
        )
    return tuple(row["poll_id"] for row in rows)


class _Part(msgspec.Struct, frozen=True):
    """One half of the list: statements that count it and give its newest `:last`, and the values both take."""

    count: str
    newest: str
    values: dict[str, object]
    sought: bool = False
    """Whether `newest` begins at the time `:since`."""


async def _count(connection: Connection, part: _Part, counts: Counts) -> int:
    key = ("history", part.count, tuple(part.values.items()))
    known, began = counts.get(key), counts.begin()
    if known is not None:
        return known
    row = await connection.one(part.count, **part.values)
    n = int(row["n"]) if row is not None and row["n"] is not None else 0
    counts.keep(key, n, began)
    return n


async def _since(connection: Connection, action: str | None, n: int) -> datetime:
    """A time since which there were `n` acts or more, not much longer ago than it must be; the beginning of all where
    there are not so many."""
    for hours in _WINDOWS:
        row = await connection.one(
            "SELECT count(f.one) AS n, date_trunc('minute', min(w.since)) AS since FROM "
            "(SELECT clock_timestamp() - make_interval(secs => :secs) AS since) w LEFT JOIN LATERAL "
            "(SELECT 1 AS one FROM acts a WHERE a.at >= w.since AND a.act = coalesce(:action, a.act) LIMIT :n) f "
            "ON true",
            action=action,
            secs=hours * 3600,
            n=n,
        )
        if row is not None and row["n"] >= n:
            since: datetime = row["since"]
            return since
    return datetime(1970, 1, 1, tzinfo=UTC)


# Rows hold no names of accounts, except some of before version 3: the account says what it is called while it exists,
# and once it is deleted nothing does.
_DETAILS = """
(CASE WHEN l.target_type <> 'user' THEN l.details
 ELSE (l.details - 'username') || coalesce((SELECT jsonb_build_object('username', u.username) FROM users u
                                            WHERE u.id = l.target_id::bigint), '{}') END)::text
"""


def _logged(which: Which) -> _Part | None:
    if which.action in ACTS:
        return None
    terms, values = ["true"], dict[str, object]()
    for column, name, value in (
        ("l.poll_id", "poll", which.poll),
        ('l."user"', "user", which.user),
        ("l.action", "action", which.action),
        ("l.target_type", "target_type", which.target_type),
        ("l.target_id", "target", None if which.target_id is None else str(which.target_id)),
    ):
        if value is not None:
            terms.append(f"{column} = :{name}")
            values[name] = value
    if which.event is not None:
        terms.append("((l.target_type = 'event' AND l.target_id = :event) OR l.poll_id = ANY(:polls))")
        values |= {"event": str(which.event), "polls": which.polls}
    where = " AND ".join(terms)
    return _Part(
        f"SELECT count(*) AS n FROM audit_log l WHERE {where}",
        'SELECT l.id, l."user", l.action, l.target_type, l.target_id, l."timestamp" AS shown, '
        f"{_DETAILS} AS details "
        f"FROM audit_log l WHERE {where} ORDER BY l.id DESC LIMIT :last",
        values,
    )


# As the index `acts_minute` has it.
_MINUTE = "date_trunc('minute', a.at AT TIME ZONE 'UTC')"

# An act as an entry. Its id is made of its key, 53 bits of it, so that every client can hold it.
_ACT = f"""
SELECT hashtextextended(concat_ws(' ', a.poll_id, a.voter, a.op), 0) & 9007199254740991 AS id, a.voter AS "user",
    a.act AS action, 'poll' AS target_type, a.poll_id::text AS target_id,
    CASE WHEN p.anonymous THEN {_MINUTE} AT TIME ZONE 'UTC' ELSE a.at END AS shown,
    (CASE WHEN p.anonymous THEN jsonb_build_object('outcome', a.outcome, 'epoch', a.epoch)
     ELSE jsonb_build_object('outcome', a.outcome, 'epoch', a.epoch, 'version', a.version, 'op', a.op) END)::text
        AS details
"""

_NEWEST = f"ORDER BY {_MINUTE} DESC, shown DESC, id DESC LIMIT :last"


def _acts(which: Which) -> _Part | None:
    if which.action not in (None, *ACTS) or which.target_type not in (None, "poll"):
        return None
    if which.event is not None:
        return _acts_of_event(which)
    polls = {poll for poll in (which.poll, which.target_id) if poll is not None}
    if len(polls) > 1:
        return None
    terms, values = [], dict[str, object]()
    if which.user is not None:
        terms.append("a.voter = :user")
        values["user"] = which.user
    if which.action is not None:
        terms.append("a.act = :action")
        values["action"] = which.action
    if polls:
        values["act_poll"] = polls.pop()
        return _acts_of_poll(terms, values)
    return _acts_of_voter(terms, values) if which.user is not None else _acts_of_all(terms, values)


def _acts_of_event(which: Which) -> _Part | None:
    polls = tuple(poll for poll in which.polls if which.target_id in (None, poll))
    if not polls:
        return None
    terms, values = ["true"], dict[str, object](act_polls=polls)
    for term, name, value in (("a.voter = :user", "user", which.user), ("a.act = :action", "action", which.action)):
        if value is not None:
            terms.append(term)
            values[name] = value
    where = " AND ".join(terms)
    return _Part(
        f"SELECT count(*) AS n FROM acts a WHERE a.poll_id = ANY(:act_polls) AND {where}",
        f"SELECT e.* FROM polls p CROSS JOIN LATERAL ({_ACT} FROM acts a "
        f"WHERE a.poll_id = p.id AND {where} {_NEWEST}) e "
        "WHERE p.id = ANY(:act_polls) ORDER BY e.shown DESC, e.id DESC LIMIT :last",
        values,
    )


def _acts_of_poll(terms: list[str], values: dict[str, object]) -> _Part:
    where = " AND ".join(["a.poll_id = :act_poll", *terms])
    return _Part(
        f"SELECT count(*) AS n FROM acts a WHERE {where}",
        f"{_ACT} FROM acts a JOIN polls p ON p.id = a.poll_id WHERE {where} {_NEWEST}",
        values,
    )


def _acts_of_all(terms: list[str], values: dict[str, object]) -> _Part:
    """Found by time: acts lie in the order in which they came, which a BRIN index makes use of."""
    where = " AND ".join(terms) or "true"
    return _Part(
        f"SELECT count(*) AS n FROM acts a WHERE {where}",
        f"{_ACT} FROM acts a JOIN polls p ON p.id = a.poll_id WHERE a.at >= :since AND {where} {_NEWEST}",
        values,
        sought=True,
    )


def _acts_of_voter(terms: list[str], values: dict[str, object]) -> _Part:
    """The ledger's key begins with the poll: so it is looked up poll by poll, of those anybody ever voted in."""
    where = " AND ".join(["a.poll_id = p.id", *terms])
    return _Part(
        f"SELECT sum(c.n) AS n FROM polls p CROSS JOIN LATERAL (SELECT count(*) AS n FROM acts a WHERE {where}) c "
        "WHERE p.version > 1",
        f"{_ACT} FROM polls p CROSS JOIN LATERAL (SELECT * FROM acts a WHERE {where} OFFSET 0) a "
        f"WHERE p.version > 1 {_NEWEST}",
        values,
    )


def _entry(row: Row) -> HistoryEntry:
    return HistoryEntry(
        id=row["id"],
        user=row["user"],
        action=row["action"],
        target_type=row["target_type"],
        target_id=int(row["target_id"]),
        timestamp=row["shown"],
        details=msgspec.json.decode(row["details"], type=dict[str, object]),
    )
