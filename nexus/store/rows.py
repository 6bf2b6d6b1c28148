"""Rows of `polls` and `options` as values of the domain."""

from __future__ import annotations

from collections.abc import Iterable

from nexus.domain.poll import Chart, Option, OptionOrder, Policy, Poll, Status
from nexus.store.database import Connection, Row

POLL_COLUMNS = (
    "p.id, p.code, p.question, p.description, p.category_id, p.created_by, p.is_public, p.status, p.opens_at, "
    "p.expires_at, p.closed_at, p.max_choices, p.votes_per_user, p.allow_change, p.allow_guests, p.anonymous, "
    "p.results, p.chart, p.option_order, p.language, p.event_id, p.position, p.was_shown, p.epoch, "
    "p.version, p.revision, p.retractions, p.voters, "
    "p.ballots, p.corrected_at, p.created_at, p.updated_at"
)


def due_at(now: str) -> str:
    """SQL: whether the poll `p` is due to open or close at `now`."""
    return f"((p.status = 'scheduled' AND p.opens_at <= {now}) OR (p.status = 'open' AND p.expires_at <= {now}))"


def poll(row: Row, options: Iterable[Row]) -> Poll:
    """A poll from its row and its options' rows, in order of position."""
    return Poll(
        id=row["id"],
        code=row["code"] or "",
        question=row["question"],
        description=row["description"],
        category=row["category_id"],
        created_by=row["created_by"],
        is_public=row["is_public"],
        status=Status(row["status"]),
        opens_at=row["opens_at"],
        expires_at=row["expires_at"],
        closed_at=row["closed_at"],
        max_choices=row["max_choices"],
        votes_per_user=row["votes_per_user"],
        allow_change=row["allow_change"],
        allow_guests=row["allow_guests"],
        anonymous=row["anonymous"],
        results=Policy(row["results"]),
        chart=Chart(row["chart"]),
        option_order=OptionOrder(row["option_order"]),
        language=row["language"],
        options=tuple(option(one) for one in options),
        epoch=row["epoch"],
        version=row["version"],
        revision=row["revision"],
        retractions=row["retractions"],
        voters=row["voters"],
        ballots=row["ballots"],
        corrected_at=row["corrected_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        event=row["event_id"],
        position=row["position"],
        was_shown=row["was_shown"],
        hosts=frozenset(row["hosts"] or ()),
    )


def option(row: Row) -> Option:
    """An option from its row."""
    return Option(
        id=row["id"],
        option_text=row["option_text"],
        position=row["position"],
        votes_count=row["votes_count"],
    )


_HOSTS = (
    "CASE WHEN p.event_id IS NOT NULL THEN ARRAY(SELECT h.voter FROM event_hosts h WHERE h.event_id = p.event_id) END"
)
_POLLS = (
    f"SELECT {POLL_COLUMNS}, {_HOSTS} AS hosts, o.id AS o_id, o.option_text, o.position AS o_position, o.votes_count "
    "FROM polls p LEFT JOIN options o ON o.poll_id = p.id "
)


async def load(connection: Connection, polls: list[int]) -> dict[int, Poll]:
    """The polls of `polls` that exist, each with its options, at one moment: one statement, one snapshot."""
    return _polls(await connection.all(_POLLS + "WHERE p.id = ANY(:polls) ORDER BY p.id, o.position", polls=polls))


async def load_by_codes(connection: Connection, codes: list[str]) -> dict[int, Poll]:
    """The polls that have one of `codes`, as `load` gives them."""
    return _polls(await connection.all(_POLLS + "WHERE p.code = ANY(:codes) ORDER BY p.id, o.position", codes=codes))


def _polls(rows: list[Row]) -> dict[int, Poll]:
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["id"], []).append(row)
    return {
        poll_id: poll(group[0], (_option_part(row) for row in group if row["o_id"]))
        for poll_id, group in grouped.items()
    }


def _option_part(row: Row) -> Row:
    part = {name: row[name] for name in ("option_text", "votes_count")}
    return {"id": row["o_id"], "position": row["o_position"], **part}
