"""The column by which polls and accounts are found: written with every change of what they are found by, in its
transaction (docs/contract.md, "Search")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nexus.domain.poll import Poll
from nexus.domain.searching import Clause, lexemes
from nexus.store.database import Connection

WORDS = "CAST(CAST(:words AS text) AS tsvector)"
"""SQL: what the column `words` holds, made of a text by `words_of`."""

FILLED_AT_ONCE = 500
"""Rows whose column is filled in one statement."""

# Texts are read whole: a poll has at most some 40 kB of them.
_TEXTS = """
SELECT p.id, p.code, p.question, p.description, ARRAY(
    SELECT o.option_text FROM options o WHERE o.poll_id = p.id ORDER BY o.position) AS options
FROM polls p WHERE p.id > $1 ORDER BY p.id LIMIT $2
"""
_FILL = """
UPDATE {table} p SET words = t.words::tsvector FROM unnest($1::bigint[], $2::text[]) AS t (id, words) WHERE p.id = t.id
"""


def words_of(code: str | None, question: str, description: str, options: Iterable[str]) -> str:
    """The lexemes by which a poll is found as PostgreSQL reads them; they have neither quotes nor backslashes."""
    # Those of a long description last, since there may be too many.
    return " ".join(f"'{lexeme}'" for lexeme in lexemes((question, *options, description), code))


def words_of_account(username: str, email: str | None) -> str:
    """The same for an account."""
    return " ".join(f"'{lexeme}'" for lexeme in lexemes((username, email or "")))


def tsquery(asked: Sequence[Clause]) -> str:
    """The clauses of a search as PostgreSQL reads them."""
    return " & ".join(
        "(" + " | ".join(f"'{one.lexeme}'" + ":*" * one.begins for one in clause) + ")" for clause in asked
    )


async def keep_words(connection: Connection, before: Poll, after: Poll) -> None:
    """Write the column of a poll, where the change from `before` to `after` touches what it is found by.

    Votes change nothing of it, so their updates of the row stay HOT ones.
    """
    words = _of(after)
    if words != _of(before):
        await connection.run(f"UPDATE polls SET words = {WORDS} WHERE id = :poll", poll=after.id, words=words)


def _of(poll: Poll) -> str:
    texts = (option.option_text for option in poll.options)
    return words_of(poll.code or None, poll.question, poll.description, texts)


async def fill_words(connection: Connection, say: Callable[[str], None]) -> None:
    """Write the column of every poll, some at a time, telling `say` how far it is."""
    last, done = 0, 0
    while rows := await connection.raw.fetch(_TEXTS, last, FILLED_AT_ONCE):
        ids = [row["id"] for row in rows]
        found = [words_of(row["code"], row["question"], row["description"], row["options"]) for row in rows]
        await connection.raw.execute(_FILL.format(table="polls"), ids, found)
        last, done = ids[-1], done + len(ids)
        if done % (20 * FILLED_AT_ONCE) == 0:
            say(f"{done:,} polls made searchable")


async def fill_words_of_accounts(connection: Connection, _: Callable[[str], None]) -> None:
    """Write the column of every account, some at a time."""
    last = 0
    sql = "SELECT id, username, email FROM users WHERE id > $1 ORDER BY id LIMIT $2"
    while rows := await connection.raw.fetch(sql, last, FILLED_AT_ONCE):
        ids, found = [row["id"] for row in rows], [words_of_account(row["username"], row["email"]) for row in rows]
        await connection.raw.execute(_FILL.format(table="users"), ids, found)
        last = ids[-1]
