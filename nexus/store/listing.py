"""Lists of polls: two statements whatever the page's size, in a stable order."""

from __future__ import annotations

from typing import Literal

import msgspec

from nexus.model import Identity, Poll, Status
from nexus.store.database import Database
from nexus.store.rows import load

Ordering = Literal["created_at", "-created_at", "expires_at", "-expires_at", "question", "-question"]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What of the polls to list."""

    status: Status | None = None
    category: int | None = None
    mine: bool = False
    search: str = ""
    ordering: Ordering = "-created_at"


async def list_polls(
    database: Database, by: Identity, chosen: Filter, *, limit: int, offset: int
) -> tuple[int, list[Poll]]:
    """How many polls `by` may see that match, and one page of them."""
    where, values = _where(by, chosen)
    async with database.read() as session:
        row = await session.one(f"SELECT count(*) AS n FROM polls p WHERE {where}", **values)
        rows = await session.all(
            f"SELECT p.id FROM polls p WHERE {where} ORDER BY {_order(chosen.ordering)} LIMIT :limit OFFSET :offset",
            limit=limit,
            offset=offset,
            **values,
        )
        found = await load(session, [row["id"] for row in rows])
    return (row["n"] if row else 0), [found[row["id"]] for row in rows if row["id"] in found]


def _order(ordering: Ordering) -> str:
    column, falls = ordering.lstrip("-"), ordering.startswith("-")
    direction = "DESC" if falls else "ASC"
    nulls = " NULLS LAST" if column == "expires_at" else ""
    return f"p.{column} {direction}{nulls}, p.id {direction}"


def _where(by: Identity, chosen: Filter) -> tuple[str, dict[str, object]]:
    visible = _visible(by)
    terms = [visible]
    values: dict[str, object] = {}
    if ":me" in visible or chosen.mine:
        values["me"] = by.voter
    if ":bound" in visible:
        values["bound"] = sorted(by.polls or ())
    if chosen.mine:
        terms.append("p.created_by = :me")
    if chosen.status is not None:
        terms.append("p.status = :status")
        values["status"] = chosen.status.value
    if chosen.category is not None:
        terms.append("p.category_id = :category")
        values["category"] = chosen.category
    if chosen.search.strip():
        terms.append("p.words @@ plainto_tsquery('simple', :search)")
        values["search"] = chosen.search
    return " AND ".join(f"({term})" for term in terms), values


def _visible(by: Identity) -> str:
    if by.polls is not None:
        return "p.id = ANY(:bound)" if by.is_screen else "p.id = ANY(:bound) AND p.status <> 'draft'"
    if by.is_admin:
        return "true"
    return (
        "(p.is_public AND p.status <> 'draft') OR p.created_by = :me OR (p.status <> 'draft' "
        "AND EXISTS (SELECT 1 FROM poll_members m WHERE m.poll_id = p.id AND m.voter = :me))"
    )
