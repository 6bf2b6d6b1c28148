"""Version 3 of the schema, reached by a database of version 2 that has data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from nexus.access.refresh_tokens import refresh_digest
from nexus.errors import CategoryTaken, UsernameTaken
from nexus.store import account_lists, accounts, audit_chain, categories, departures, history, schema, sessions
from nexus.store.database import Database
from nexus.store.history import Which
from nexus.store.listing import Filter, list_polls
from nexus.store.listing_counts import Counts
from tests.support.ballots import ADMIN, rows, unsearchable
from tests.support.postgres_server import PostgresServer, new_database

FILLED = """
INSERT INTO schema_version (version) VALUES (2);
INSERT INTO users (username, email, password_hash, is_admin) VALUES
    ('admin', NULL, 'x', true), ('Änne', 'aenne@example.org', 'y', false);
INSERT INTO refresh_tokens (digest, family, user_id, expires_at, spent_at) VALUES
    (sha256('spent'), '00000000-0000-4000-8000-000000000001', 1, now() + interval '1 day', now()),
    (sha256('newest'), '00000000-0000-4000-8000-000000000001', 1, now() + interval '1 day', NULL),
    (sha256('lone'), '00000000-0000-4000-8000-000000000003', 2, now() + interval '1 day', NULL);
INSERT INTO refresh_tokens (digest, family, user_id, created_at, expires_at, spent_at, revoked_at) VALUES
    (sha256('first'), '00000000-0000-4000-8000-000000000001', 1, now() - interval '2 hours', now() + interval '1 day',
     now() - interval '1 hour', NULL),
    (sha256('ended'), '00000000-0000-4000-8000-000000000004', 2, now(), now() + interval '1 day', now(), now()),
    (sha256('its successor'), '00000000-0000-4000-8000-000000000004', 2, now(), now() + interval '1 day', NULL, now());
UPDATE refresh_tokens SET created_at = now() - interval '1 hour' WHERE digest = sha256('spent');
INSERT INTO polls (code, question, description, created_by, status, closed_at, voters, ballots, version) VALUES
    ('K7M2QP', 'Tee oder Kaffee?', 'In der Küche', 'user:1', 'open', NULL, 1, 1, 2),
    ('M4N7QP', 'Done?', '', 'user:2', 'closed', now(), 0, 0, 2);
INSERT INTO options (poll_id, option_text, position, votes_count) VALUES
    (1, 'Tee', 0, 1), (1, 'Kaffee', 1, 0), (2, 'A', 0, 0), (2, 'A' || chr(8203), 1, 0);
INSERT INTO votes VALUES (1, 1, 'user:2', '00000000-0000-0000-0000-000000000000',
    '00000000-0000-4000-8000-000000000002', '{1}', now());
INSERT INTO acts VALUES
    (1, 'user:2', '00000000-0000-4000-8000-000000000002', 'vote', '{1}', NULL, 'recorded', 1, 2, now());
INSERT INTO audit_log ("user", action, target_type, target_id, details) VALUES
    ('user:1', 'create', 'poll', '1', '{"question": "Tee oder Kaffee?"}'),
    ('cli', 'create', 'user', '2', '{"username": "Änne", "admin": false}'),
    ('cli', 'disable', 'user', '2', '{"username": "Änne"}');
"""
"""Two accounts with logins, two polls with a vote, and options that version 2 took for different ones."""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database of version 2 with data."""
    with new_database(postgres, (Path(__file__).parent / "schema_2.sql").read_text("utf-8") + FILLED) as url:
        yield url


@pytest.fixture
async def filled(url: str) -> AsyncIterator[Database]:
    """The same, brought to version 3."""
    database = Database(url, size=2)
    await database.connect()
    assert await schema.migrate(database, lambda line: None) == 2
    yield database
    await database.close()


async def test_a_filled_database_keeps_its_polls_and_votes(filled: Database) -> None:
    assert await rows(filled, "SELECT code, question, voters, version FROM polls ORDER BY id") == [
        ("K7M2QP", "Tee oder Kaffee?", 1, 2),
        ("M4N7QP", "Done?", 0, 2),
    ]
    assert await rows(filled, "SELECT option_text, votes_count FROM options WHERE poll_id = 1 ORDER BY position") == [
        ("Tee", 1),
        ("Kaffee", 0),
    ]
    assert await rows(filled, "SELECT voter, choices FROM votes") == [("user:2", [1])]


async def test_no_poll_of_before_is_marked_as_corrected(filled: Database) -> None:
    assert await rows(filled, "SELECT DISTINCT corrected_at FROM polls") == [(None,)]


async def test_an_answer_lost_before_the_upgrade_can_be_asked_for_again(filled: Database) -> None:
    found = await rows(
        filled, "SELECT digest, predecessor FROM refresh_tokens WHERE reusable OR predecessor IS NOT NULL"
    )
    spent, newest = refresh_digest("spent"), refresh_digest("newest")
    assert set(found) == {(spent, None), (newest, spent)}
    renewed = [
        await sessions.rotate(filled, refresh_digest(old), refresh_digest(new), 60) is not None
        for old, new in (("lone", "a"), ("spent", "b"), ("newest", "c"), ("spent", "d"), ("newest", "e"))
    ]
    assert renewed == [True, True, True, False, False]


async def test_logins_of_before_are_those_of_accounts(filled: Database) -> None:
    found = await rows(filled, "SELECT DISTINCT user_id IS NULL, subject, roles, ends_at FROM refresh_tokens")
    assert found == [(False, None, None, None)]


async def test_an_old_spent_token_still_revokes_its_login(filled: Database) -> None:
    assert await sessions.rotate(filled, refresh_digest("first"), refresh_digest("a"), 60) is None
    assert await sessions.rotate(filled, refresh_digest("newest"), refresh_digest("b"), 60) is None


async def test_accounts_go_on_and_can_be_deleted_with_their_names(filled: Database) -> None:
    assert [(one.username, one.has_password, one.admin) for one in await account_lists.everyone(filled)] == [
        ("admin", True, True),
        ("Änne", True, False),
    ]
    which = Which(target_type="user", target_id=2)
    _, before = await history.entries(filled, which, Counts(), limit=9, offset=0)
    assert [entry.details.get("username") for entry in before] == ["Änne", "Änne"]
    await departures.delete(filled, 2, 1, by="cli")
    await departures.settle(filled, 2)
    _, after = await history.entries(filled, which, Counts(), limit=9, offset=0)
    assert [entry.details for entry in after] == [{"to": "user:1"}, {}, {"admin": False}]
    assert await rows(filled, "SELECT DISTINCT created_by FROM polls") == [("user:1",)]
    async with filled.read() as connection:
        assert (await audit_chain.check_after(connection, 0)).differences == ()


async def test_every_poll_is_found_by_what_it_is_made_of(filled: Database) -> None:
    for search, code in (("kuche", "K7M2QP"), ("KAF", "K7M2QP"), ("k7m-2qp", "K7M2QP"), ("done", "M4N7QP")):
        _, (poll,) = await list_polls(filled, ADMIN, Filter(search=search), limit=9, offset=0)
        assert poll.code == code, search
    assert await unsearchable(filled) == []
    assert await rows(filled, "SELECT username FROM users WHERE words @@ 'anne' AND words @@ 'exam:*'") == [("Änne",)]


async def test_names_that_look_the_same_stay_usable_and_get_no_company(url: str) -> None:
    database = Database(url, size=2)
    await database.connect()
    twins = ["ＡＤＭＩＮ", "ad\ufe0fmin", "straße", "STRASSE"]
    async with database.transaction() as connection:
        for name in twins:
            await connection.run("INSERT INTO users (username, password_hash) VALUES (:name, 'x')", name=name)
        await connection.run("INSERT INTO categories (name) VALUES ('Food'), ('Ｆｏｏｄ')")
    said: list[str] = []
    await schema.migrate(database, said.append)
    assert "3 names of users look like another one: they stay" in said
    for name in ("admin", *twins):
        found = await accounts.by_name(database, name)
        assert found is not None and found.username == name
    typed = {
        "Admin": "admin",
        "aｄmin": "admin",
        "strasse": "STRASSE",
        "STRAẞE": "straße",
        "Änne": "Änne",
        "ÄNNE": "Änne",
    }
    for name, meant in typed.items():
        found = await accounts.by_name(database, name)
        assert found is not None and found.username == meant, name
    for name in ("aDmin", "Straße", "ä\u200bnne"):
        with pytest.raises(UsernameTaken):
            await accounts.add(database, name, None, "x", admin=False)
    with pytest.raises(CategoryTaken):
        await categories.add(database, "food", "", ADMIN)
    other = await categories.patch(database, 2, {"name": "Drinks"}, ADMIN)
    with pytest.raises(CategoryTaken):
        await categories.add(database, "drinks", "", ADMIN)
    assert other.name == "Drinks"
    await database.close()
