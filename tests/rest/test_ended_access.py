"""What an access token can still do in the seconds that it outlives its account's rights or its login: nothing that
would undo their end, or outlive it. The gate of these tests refreshes only when it is told to, as another worker's does
now and then."""

from __future__ import annotations

import asyncio

import pytest

from nexus.access.refresh_tokens import new_refresh
from nexus.domain.identity import Identity
from nexus.errors import Unauthenticated
from nexus.store import account_changes, accounts, departures, sessions
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.invitations import PASSWORD, accepted, invited, logged_in, token_of
from tests.support.rest import Person, Rest, open_rest, passwords, refused
from tests.support.values import Json

ENDS: dict[str, Json | None] = {"demoted": {"admin": False}, "disabled": {"disabled": True}, "deleted": None}


async def put_out(database: Database, who: Person, end: str) -> None:
    """End an administrator's rights by another worker: this one has not heard of it."""
    user = int(who.voter[5:])
    if end == "deleted":
        await departures.delete(database, user, by="cli")
    else:
        body = ENDS[end] or {}
        await account_changes.change(database, user, by="cli", disabled=body.get("disabled"), admin=body.get("admin"))


@pytest.mark.parametrize("end", ENDS)
async def test_an_administrator_who_is_out_can_undo_nothing(rest: Rest, database: Database, end: str) -> None:
    boss, mine, other = await rest.user(admin=True), await rest.user(admin=True), await rest.user()
    assert boss.voter != mine.voter
    await put_out(database, mine, end)
    before = await rest.dump()
    me, them = mine.voter[5:], other.voter[5:]
    for method, path, body in (
        ("PATCH", f"/users/{me}/", {"admin": True, "disabled": False}),
        ("PATCH", f"/users/{them}/", {"admin": True}),
        ("PATCH", f"/users/{them}/", {"disabled": True}),
        ("POST", "/users/", {"username": "helper", "admin": True}),
        ("POST", f"/users/{them}/invitation/", None),
        ("DELETE", f"/users/{them}/", None),
    ):
        assert refused(await rest(method, path, mine, json=body)) == (403, "forbidden"), (method, path)
    assert await rest.dump() == before


@pytest.mark.parametrize("end", ENDS)
async def test_links_of_an_administrator_who_is_out_set_no_password(rest: Rest, database: Database, end: str) -> None:
    boss, mine = await rest.user(admin=True), await rest.user(admin=True)
    link, kept = await invited(rest, mine), await invited(rest, boss, "kept")
    await put_out(database, mine, end)
    assert await accepted(rest, token_of(link)) == (404, "invitation_not_found")
    assert (await accepted(rest, token_of(kept)))[0] == 200


async def test_a_link_ends_with_another_password_and_when_its_account_is_disabled(
    rest: Rest, database: Database
) -> None:
    boss = await rest.user(admin=True)
    user = await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
    _, access = await logged_in(rest, "ann", PASSWORD)
    link = (await rest("POST", f"/users/{user.id}/invitation/", boss)).json()
    body = {"old": PASSWORD, "new": "another horse entirely"}
    assert (await rest("POST", "/auth/password/", Person(token=access), json=body)).status_code == 204
    assert await accepted(rest, token_of(link)) == (404, "invitation_not_found")
    link = (await rest("POST", f"/users/{user.id}/invitation/", boss)).json()
    for disabled in (True, False):
        await rest("PATCH", f"/users/{user.id}/", boss, json={"disabled": disabled})
    assert await accepted(rest, token_of(link)) == (404, "invitation_not_found")


async def test_a_login_has_the_roles_of_the_moment_it_begins(database: Database) -> None:
    user = await accounts.add(database, "ann", None, "hash", admin=True)
    await accounts.add(database, "bob", None, "hash", admin=True)
    await account_changes.change(database, user.id, by="cli", admin=False)
    assert (await sessions.begin(database, user, new_refresh()[1], 60)).roles == [
        "user"
    ]  # proved before it was demoted


@pytest.mark.parametrize("end", ["logout", "password", "disabled"])
async def test_an_ended_login_makes_no_link_for_a_screen(rest: Rest, database: Database, end: str) -> None:
    user = await accounts.add(database, "ann", None, "hash", admin=False)
    refresh = new_refresh()[1]
    login = await sessions.begin(database, user, refresh, 60)
    host = Person(user.subject, rest.services.tokens.access(user.subject, ["user"], login=login.id))
    poll = await rest.poll(host)
    await rest.screen(poll, host)
    if end == "logout":
        await sessions.end(database, refresh, user.subject)
    elif end == "password":
        await accounts.change_password(database, user, "another hash", keep="")
    else:
        await account_changes.change(database, user.id, by="cli", disabled=True)
    before = await rest.dump()
    assert refused(await rest("POST", f"/polls/{poll['id']}/screen/", host)) == (401, "unauthenticated")
    assert await rest.dump() == before


async def test_an_ended_login_of_a_subject_without_an_account_makes_none_either(database: Database) -> None:
    family = "00000000-0000-4000-8000-000000000009"
    async with database.transaction() as connection:
        await connection.run(
            "INSERT INTO refresh_tokens (digest, family, subject, roles, ends_at, expires_at, revoked_at) "
            "SELECT sha256('x'), :family, 'ext:ada', '{host}', t, t, now() "
            "FROM (SELECT now() + interval '1 day') x (t)",
            family=family,
        )
    with pytest.raises(Unauthenticated):
        await sessions.begin_screen(database, 1, Identity("ext:ada", frozenset({"host"}), None, 0.0, family), 60)


async def test_passwords_tried_at_the_same_time_count_too(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_PASSWORDS_PER_MINUTE="3") as rest:
        await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
        tries = [{"username": "ann", "password": f"guess {n}"} for n in range(12)]
        answers = await asyncio.gather(*(rest("POST", "/auth/token/", json=one) for one in tries))
        assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 9


async def test_codes_tried_at_the_same_time_count_too(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_CODES_PER_MINUTE="3") as rest:
        ann = await rest.user()
        poll = await rest.poll(ann)
        codes = [{"code": f"ZZZZ{n}{n}"} for n in range(2, 10)]
        answers = await asyncio.gather(*(rest("POST", "/polls/join/", ann, json=one) for one in codes))
        assert sorted(answer.status_code for answer in answers) == [404] * 3 + [429] * 5
        bob = await rest.user()
        for _ in range(4):  # right ones take nothing
            assert (await rest("POST", "/polls/join/", bob, json={"code": poll["code"]})).status_code == 200


async def test_right_passwords_take_nothing_from_the_limit(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_PASSWORDS_PER_MINUTE="1") as rest:
        await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
        for _ in range(3):
            assert (await logged_in(rest, "ann", PASSWORD))[0] == 200


@pytest.mark.parametrize("way", ["withdrawn", "discarded", "deleted", "reset"])
async def test_a_poll_that_was_voted_on_anonymously_stays_anonymous(rest: Rest, database: Database, way: str) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "A", "B", "C")
    await rest.vote(bob, poll, 0)
    option = poll["options"][0]["id"]
    if way == "withdrawn":
        await rest("DELETE", f"/polls/{poll['id']}/vote/", bob)
    elif way == "discarded":
        await rest("PATCH", f"/options/{option}/?discard_votes=true", ann, json={"option_text": "A!"})
    elif way == "deleted":
        await rest("DELETE", f"/options/{option}/?discard_votes=true", ann)
    else:
        await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    answer = await rest("PATCH", f"/polls/{poll['id']}/", ann, json={"anonymous": False})
    assert refused(answer) == (409, "poll_has_votes")
    assert await rows(database, "SELECT anonymous FROM polls") == [(True,)]


@pytest.mark.parametrize("query", ["?to=", "?To=bob", "?heir=bob", "?to=bob&to=ann", "?to=&to=bob", "?to=bob&x=1"])
async def test_an_heir_that_was_meant_and_not_named_deletes_nothing(rest: Rest, database: Database, query: str) -> None:
    boss = await rest.user(admin=True)
    await accounts.add(database, "bob", None, "none", admin=False)
    user = await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
    ann = Person(token=(await logged_in(rest, "ann", PASSWORD))[1])
    await rest.poll(ann)
    before = await rest.dump()
    assert refused(await rest("DELETE", f"/auth/me/{query}", ann, json={"password": PASSWORD})) == (422, "invalid")
    assert refused(await rest("DELETE", f"/users/{user.id}/{query}", boss)) == (422, "invalid")
    assert await rest.dump() == before


async def test_who_was_put_out_is_out_at_once_on_the_same_worker(rest: Rest, database: Database) -> None:
    boss = await rest.user(admin=True)
    for end, body in ENDS.items():
        user = await accounts.add(database, end, None, await passwords().hash(PASSWORD), admin=True)
        _, access = await logged_in(rest, end, PASSWORD)
        method = "DELETE" if body is None else "PATCH"
        assert (await rest(method, f"/users/{user.id}/", boss, json=body)).status_code in (200, 204)
        assert refused(await rest("GET", "/auth/me/", Person(token=access))) == (401, "unauthenticated"), end
