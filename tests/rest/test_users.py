"""Accounts as administrators manage them: lists, invitations, states and roles (docs/contract.md, "Accounts of
others")."""

import asyncio

import pytest

from nexus.access.refresh_tokens import refresh_digest
from nexus.store import account_changes, accounts, sessions
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.invitations import NEW, PASSWORD, WRONG, accepted, invited, logged_in, token_of
from tests.support.rest import NOBODY, Person, Rest, open_rest, passwords, refused
from tests.support.values import Json


async def names(rest: Rest, admin: Person, query: str) -> list[str]:
    return [user["username"] for user in (await rest.get(f"/users/?{query}", admin))["results"]]


BAD_INVITATIONS: list[tuple[Json, set[str]]] = [
    ({"username": ""}, {"username"}),
    ({"username": "a\u200bb"}, {"username"}),
    ({"username": "a" * 151}, {"username"}),
    ({"username": "eve", "email": "nobody"}, {"email"}),
    ({"username": "", "email": "a@" + "b" * 253}, {"username", "email"}),
    ({}, {"username"}),
    ({"username": "eve", "admin": "yes"}, {"admin"}),
    ({"username": "eve", "password": NEW}, {"password"}),
]


@pytest.mark.parametrize(("body", "fields"), BAD_INVITATIONS)
async def test_a_bad_invitation_changes_nothing(rest: Rest, body: Json, fields: set[str]) -> None:
    admin = await rest.user(admin=True)
    before = await rest.dump()
    answer = await rest("POST", "/users/", admin, json=body)
    assert refused(answer) == (422, "invalid") and {one["field"] for one in answer.json()["errors"]} == fields
    assert await rest.dump() == before


async def test_a_name_in_use_is_not_invited(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    await invited(rest, admin, "Eve")
    before = await rest.dump()
    assert refused(await rest("POST", "/users/", admin, json={"username": "EVE"})) == (409, "username_taken")
    assert await rest.dump() == before


async def test_lists_are_searched_filtered_ordered_and_paged(rest: Rest, database: Database) -> None:
    admin = await rest.user(admin=True)
    for name, email in (("Ann", "ann@example.org"), ("bob", None), ("Ülo", "u_1%@example.org"), ("zoe\\", None)):
        await accounts.add(database, name, email, "none", admin=name == "bob")
    await invited(rest, admin, "eve")
    (ann,) = (await rest.get("/users/?search=ann", admin))["results"]
    await rest("PATCH", f"/users/{ann['id']}/", admin, json={"disabled": True})
    everyone = ["Ann", "bob", "eve", "user1", "zoe\\", "Ülo"]
    assert sorted(await names(rest, admin, "")) == sorted(everyone)
    assert (await names(rest, admin, "ordering=-created_at"))[0] == "eve"
    assert (await names(rest, admin, "ordering=created_at"))[-1] == "eve"
    for query, found in {
        "search=AN": ["Ann"],
        "search=example.org": ["Ann", "Ülo"],
        "search=%25": ["Ülo"],
        "search=_": ["Ülo"],
        "search=%5C": ["zoe\\"],
        "search=%20eve%20": ["eve"],
        "search=nobody": [],
        "search=ulo": ["Ülo"],
        "search=%C3%BCLO": ["Ülo"],
        "search=%EF%BC%A2ob": ["bob"],
        "search=org+exam": ["Ann", "Ülo"],
        "search=%F0%9F%98%80": [],
        "search=zoe+bob": [],
        "status=invited": ["eve"],
        "status=disabled": ["Ann"],
        "status=active&admin=true": ["bob", "user1"],
        "admin=false&status=active": ["zoe\\", "Ülo"],
    }.items():
        assert sorted(await names(rest, admin, query)) == sorted(found), query
    page = await rest.get("/users/?page_size=2&page=2&ordering=created_at", admin)
    assert (page["count"], [user["username"] for user in page["results"]]) == (6, ["bob", "Ülo"])
    assert page["next"].endswith("page=3") and page["previous"].endswith("page=1")


@pytest.mark.parametrize(
    "query", ["status=gone", "admin=maybe", "ordering=email", "page=0", "search=%00", "search=" + "a" * 255]
)
async def test_a_list_that_cannot_be_is_refused(rest: Rest, query: str) -> None:
    assert refused(await rest("GET", f"/users/?{query}", await rest.user(admin=True))) == (422, "invalid")


async def test_disabled_is_out_and_enabled_comes_back_without_its_old_logins(rest: Rest, database: Database) -> None:
    admin = await rest.user(admin=True)
    user = await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
    _, access = await logged_in(rest, "ann", PASSWORD)
    host = Person(user.subject, access)
    screen = await rest.screen(await rest.poll(host), host)
    answer = await rest("PATCH", f"/users/{user.id}/", admin, json={"disabled": True})
    assert (answer.json()["status"], answer.json()["disabled"], answer.json()["polls"]) == ("disabled", True, 1)
    await rest.services.gate.refresh()
    assert [(await rest("GET", "/auth/me/", one)).status_code for one in (host, screen)] == [401, 401]
    assert await logged_in(rest, "ann", PASSWORD) == WRONG
    assert refused(await rest("POST", f"/users/{user.id}/invitation/", admin)) == (409, "account_disabled")
    answer = await rest("PATCH", f"/users/{user.id}/", admin, json={"disabled": False})
    assert answer.json()["status"] == "active"
    await rest.services.gate.refresh()
    assert [(await rest("GET", "/auth/me/", one)).status_code for one in (host, screen)] == [401, 401]
    assert (await logged_in(rest, "ann", PASSWORD))[0] == 200
    actions = [
        entry["action"] for entry in (await rest.get(f"/audit/?target_id={user.id}&target_type=user", admin))["results"]
    ]
    assert actions == ["enable", "disable", "create"]


async def test_a_role_that_is_lost_ends_its_tokens_and_one_that_is_gained_does_not(
    rest: Rest, database: Database
) -> None:
    admin = await rest.user(admin=True)
    user = await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
    _, access = await logged_in(rest, "ann", PASSWORD)
    for wanted, still in ((True, 200), (False, 401)):
        assert (await rest("PATCH", f"/users/{user.id}/", admin, json={"admin": wanted})).json()["admin"] is wanted
        await rest.services.gate.refresh()
        assert (await rest("GET", "/auth/me/", Person(token=access))).status_code == still
        _, access = await logged_in(rest, "ann", PASSWORD)
    entry = (await rest.get("/audit/?action=update&target_type=user", admin))["results"][0]
    assert entry["details"] == {"username": "ann", "admin": [True, False]}


@pytest.mark.parametrize("body", [{}, {"disabled": False}, {"admin": False, "disabled": False}])
async def test_what_is_so_already_is_no_change(rest: Rest, body: Json) -> None:
    admin, user = await rest.user(admin=True), await rest.user()
    before = await rest.dump()
    assert (await rest("PATCH", f"/users/{user.voter[5:]}/", admin, json=body)).status_code == 200
    assert await rest.dump() == before


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"disabled": True}), ("PATCH", {"admin": False}), ("DELETE", None)]
)
@pytest.mark.parametrize("other", ["none", "disabled", "invited", "no admin"])
async def test_the_last_administrator_stays(
    rest: Rest, database: Database, method: str, body: Json | None, other: str
) -> None:
    admin = await rest.user(admin=True)
    if other == "invited":
        await invited(rest, admin, admin=True)
    elif other != "none":
        second = await accounts.add(database, "bob", None, "none", admin=other == "disabled")
        await account_changes.change(database, second.id, disabled=other == "disabled", by="cli")
    before = await rest.dump()
    assert refused(await rest(method, f"/users/{admin.voter[5:]}/", admin, json=body)) == (409, "last_admin")
    assert await rest.dump() == before


async def test_administrators_who_demote_each_other_leave_one(rest: Rest, database: Database) -> None:
    for _ in range(5):
        both = [await rest.user(admin=True) for _ in range(2)]
        ways = [("PATCH", {"admin": False}), ("DELETE", None)]
        answers = await asyncio.gather(
            *(rest(way, f"/users/{both[1 - n].voter[5:]}/", both[n], json=body) for n, (way, body) in enumerate(ways))
        )
        assert sorted(answer.status_code < 300 for answer in answers) == [False, True]
        ((left,),) = await rows(database, "SELECT count(*) FROM users WHERE is_admin")
        assert left == 1
        async with database.transaction() as connection:
            await connection.run("DELETE FROM users")


async def test_closed_registration_leaves_invitations(database: Database) -> None:
    async with open_rest(database, NEXUS_REGISTRATION="closed") as rest:
        body = {"username": "ann", "password": PASSWORD}
        for who in (NOBODY, await rest.user(admin=True)):
            assert refused(await rest("POST", "/auth/register/", who, json=body)) == (403, "registration_closed")
        token = token_of(await invited(rest, await rest.user(admin=True)))
        assert (await accepted(rest, token))[0] == 200


async def test_an_external_admin_may_administer(rest: Rest) -> None:
    boss = Person("ext:boss", rest.services.tokens.access("ext:boss", ["admin"]))
    link = await invited(rest, boss)
    assert (await rest("DELETE", f"/users/{link['user']['id']}/", boss)).status_code == 204


async def test_logins_during_a_change_do_not_outlive_it(rest: Rest, database: Database) -> None:
    user = await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
    await account_changes.change(database, user.id, disabled=True, by="cli")
    with pytest.raises(Exception, match="wrong"):
        await sessions.begin(database, user, refresh_digest("late"), 60)
