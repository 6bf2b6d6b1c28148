"""Accounts that are deleted while something else happens to them or to their polls."""

import asyncio

import pytest

from nexus.bus import DeletedNews
from nexus.store import account_changes, accounts, departures, event_departures
from nexus.store.database import Database
from nexus.voting import estates
from tests.support.ballots import LOCK_WAITS, rows
from tests.support.leaving import leave, made
from tests.support.rest import Rest


async def test_polls_made_during_a_deletion_are_not_left_behind(rest: Rest, database: Database) -> None:
    for n in range(5):
        user, ann = await made(rest, f"ann{n}")
        body = {"question": "Orphan?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
        calls = [rest("POST", "/polls/", ann, json=body) for _ in range(6)]
        answers = (await asyncio.gather(leave(rest, ann), asyncio.gather(*calls)))[1]
        assert {answer.status_code for answer in answers} <= {201, 401}
        await departures.settle(database, user.id)
        assert await rows(database, f"SELECT id FROM polls WHERE created_by = '{user.subject}'") == []


async def test_a_poll_that_is_being_made_holds_a_deletion_up(rest: Rest, database: Database) -> None:
    user, _ = await made(rest)
    async with database.transaction() as connection:
        await accounts.refuse_deleted(connection, user.id)
        deleting = asyncio.create_task(departures.delete(database, user.id, by="cli"))
        while not await rows(database, LOCK_WAITS):
            assert not deleting.done()
            await asyncio.sleep(0.01)
        await connection.run(
            "INSERT INTO polls (code, question, created_by, status) VALUES ('LATE', 'Late?', :by, 'open')",
            by=user.subject,
        )
    await deleting
    await departures.settle(database, user.id)
    assert await rows(database, "SELECT 1 FROM polls") == []


async def test_a_password_that_changes_while_it_is_proved_deletes_nothing(
    rest: Rest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, ann = await made(rest)
    verify = rest.services.passwords.verify

    async def slow(known: str | None, password: str) -> bool:
        is_right = await verify(known, password)
        await account_changes.set_password(database, user.id, "another", by="cli")
        return is_right

    monkeypatch.setattr(rest.services.passwords, "verify", slow)
    assert await leave(rest, ann) == (401, "invalid_credentials")
    assert await accounts.by_id(database, user.id) is not None


async def test_what_was_left_unsettled_is_settled_later(rest: Rest, database: Database) -> None:
    user, ann = await made(rest)
    polls = [await rest.poll(ann) for _ in range(3)]
    async with database.transaction() as connection:
        await connection.run("SELECT 1 FROM polls WHERE id = :id FOR UPDATE", id=polls[1]["id"])
        await departures.delete(database, user.id, by="cli")
        running = asyncio.create_task(rest.services.estates.run())
    async with asyncio.timeout(10):
        while await departures.unsettled(database):  # noqa: ASYNC110 - it is told to nobody
            await asyncio.sleep(0.02)
    running.cancel()
    assert await rows(database, "SELECT count(*) FROM polls") == [(0,)]
    assert {news.poll for news in rest.told if isinstance(news, DeletedNews)} == {poll["id"] for poll in polls}


async def test_a_poll_that_is_busy_does_not_hold_the_answer_up(
    rest: Rest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estates, "WAIT_S", 0.1)
    _, ann = await made(rest)
    polls = [await rest.poll(ann) for _ in range(2)]
    running = asyncio.create_task(rest.services.estates.run())
    async with database.transaction() as connection:
        await connection.run("SELECT 1 FROM polls WHERE id = :id FOR UPDATE", id=polls[0]["id"])
        assert await leave(rest, ann) == (204, "")
        assert len(await departures.unsettled(database)) == 1
    async with asyncio.timeout(10):
        while await departures.unsettled(database):  # noqa: ASYNC110 - it is told to nobody
            await asyncio.sleep(0.02)
    running.cancel()
    assert await rows(database, "SELECT count(*) FROM polls") == [(0,)]


async def test_polls_go_in_several_short_transactions(
    rest: Rest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_departures, "DELETED_AT_ONCE", 2)
    monkeypatch.setattr(departures, "HANDED_AT_ONCE", 2)
    monkeypatch.setattr(event_departures, "BALLOTS_AT_ONCE", 1)
    for to in (None, await rest.user()):
        user, ann = await made(rest, "ann" if to is None else "bob")
        polls = [await rest.poll(ann) for _ in range(5)]
        for poll in polls[:2]:
            await rest.vote(ann, poll)
            await rest.vote(await rest.user(), poll)
        await departures.delete(database, user.id, None if to is None else int(to.voter[5:]), by="cli")
        seen = list[departures.Settled]()
        await departures.settle(database, user.id, seen.append)
        moved = [len(one.handed) + len(one.deleted) for one in seen]
        assert moved == ([1, 1, 2, 1] if to is None else [2, 2, 1])
