"""Accounts that are deleted: what goes, what stays, and what becomes of their polls (docs/contract.md, "Deleting an
account")."""

import pytest

from nexus.access.refresh_tokens import new_refresh
from nexus.bus import DeletedNews, PollNews
from nexus.store import account_changes, accounts, departures, invitations
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.leaving import NAME, PASSWORD, leave, made, verified
from tests.support.rest import Person, Rest, open_rest, refused
from tests.support.values import Json


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


async def test_a_deleted_account_makes_nothing_with_a_token_that_it_had(rest: Rest, database: Database) -> None:
    _, ann = await made(rest)
    poll = await rest.poll(ann)
    heir = await rest.user()
    assert await leave(rest, ann, heir.name) == (204, "")
    body = {"question": "Orphan?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    assert refused(await rest("POST", "/polls/", ann, json=body)) == (401, "unauthenticated")
    assert refused(await rest("POST", f"/polls/{poll['id']}/screen/", ann)) == (401, "unauthenticated")
    assert await leave(rest, ann) == (401, "unauthenticated")
    assert await rows(
        database, "SELECT count(*) FROM polls WHERE created_by <> 'user:' || :id".replace(":id", heir.voter[5:])
    ) == [(0,)]


async def test_guests_of_a_poll_that_is_handed_over_go_on(rest: Rest) -> None:
    _, ann = await made(rest)
    poll, heir = await rest.poll(ann), await rest.user()
    guest = await rest.guest(poll)
    await leave(rest, ann, heir.name)
    await rest.services.gate.refresh()
    await rest.vote(guest, poll)


async def test_the_heir_of_an_heir_gets_the_polls(rest: Rest, database: Database) -> None:
    (first, ann), (second, _), (third, _) = [await made(rest, name) for name in ("ann", "bob", "cyd")]
    poll = await rest.poll(ann)
    await departures.delete(database, first.id, second.id, by="cli")
    await departures.delete(database, second.id, third.id, by="cli")
    for user in await departures.unsettled(database):
        await departures.settle(database, user)
    assert await rows(database, "SELECT id, created_by FROM polls") == [(poll["id"], third.subject)]


async def test_an_administrator_deletes_an_account(rest: Rest) -> None:
    user, ann = await made(rest)
    admin = await rest.user(admin=True)
    await rest.poll(ann)
    assert (await rest("DELETE", f"/users/{user.id}/?to={admin.name}", admin)).status_code == 204
    assert refused(await rest("GET", f"/users/{user.id}/", admin)) == (404, "user_not_found")
    entry = (await rest.get("/audit/?action=delete", admin))["results"][0]
    assert (entry["user"], entry["target_id"], entry["details"]) == (admin.voter, user.id, {"to": admin.voter})
    assert refused(await rest("DELETE", f"/users/{user.id}/", admin)) == (404, "user_not_found")
