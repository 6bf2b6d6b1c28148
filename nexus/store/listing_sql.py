"""The statements of a list of polls, put together from named conditions on the poll `p`.

Every ordering has an index that also holds what the filters ask for, so a page is a walk along it that reads no poll it
does not show (but for `ALONE`); `id`, which stands last in each order, makes it total. Votes change no column of these
indexes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from nexus.domain.identity import Identity
from nexus.domain.poll import Status
from nexus.domain.searching import clauses
from nexus.store.searchable import tsquery

Ordering = Literal["created_at", "-created_at", "expires_at", "-expires_at", "question", "-question"]

PLANS = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL jit = off; "
    "SET LOCAL plan_cache_mode = force_generic_plan"
)
"""A page comes in the order of an index, whatever the statistics say of how far that is: sorting all polls takes longer
than walking to the middle of them. Where no index has the order (`COLLECT`), PostgreSQL sorts all the same."""

COUNT = "SELECT count(*) AS n FROM polls p WHERE {terms}"
"""Read from an index, unless words are searched."""

WALK = "SELECT p.id FROM polls p WHERE {terms} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
"""A page along the ordering's index."""

COLLECT = """
WITH found AS MATERIALIZED (SELECT p.id, p.{column} FROM polls p WHERE {terms})
SELECT p.id FROM found p ORDER BY {order} LIMIT {limit} OFFSET {offset}
"""
"""A page of what another index finds: the polls of a host, of a token, or with rare words."""

SIZES = """
SELECT p.id, octet_length(p.question) + octet_length(p.description) + 600 + (
    SELECT coalesce(sum(octet_length(o.option_text) + 100), 0) FROM options o WHERE o.poll_id = p.id
) AS size FROM polls p WHERE p.id = ANY($1::bigint[])
"""
"""About how many bytes each of some polls is in an answer."""

ALL = "true"
"""What exists for an admin."""

PUBLIC = "p.is_public AND p.status <> 'draft'"
"""What exists for everyone."""

HIDDEN = """p.id IN (
    SELECT o.id FROM polls o WHERE o.created_by = {me} AND NOT (o.is_public AND o.status <> 'draft')
    UNION ALL
    SELECT j.id FROM poll_members m JOIN polls j ON j.id = m.poll_id
    WHERE m.voter = {me} AND NOT j.is_public AND j.status <> 'draft'
    UNION ALL
    SELECT h.id FROM event_hosts m JOIN polls h ON h.event_id = m.event_id
    WHERE m.voter = {me} AND NOT (h.is_public AND h.status <> 'draft')
    UNION ALL
    SELECT e.id FROM event_members m JOIN polls e ON e.event_id = m.event_id
    WHERE m.voter = {me} AND NOT e.is_public AND e.status <> 'draft'
)"""
"""What exists for a voter and not for everyone: their own, those of events that they co-host, and those whose code, or
that of whose event, they entered. Few, and put into a hash before a walk begins."""

OWN = "p.created_by = {me}"
"""A host's polls."""

BOUND = (
    "(p.id = ANY({polls}) OR p.event_id = ANY({events})) "
    "AND (p.status <> 'draft' OR {sees_drafts} OR p.created_by = {me})"
)
"""What exists for a token that is bound to polls or events."""

ALONE = "p.event_id IS NULL"
"""Polls that are in no event. No ordering's index holds this: a walk reads the polls of events that it leaves out."""

DELEGATED = """(p.id = ANY({polls}) OR p.event_id = ANY({events})) AND (p.created_by = {me}
    OR EXISTS (SELECT 1 FROM event_hosts h WHERE h.event_id = p.event_id AND h.voter = {me}))"""
"""What exists for a screen whose maker must be a host."""

WORDS = "p.words @@ CAST(CAST({search} AS text) AS tsquery)"
"""All that a search asks for."""

RARE_WORDS = "p.words @@ (SELECT CAST(CAST({search} AS text) AS tsquery))"
"""The same, by the index on words: when the plan is made, the result of a subselect is unknown and assumed rare."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which polls to list, and in which order."""

    status: Status | None = None
    category: int | None = None
    mine: bool = False
    alone: bool = False
    search: str = ""
    ordering: Ordering = "-created_at"

    @property
    def is_search(self) -> bool:
        """Whether words are asked for."""
        return bool(self.search.strip())


class Statement(msgspec.Struct, frozen=True):
    """SQL and the values of its $1, $2, …; `is_shared` where nothing in it belongs to one person."""

    sql: str
    values: tuple[object, ...]
    is_shared: bool


class _Terms:
    """Conditions that gather the values they name."""

    def __init__(self, by: Identity, chosen: Filter) -> None:
        self._by = by
        self._chosen = chosen
        self._values: list[object] = []

    def name(self, value: object) -> str:
        """$1, $2, …"""
        self._values.append(value)
        return f"${len(self._values)}"

    def seen(self, kind: str) -> str:
        """A kind of polls, for whom it is asked."""
        names = {}
        if "{me}" in kind:
            names["me"] = self.name(self._by.voter)
        if "{polls}" in kind:
            names["polls"] = self.name(sorted(self._by.polls or ()))
            names["events"] = self.name(sorted(self._by.events or ()))
            names["sees_drafts"] = str(self._by.is_screen or self._by.is_admin).lower()
        return kind.format(**names)

    def filters(self, words: str) -> list[str]:
        """What is chosen, but for `mine`, which is a kind."""
        filters, chosen = [], self._chosen
        if chosen.status is not None:
            filters.append(f"p.status = {self.name(chosen.status.value)}")
        if chosen.category is not None:
            filters.append(f"p.category_id = {self.name(chosen.category)}")
        if chosen.alone:
            filters.append(ALONE)
        if chosen.is_search:
            filters.append(words.format(search=self.name(tsquery(clauses(chosen.search)))))
        return filters

    def statement(self, sql: str, *, is_shared: bool = False) -> Statement:
        """The statement with all values named so far."""
        return Statement(sql, tuple(self._values), is_shared)


def _kinds(by: Identity, chosen: Filter) -> list[str]:
    """Kinds of polls, of which one that `by` may see belongs to exactly one."""
    if by.is_bound:
        bound = DELEGATED if by.is_delegated else BOUND
        return [f"{bound} AND {OWN}" if chosen.mine else bound]
    if chosen.mine:
        return [OWN]
    return [ALL] if by.is_admin else [PUBLIC, HIDDEN]


def counts(by: Identity, chosen: Filter) -> list[Statement]:
    """How many polls `by` may see that match: the sum of the `n` of these."""
    found = []
    for kind in _kinds(by, chosen):
        terms = _Terms(by, chosen)
        sql = COUNT.format(terms=_all(terms.seen(kind), *terms.filters(RARE_WORDS)))
        found.append(terms.statement(sql, is_shared=kind in (ALL, PUBLIC)))
    return found


def page(by: Identity, chosen: Filter, *, walk: bool, back: bool, limit: int, offset: int) -> Statement:
    """The ids of a page: `walk` along the ordering's index, else collect and sort. `back` counts from the list's end
    and returns the page in reverse."""
    terms = _Terms(by, chosen)
    seen = " OR ".join(f"({terms.seen(kind)})" for kind in _kinds(by, chosen))
    column, order = _order(chosen.ordering, back=back)
    sql = (WALK if walk else COLLECT).format(
        column=column,
        terms=_all(seen, *terms.filters(WORDS if walk else RARE_WORDS)),
        order=order,
        limit=terms.name(limit),
        offset=terms.name(offset),
    )
    return terms.statement(sql)


def _all(*terms: str) -> str:
    return " AND ".join(f"({term})" for term in terms)


def _order(ordering: Ordering, *, back: bool) -> tuple[str, str]:
    """The column, and the order as an index has it in one direction or the other; polls without an end come last."""
    column, falls = ordering.lstrip("-"), ordering.startswith("-") is not back
    direction = "DESC" if falls else "ASC"
    nulls = (" NULLS FIRST" if back else " NULLS LAST") if column == "expires_at" else ""
    return column, f"p.{column} {direction}{nulls}, p.id {direction}"
