"""Registration, logins and sessions."""

import asyncio

import pytest
from argon2 import PasswordHasher

from nexus.domain.text import LONGEST_NAME
from nexus.store import account_changes, accounts
from nexus.store.database import Database
from tests.support.rest import Person, Rest, open_rest, refused
from tests.support.values import Json

PASSWORD = "correct horse battery"
WRONG = (401, "invalid_credentials")
ENDED = (401, "unauthenticated")


async def registered(rest: Rest, name: str = "ann") -> Json:
    answer = await rest("POST", "/auth/register/", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    account: Json = answer.json()
    return account


async def logged_in(rest: Rest, name: str = "ann", password: str = PASSWORD) -> Json:
    answer = await rest("POST", "/auth/token/", json={"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    pair: Json = answer.json()
    return pair


async def test_registration_login_and_me(rest: Rest) -> None:
    body = {"username": " Ann ", "password": PASSWORD, "email": "ann@example.org"}
    answer = await rest("POST", "/auth/register/", json=body)
    assert answer.status_code == 201
    account = answer.json()
    assert account == {"id": account["id"], "username": "Ann", "roles": ["user"]}
    pair = await logged_in(rest, "ANN")
    assert pair.keys() == {"access", "refresh", "token_type", "expires_in"}
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    me = await rest.get("/auth/me/", Person(token=pair["access"]))
    assert me == {"sub": f"user:{account['id']}", "username": "Ann", "roles": ["user"]}


async def test_guests_have_no_username(rest: Rest) -> None:
    guest = await rest.guest(await rest.poll(await rest.user()))
    assert await rest.get("/auth/me/", guest) == {"sub": guest.voter, "username": None, "roles": ["guest"]}


async def test_name_is_taken_in_any_case(rest: Rest) -> None:
    await registered(rest)
    before = await rest.dump()
    answer = await rest("POST", "/auth/register/", json={"username": "ANN", "password": PASSWORD})
    assert refused(answer) == (409, "username_taken")
    assert await rest.dump() == before


@pytest.mark.parametrize(
    ("taken", "asked"),
    [("Änne", "A\u0308NNE"), ("straße", "STRASSE"), ("admin", "ａｄｍｉｎ"), ("Ann Lee", "ann  lee"), ("ﬁn", "Fin")],
)
async def test_a_name_that_looks_like_another_is_taken(rest: Rest, taken: str, asked: str) -> None:
    await registered(rest, taken)
    answer = await rest("POST", "/auth/register/", json={"username": asked, "password": PASSWORD})
    assert refused(answer) == (409, "username_taken")
    await logged_in(rest, asked)


async def test_the_longest_name_of_the_widest_letters_is_kept(rest: Rest) -> None:
    name = "\ufdfa" * LONGEST_NAME
    await registered(rest, name)
    await logged_in(rest, name)


async def test_one_of_many_gets_a_name(rest: Rest) -> None:
    body = {"username": "ann", "password": PASSWORD}
    answers = await asyncio.gather(*(rest("POST", "/auth/register/", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len((await rest.dump())["users"]) == 1


BAD_REGISTRATIONS: list[tuple[Json, str, set[str]]] = [
    ({"password": "short"}, "weak_password", {"password"}),
    ({"password": "password"}, "weak_password", {"password"}),
    ({"password": "ann marie smith", "username": "Ann Marie Smith"}, "weak_password", {"password"}),
    ({"username": ""}, "invalid", {"username"}),
    ({"username": "   "}, "invalid", {"username"}),
    ({"username": "a" * (LONGEST_NAME + 1)}, "invalid", {"username"}),
    ({"username": "a\u0000b"}, "invalid", {"username"}),
    ({"username": "a\nb"}, "invalid", {"username"}),
    ({"username": "a\u200bb"}, "invalid", {"username"}),
    ({"email": "nobody"}, "invalid", {"email"}),
    ({"email": "a@" + "b" * 253}, "invalid", {"email"}),
    ({"email": "a\u0000@b"}, "invalid", {"email"}),
    ({"username": "", "password": "short", "email": "x"}, "invalid", {"username", "password", "email"}),
]


async def test_bad_registration_names_every_broken_rule(rest: Rest) -> None:
    before = await rest.dump()
    for change, code, fields in BAD_REGISTRATIONS:
        answer = await rest("POST", "/auth/register/", json={"username": "ann", "password": PASSWORD} | change)
        assert refused(answer) == (422, code), change
        assert {error["field"] for error in answer.json()["errors"]} == fields, change
    assert await rest.dump() == before


async def test_wrong_password_and_unknown_user_read_alike(rest: Rest) -> None:
    await registered(rest)
    answers = [
        await rest("POST", "/auth/token/", json={"username": name, "password": password})
        for name, password in (("ann", "wrong"), ("nobody", PASSWORD), ("n" * 50_000 + "\0", PASSWORD), ("ann", ""))
    ]
    assert [refused(answer) for answer in answers] == [WRONG] * 4
    assert len({answer.text for answer in answers}) == 1


async def test_disabled_account_is_as_unknown(rest: Rest, database: Database) -> None:
    account = await registered(rest)
    refresh = (await logged_in(rest))["refresh"]
    await account_changes.change(database, account["id"], disabled=True, by="cli")
    assert refused(await rest("POST", "/auth/token/", json={"username": "ann", "password": PASSWORD})) == WRONG
    assert refused(await rest("POST", "/auth/token/refresh/", json={"refresh": refresh})) == ENDED


async def test_old_hash_is_made_anew(rest: Rest, database: Database) -> None:
    account = await registered(rest)
    old = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$Jwib+78+HKE"
    await set_hash(database, account["id"], old)
    wrong = await rest("POST", "/auth/token/", json={"username": "ann", "password": PASSWORD})
    assert refused(wrong) == WRONG
    assert await kept_hash(database) == old
    await set_hash(database, account["id"], weak_hash())
    await logged_in(rest)
    assert not rest.services.passwords.needs_rehash(await kept_hash(database))
    await logged_in(rest)


async def set_hash(database: Database, account: int, password_hash: str) -> None:
    async with database.transaction() as connection:
        await connection.run("UPDATE users SET password_hash = :hash WHERE id = :id", hash=password_hash, id=account)


async def kept_hash(database: Database) -> str:
    user = await accounts.by_name(database, "ann")
    assert user is not None and user.password_hash is not None
    return user.password_hash


def weak_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def test_wrong_passwords_are_limited_by_account_and_address(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_PASSWORDS_PER_MINUTE="2") as rest:
        await registered(rest)
        await registered(rest, "bob")
        for name in ("ａｎｎ", "AN\u200bN", "nobody", "nobody"):
            assert refused(await rest("POST", "/auth/token/", json={"username": name, "password": "x"})) == WRONG
        for name in ("ann", "nobody"):
            answer = await rest("POST", "/auth/token/", json={"username": name, "password": PASSWORD})
            assert refused(answer) == (429, "too_many_requests")
            assert int(answer.headers["retry-after"]) >= 1
        await logged_in(rest, "bob")


async def test_logins_and_registrations_are_limited_by_address(database: Database) -> None:
    limits = {"NEXUS_LOGINS_PER_MINUTE": "1", "NEXUS_REGISTRATIONS_PER_MINUTE": "1"}
    async with open_rest(database, **limits) as rest:
        await registered(rest)
        await logged_in(rest)
        for path, name in (("/auth/register/", "bob"), ("/auth/token/", "ann")):
            answer = await rest("POST", path, json={"username": name, "password": PASSWORD})
            assert refused(answer) == (429, "too_many_requests")


async def test_refresh_token_is_spent_for_a_new_pair(rest: Rest) -> None:
    await registered(rest)
    first = await logged_in(rest)
    answer = await rest("POST", "/auth/token/refresh/", json={"refresh": first["refresh"]})
    assert answer.status_code == 200
    second = answer.json()
    assert second.keys() == first.keys()
    assert second["refresh"] != first["refresh"]
    assert (await rest.get("/auth/me/", Person(token=second["access"])))["username"] == "ann"


async def refreshed(rest: Rest, pair: Json) -> Json:
    answer = await rest("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})
    assert answer.status_code == 200, answer.text
    renewed: Json = answer.json()
    return renewed


async def test_spent_refresh_token_ends_its_session_alone_once_its_successor_was_used(rest: Rest) -> None:
    await registered(rest)
    first, other = await logged_in(rest), await logged_in(rest)
    second = await refreshed(rest, first)
    third = await refreshed(rest, second)
    for token in (first["refresh"], second["refresh"], third["refresh"], "unknown", ""):
        assert refused(await rest("POST", "/auth/token/refresh/", json={"refresh": token})) == ENDED
    await rest.services.gate.refresh()
    assert refused(await rest("GET", "/auth/me/", Person(token=third["access"]))) == ENDED
    await refreshed(rest, other)


async def test_lost_answers_to_a_refresh_lose_nothing(rest: Rest) -> None:
    await registered(rest)
    pair = await logged_in(rest)
    for _ in range(3):
        lost = await refreshed(rest, pair)
        pair = await refreshed(rest, pair)
        for one in (lost, pair):
            assert (await rest.get("/auth/me/", Person(token=one["access"])))["username"] == "ann"


async def test_tabs_that_refresh_at_once_all_get_a_pair_that_works(rest: Rest) -> None:
    await registered(rest)
    pair = await logged_in(rest)
    pairs = await asyncio.gather(*(refreshed(rest, pair) for _ in range(6)))
    assert len({one["refresh"] for one in pairs}) == 6
    assert len(await asyncio.gather(*(refreshed(rest, one) for one in pairs))) == 6
    assert refused(await rest("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})) == ENDED


async def test_logout_ends_the_session(rest: Rest) -> None:
    await registered(rest)
    pair = await logged_in(rest)
    who = Person(token=pair["access"])
    for token in (pair["refresh"], pair["refresh"], "unknown"):
        answer = await rest("POST", "/auth/logout/", who, json={"refresh": token})
        assert (answer.status_code, answer.content) == (204, b"")
    assert refused(await rest("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})) == ENDED


async def test_logout_ends_no_login_of_another_account(rest: Rest) -> None:
    await registered(rest)
    pair, other = await logged_in(rest), await logged_in(rest)
    guest = await rest.guest(await rest.poll(await rest.user()))
    issued = Person(token=rest.services.tokens.access("ext:ann", ["host"]))
    for who in (await rest.user(), await rest.user(admin=True), guest, issued):
        assert (await rest("POST", "/auth/logout/", who, json={"refresh": pair["refresh"]})).status_code == 204
    pair = await refreshed(rest, pair)
    # Another login of the same account is this user's own, and ends; the one that asks goes on.
    mine = Person(token=pair["access"])
    assert (await rest("POST", "/auth/logout/", mine, json={"refresh": other["refresh"]})).status_code == 204
    assert refused(await rest("POST", "/auth/token/refresh/", json={"refresh": other["refresh"]})) == ENDED
    await refreshed(rest, pair)


async def test_logout_with_a_spent_token_ends_its_login(rest: Rest) -> None:
    await registered(rest)
    first = await logged_in(rest)
    branches = [await refreshed(rest, first), await refreshed(rest, first)]
    who = Person(token=first["access"])
    assert (await rest("POST", "/auth/logout/", who, json={"refresh": first["refresh"]})).status_code == 204
    for pair in branches:
        assert refused(await rest("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})) == ENDED
