"""A change of password: it proves the old one, and ends every other login of the account."""

import asyncio

import pytest

from nexus.access.refresh_tokens import new_refresh
from nexus.errors import InvalidCredentials
from nexus.store import accounts, sessions
from nexus.store.database import Database
from tests.support.rest import House, Json, Person, refused

OLD, NEW = "correct horse battery", "staple of the horses"


async def registered(house: House) -> int:
    answer = await house("POST", "/auth/register/", json={"username": "ann", "password": OLD})
    return int(answer.json()["id"])


async def logged_in(house: House, password: str = OLD) -> Json:
    answer = await house("POST", "/auth/token/", json={"username": "ann", "password": password})
    assert answer.status_code == 200, answer.text
    pair: Json = answer.json()
    return pair


async def change(house: House, access: str, old: str = OLD, new: str = NEW) -> int:
    answer = await house("POST", "/auth/password/", Person(token=access), json={"old": old, "new": new})
    return answer.status_code


async def refreshed(house: House, pair: Json) -> int:
    return (await house("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})).status_code


async def test_change_ends_every_other_login(house: House) -> None:
    account = await registered(house)
    mine, other = await logged_in(house), await logged_in(house)
    assert await change(house, mine["access"]) == 204
    assert await refreshed(house, other) == 401
    assert await refreshed(house, mine) == 200
    wrong = await house("POST", "/auth/token/", json={"username": "ann", "password": OLD})
    assert refused(wrong) == (401, "invalid_credentials")
    await logged_in(house, NEW)
    admin = await house.user(admin=True)
    row = (await house.get("/audit/?action=change_password", admin))["results"][0]
    assert (row["user"], row["target_type"], row["target_id"]) == (f"user:{account}", "user", account)
    assert row["details"] == {"ended_logins": 1}


async def test_access_tokens_of_an_ended_login_are_refused_at_the_next_look(house: House) -> None:
    await registered(house)
    mine, other, third = [await logged_in(house) for _ in range(3)]
    assert await change(house, mine["access"]) == 204
    await house("POST", "/auth/logout/", Person(token=third["access"]), json={"refresh": third["refresh"]})
    await house.parts.gate.refresh()
    for pair, status in ((mine, 200), (other, 401), (third, 401)):
        assert (await house("GET", "/auth/me/", Person(token=pair["access"]))).status_code == status


async def test_token_without_a_login_ends_them_all(house: House) -> None:
    account = await registered(house)
    pair = await logged_in(house)
    minted = house.parts.tokens.access(f"user:{account}", ["user"])
    assert await change(house, minted) == 204
    assert await refreshed(house, pair) == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"old": "wrong horse battery", "new": NEW}, 401, "invalid_credentials"),
        ({"old": OLD, "new": "short"}, 422, "weak_password"),
        ({"old": OLD, "new": "password1"}, 422, "weak_password"),
        ({"old": OLD}, 422, "invalid"),
        ({"old": OLD, "new": NEW, "more": 1}, 422, "invalid"),
    ],
)
async def test_refused_change_changes_nothing(house: House, body: Json, status: int, code: str) -> None:
    await registered(house)
    pair = await logged_in(house)
    before = await house.dump()
    answer = await house("POST", "/auth/password/", Person(token=pair["access"]), json=body)
    assert refused(answer) == (status, code)
    assert await house.dump() == before


async def test_only_accounts_have_passwords(house: House) -> None:
    guest = await house.guest(await house.poll(await house.user()))
    stranger = Person("ext:bob", house.parts.tokens.access("ext:bob"))
    for who in (guest, stranger):
        answer = await house("POST", "/auth/password/", who, json={"old": OLD, "new": NEW})
        assert refused(answer) == (403, "forbidden")


async def test_wrong_passwords_are_limited_here_too(house: House) -> None:
    await registered(house)
    pair = await logged_in(house)
    statuses = [await change(house, pair["access"], old="wrong horse battery") for _ in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


async def test_login_that_overlaps_a_change_does_not_survive_it(house: House, database: Database) -> None:
    await registered(house)
    user = await accounts.by_name(database, "ann")
    assert user is not None
    await accounts.change_password(database, user, "another hash", keep="")
    with pytest.raises(InvalidCredentials):
        await sessions.begin(database, user, new_refresh()[1], 60)
    with pytest.raises(InvalidCredentials):
        await accounts.change_password(database, user, "a third", keep="")


async def test_renewal_that_overlaps_a_change_does_not_survive_it(house: House) -> None:
    await registered(house)
    mine = await logged_in(house)
    others = [await logged_in(house) for _ in range(6)]

    async def renew(pair: Json) -> Json | None:
        answer = await house("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})
        return answer.json() if answer.status_code == 200 else None

    status, *renewed = await asyncio.gather(change(house, mine["access"]), *map(renew, others))
    assert status == 204
    for pair in filter(None, renewed):
        assert isinstance(pair, dict)
        assert await refreshed(house, pair) == 401


async def test_links_for_screens_end_with_a_change_and_not_with_a_logout(house: House) -> None:
    await registered(house)
    mine, other = await logged_in(house), await logged_in(house)
    host = Person(token=mine["access"])
    poll = await house.poll(host)
    screen = await house.screen(poll, host)
    await house("POST", "/auth/logout/", host, json={"refresh": mine["refresh"]})
    await house.parts.gate.refresh()
    assert (await house("GET", f"/polls/{poll['id']}/results/", screen)).status_code == 200
    assert await change(house, other["access"]) == 204
    await house.parts.gate.refresh()
    assert refused(await house("GET", f"/polls/{poll['id']}/results/", screen)) == (401, "unauthenticated")
    admin = await house.user(admin=True)
    assert (await house.get(f"/polls/{poll['id']}/audit/?action=make_screen", admin))["count"] == 1
