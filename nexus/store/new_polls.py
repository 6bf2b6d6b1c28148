"""New polls, with a code of their own or in the run sheet of an event: their rows, and those of their options."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from msgspec import UNSET

from nexus.domain.codes import CODE_LENGTH, PRIVATE_CODE_LENGTH, new_code
from nexus.domain.definition import NewOption, NewPoll
from nexus.domain.language import canonical_tag
from nexus.domain.poll import Poll, Status
from nexus.domain.text import Problem
from nexus.store.database import Connection, Row
from nexus.store.searchable import WORDS, words_of

CODE_ATTEMPTS = 20
"""Codes tried for a poll or event before its creation fails: a new one is taken by another only by chance."""


async def with_code(length: int, write: Callable[[str], Awaitable[Row | None]]) -> Row:
    """The row that `write` writes with a new code; it returns None where the code is taken."""
    for _ in range(CODE_ATTEMPTS):
        row = await write(new_code(length))
        if row is not None:
            return row
    raise RuntimeError(f"no free code of {length} characters in {CODE_ATTEMPTS} attempts")


def code_length(*, is_public: bool) -> int:
    """Characters of the code of a poll or event: nobody should guess that of a private one."""
    return CODE_LENGTH if is_public else PRIVATE_CODE_LENGTH


async def insert_alone(connection: Connection, new: NewPoll, owner: str) -> int:
    """A new poll of `owner` that stands alone; returns its id."""
    status = Status.SCHEDULED if new.opens_at is not None else Status.OPEN
    if new.status is not UNSET:
        status = Status.DRAFT
    row = await with_code(
        code_length(is_public=new.is_public),
        lambda code: _insert(
            connection, new, owner, status, code=code, is_public=new.is_public, allow_guests=new.allow_guests
        ),
    )
    return await _with_options(connection, row, new)


async def insert_in_event(
    connection: Connection, new: NewPoll, owner: str, event: int, position: int, *, is_public: bool, allow_guests: bool
) -> int:
    """A new draft in the run sheet of an event that is locked; returns its id."""
    row = await _insert(
        connection,
        new,
        owner,
        Status.DRAFT,
        event=event,
        position=position,
        is_public=is_public,
        allow_guests=allow_guests,
    )
    assert row is not None
    return await _with_options(connection, row, new)


async def _with_options(connection: Connection, row: Row, new: NewPoll) -> int:
    await connection.run(
        "INSERT INTO options (poll_id, option_text, position) "
        "SELECT :poll, t.text, t.n - 1 FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS t (text, n)",
        poll=row["id"],
        texts=[option.option_text.strip() for option in new.options],
    )
    return int(row["id"])


async def _insert(
    connection: Connection,
    new: NewPoll,
    owner: str,
    status: Status,
    *,
    is_public: bool,
    allow_guests: bool,
    code: str | None = None,
    event: int | None = None,
    position: int | None = None,
) -> Row | None:
    return await connection.one(
        f"""
        INSERT INTO polls (code, event_id, position, question, description, category_id, created_by, is_public, status,
            opens_at, expires_at, max_choices, votes_per_user, allow_change, allow_guests, anonymous, results, chart,
            option_order, language, words)
        VALUES (:code, :event, :position, :question, :description, :category, :created_by, :is_public, :status,
            :opens_at, :expires_at, :max_choices, :votes_per_user, :allow_change, :allow_guests, :anonymous, :results,
            :chart, :option_order, :language, {WORDS})
        RETURNING id
        """,
        code=code,
        event=event,
        position=position,
        question=new.question.strip(),
        description=new.description.strip(),
        category=new.category,
        created_by=owner,
        is_public=is_public,
        status=status.value,
        opens_at=new.opens_at,
        expires_at=new.expires_at,
        max_choices=new.max_choices,
        votes_per_user=new.votes_per_user,
        allow_change=new.allow_change,
        allow_guests=allow_guests,
        anonymous=new.anonymous,
        results=new.results.value,
        chart=new.chart.value,
        option_order=new.option_order.value,
        language=canonical_tag(new.language),
        words=words_of(code, new.question, new.description, (option.option_text for option in new.options)),
    )


def definition_of(poll: Poll, *, category: int | None, alone: bool = True) -> NewPoll:
    """The definition of a poll, as a draft without times; where it is not to stand `alone`, without what its event says
    of it."""
    return NewPoll(
        question=poll.question,
        options=[NewOption(option.option_text) for option in poll.options],
        description=poll.description,
        category=category,
        is_public=poll.is_public or not alone,
        status="draft" if alone else UNSET,
        max_choices=poll.max_choices,
        votes_per_user=poll.votes_per_user,
        allow_change=poll.allow_change,
        allow_guests=poll.allow_guests or not alone,
        anonymous=poll.anonymous,
        results=poll.results,
        chart=poll.chart,
        option_order=poll.option_order,
        language=poll.language,
    )


async def missing_categories(connection: Connection, categories: Iterable[int | None]) -> set[int]:
    """Those of `categories` that do not exist; the others are not deleted before this commits."""
    missing = set()
    for category in sorted({one for one in categories if one is not None}):
        row = await connection.one(
            "SELECT 1 FROM categories WHERE id::numeric = CAST(CAST(:category AS text) AS numeric) FOR KEY SHARE",
            category=str(category),
        )
        if row is None:
            missing.add(category)
    return missing


async def category_problems(connection: Connection, category: object) -> list[Problem]:
    """What is wrong with the category of a poll: it may be gone."""
    if not isinstance(category, int) or not await missing_categories(connection, [category]):
        return []
    return [("category", "There is no such category.")]
