"""Accounts that are deleted: what goes, what stays, and what becomes of their polls (docs/contract.md, "Deleting an
account")."""

import asyncio

import pytest
from argon2 import PasswordHasher

from nexus.access.refresh_tokens import new_refresh
from nexus.bus import DeletedNews, PollNews
from nexus.store import account_changes, accounts, departures, invitations, sessions
from nexus.store.accounts import User
from nexus.store.database import Database
from nexus.voting import estates
from nexus.voting.recount import Recount
from tests.support.ballots import LOCK_WAITS, rows
from tests.support.rest import Person, Rest, open_rest, refused
from tests.support.values import Json

PASSWORD = "correct horse battery"
NAME = "Annegret Unmistakable"


DIGEST = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


async def made(rest: Rest, name: str = NAME, *, admin: bool = False) -> tuple[User, Person]:
    """An account with an address, and a login of it."""
    database = rest.services.database
    email = f"{name.split(maxsplit=1)[0].lower()}@unmistakable.example"
    user = await accounts.add(database, name, email, DIGEST, admin=admin)
    login = await sessions.begin(database, user, new_refresh()[1], 3600)
    return user, Person(user.subject, rest.services.tokens.access(user.subject, user.roles, login=login.id), name)


async def leave(rest: Rest, who: Person, to: str | None = None, password: str = PASSWORD) -> tuple[int, str]:
    query = "" if to is None else f"?to={to}"
    answer = await rest("DELETE", f"/auth/me/{query}", who, json={"password": password})
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, "")


async def verified(database: Database) -> list[str]:
    found = await Recount(database, None, lambda line: None).run(repair=False)
    return [*found.mendable, *found.lasting]


async def test_name_and_address_are_gone_and_votes_stand(rest: Rest, database: Database) -> None:
    user, ann = await made(rest)
    other, admin = await rest.user(), await rest.user(admin=True)
    theirs = await rest.poll(other, is_public=False)
    await rest("POST", "/polls/join/", ann, json={"code": theirs["code"]})
    await rest.vote(ann, theirs, 1)
    mine = await rest.poll(ann)
    await rest.vote(other, mine, 0)
    screen = await rest.screen(mine, ann)
    await invitations.renew(database, user.id, new_refresh()[1], 60, by="cli")

    assert await leave(rest, ann) == (204, "")

    left = await rest.dump()
    assert (
        "nmistakable" not in str(left) and left["refresh_tokens"] == left["invitations"] == left["poll_members"] == []
    )
    assert await rows(database, "SELECT voter FROM votes") == [(user.subject,)]
    results = await rest.get(f"/polls/{theirs['id']}/results/", other)
    assert [option["votes_count"] for option in results["options"]] == [0, 1]
    assert refused(await rest("GET", f"/polls/{mine['id']}/", other)) == (404, "poll_not_found")
    assert DeletedNews(mine["id"]) in rest.told
    await rest.services.gate.refresh()
    for token in (ann, screen):
        assert refused(await rest("GET", "/auth/me/", token)) == (401, "unauthenticated")
    entries = (await rest.get(f"/audit/?user={user.subject}", admin))["results"]
    assert {entry["action"] for entry in entries} >= {"create", "vote", "delete"}
    assert "nmistakable" not in str(entries)
    assert await verified(database) == []


async def test_a_new_account_of_the_name_is_somebody_else(rest: Rest) -> None:
    user, ann = await made(rest)
    await leave(rest, ann)
    assert refused(await rest("POST", "/auth/token/", json={"username": NAME, "password": PASSWORD})) == (
        401,
        "invalid_credentials",
    )
    body = {"username": NAME, "password": PASSWORD}
    again = await rest("POST", "/auth/register/", json=body)
    assert again.status_code == 201 and again.json()["id"] != user.id
    await rest.services.gate.refresh()
    token = (await rest("POST", "/auth/token/", json=body)).json()["access"]
    assert (await rest("GET", "/auth/me/", Person(token=token))).status_code == 200
    assert (await rest("GET", "/auth/me/", ann)).status_code == 401


async def test_entries_of_before_show_the_name_only_while_there_is_an_account(rest: Rest, database: Database) -> None:
    user, ann = await made(rest)
    admin = await rest.user(admin=True)
    async with database.transaction() as connection:  # as schema 2 wrote them
        for action in ("create", "disable"):
            await connection.run(
                'INSERT INTO audit_log ("user", action, target_type, target_id, details) '
                "VALUES ('cli', :action, 'user', :id, jsonb_build_object('username', CAST(:name AS text)))",
                action=action, id=str(user.id), name=NAME,
            )  # fmt: skip
    path = f"/audit/?target_type=user&target_id={user.id}"
    assert [entry["details"].get("username") for entry in (await rest.get(path, admin))["results"]] == [NAME] * 3
    await leave(rest, ann)
    assert "nmistakable" not in str(await rest.get(path, admin))
    assert await verified(database) == []


async def test_polls_are_handed_over(rest: Rest, database: Database) -> None:
    _, ann = await made(rest)
    heir = await rest.user()
    polls = [await rest.poll(ann), await rest.poll(ann, is_public=False), await rest.poll(ann, status="draft")]
    await rest.vote(heir, polls[0])
    rest.told.clear()
    assert await leave(rest, ann, heir.name.upper()) == (204, "")
    assert {news.poll for news in rest.told if isinstance(news, PollNews)} == {poll["id"] for poll in polls}
    for poll in polls:
        found = await rest.get(f"/polls/{poll['id']}/", heir)
        assert (found["created_by"], found["code"], found["status"]) == (heir.voter, poll["code"], poll["status"])
        assert (await rest("PATCH", f"/polls/{poll['id']}/", heir, json={"description": "Mine"})).status_code == 200
        entry = (await rest.get(f"/polls/{poll['id']}/audit/?action=update", heir))["results"][-1]
        assert entry["details"] == {"created_by": [ann.voter, heir.voter]} and entry["user"] == ann.voter
    assert (await rest.get("/polls/?created_by=me", heir))["count"] == 3
    assert (await rest.get(f"/polls/{polls[0]['id']}/results/", heir))["voters"] == 1
    assert await verified(database) == []


HEIRS: list[tuple[str, tuple[int, str]]] = [
    ("nobody", (404, "user_not_found")),
    (NAME.upper(), (422, "invalid")),
    ("disabled", (409, "account_disabled")),
    ("%00", (422, "invalid")),
    ("x" * 151, (422, "invalid")),
    ("%20%20", (422, "invalid")),
]


@pytest.mark.parametrize("path", ["/auth/me/", "/users/"])
@pytest.mark.parametrize(("to", "refusal"), HEIRS)
async def test_a_bad_heir_changes_nothing(rest: Rest, path: str, to: str, refusal: tuple[int, str]) -> None:
    user, ann = await made(rest)
    admin = await rest.user(admin=True)
    await rest.poll(ann)
    other = await accounts.add(rest.services.database, "disabled", None, "none", admin=False)
    await account_changes.change(rest.services.database, other.id, disabled=True, by="cli")
    before = await rest.dump()
    if path == "/users/":
        answer = await rest("DELETE", f"/users/{user.id}/?to={to}", admin)
        assert refused(answer) == refusal
    else:
        assert await leave(rest, ann, to) == refusal
    assert await rest.dump() == before


async def test_a_wrong_password_is_refused_and_limited(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_PASSWORDS_PER_MINUTE="2") as rest:
        _, ann = await made(rest)
        before = await rest.dump()
        said = [await leave(rest, ann, password=text) for text in ("", "wrong", PASSWORD)]
        assert said == [(401, "invalid_credentials")] * 2 + [(429, "too_many_requests")]
        assert await rest.dump() == before


@pytest.mark.parametrize("body", [{}, {"password": None}, {"password": PASSWORD, "to": "bob"}, None])
async def test_a_wrong_shape_changes_nothing(rest: Rest, body: Json | None) -> None:
    _, ann = await made(rest)
    before = await rest.dump()
    assert (await rest("DELETE", "/auth/me/", ann, json=body)).status_code in (400, 415, 422)
    assert await rest.dump() == before


async def test_the_last_administrator_cannot_leave(rest: Rest) -> None:
    _, ann = await made(rest, admin=True)
    before = await rest.dump()
    assert await leave(rest, ann) == (409, "last_admin")
    assert await rest.dump() == before
    await rest.user(admin=True)
    assert await leave(rest, ann) == (204, "")


async def test_those_without_an_account_cannot_leave(rest: Rest) -> None:
    _, ann = await made(rest)
    poll = await rest.poll(ann)
    for who in (
        await rest.guest(poll),
        await rest.screen(poll, ann),
        Person(token=rest.services.tokens.access("ext:x")),
    ):
        assert await leave(rest, who) == (403, "forbidden")


async def test_a_deleted_account_makes_nothing_while_its_token_is_still_known(rest: Rest, database: Database) -> None:
    _, ann = await made(rest)
    poll = await rest.poll(ann)
    heir = await rest.user()
    assert await leave(rest, ann, heir.name) == (204, "")
    body = {"question": "Orphan?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    assert refused(await rest("POST", "/polls/", ann, json=body)) == (401, "unauthenticated")
    assert refused(await rest("POST", f"/polls/{poll['id']}/screen/", ann)) == (403, "forbidden")
    assert await leave(rest, ann) == (401, "invalid_credentials")
    assert await rows(
        database, "SELECT count(*) FROM polls WHERE created_by <> 'user:' || :id".replace(":id", heir.voter[5:])
    ) == [(0,)]


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


async def test_guests_of_a_poll_that_is_handed_over_go_on(rest: Rest) -> None:
    _, ann = await made(rest)
    poll, heir = await rest.poll(ann), await rest.user()
    guest = await rest.guest(poll)
    await leave(rest, ann, heir.name)
    await rest.services.gate.refresh()
    await rest.vote(guest, poll)


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


async def test_the_heir_of_an_heir_gets_the_polls(rest: Rest, database: Database) -> None:
    (first, ann), (second, _), (third, _) = [await made(rest, name) for name in ("ann", "bob", "cyd")]
    poll = await rest.poll(ann)
    await departures.delete(database, first.id, second.id, by="cli")
    await departures.delete(database, second.id, third.id, by="cli")
    for user in await departures.unsettled(database):
        await departures.settle(database, user)
    assert await rows(database, "SELECT id, created_by FROM polls") == [(poll["id"], third.subject)]


async def test_polls_go_in_several_short_transactions(
    rest: Rest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departures, "DELETED_AT_ONCE", 2)
    monkeypatch.setattr(departures, "HANDED_AT_ONCE", 2)
    monkeypatch.setattr(departures, "BALLOTS_AT_ONCE", 1)
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


async def test_an_administrator_deletes_an_account(rest: Rest) -> None:
    user, ann = await made(rest)
    admin = await rest.user(admin=True)
    await rest.poll(ann)
    assert (await rest("DELETE", f"/users/{user.id}/?to={admin.name}", admin)).status_code == 204
    assert refused(await rest("GET", f"/users/{user.id}/", admin)) == (404, "user_not_found")
    entry = (await rest.get("/audit/?action=delete", admin))["results"][0]
    assert (entry["user"], entry["target_id"], entry["details"]) == (admin.voter, user.id, {"to": admin.voter})
    assert refused(await rest("DELETE", f"/users/{user.id}/", admin)) == (404, "user_not_found")
