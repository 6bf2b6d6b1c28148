"""A change of password: it proves the old one, and ends every other login of the account."""

import asyncio

import pytest

from nexus.access.refresh_tokens import new_refresh
from nexus.errors import InvalidCredentials
from nexus.store import accounts, sessions
from nexus.store.database import Database
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

OLD, NEW = "correct horse battery", "staple of the horses"


async def registered(rest: Rest) -> int:
    answer = await rest("POST", "/auth/register/", json={"username": "ann", "password": OLD})
    return int(answer.json()["id"])


async def logged_in(rest: Rest, password: str = OLD) -> Json:
    answer = await rest("POST", "/auth/token/", json={"username": "ann", "password": password})
    assert answer.status_code == 200, answer.text
    pair: Json = answer.json()
    return pair


async def change(rest: Rest, access: str, old: str = OLD, new: str = NEW) -> int:
    answer = await rest("POST", "/auth/password/", Person(token=access), json={"old": old, "new": new})
    return answer.status_code


async def refreshed(rest: Rest, pair: Json) -> int:
    return (await rest("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})).status_code


async def test_change_ends_every_other_login(rest: Rest) -> None:
    account = await registered(rest)
    mine, other = await logged_in(rest), await logged_in(rest)
    assert await change(rest, mine["access"]) == 204
    assert await refreshed(rest, other) == 401
    assert await refreshed(rest, mine) == 200
    wrong = await rest("POST", "/auth/token/", json={"username": "ann", "password": OLD})
    assert refused(wrong) == (401, "invalid_credentials")
    await logged_in(rest, NEW)
    admin = await rest.user(admin=True)
    row = (await rest.get("/audit/?action=change_password", admin))["results"][0]
    assert (row["user"], row["target_type"], row["target_id"]) == (f"user:{account}", "user", account)
    assert row["details"] == {"username": "ann", "ended_logins": 1}


async def test_access_tokens_of_an_ended_login_are_refused_at_the_next_look(rest: Rest) -> None:
    await registered(rest)
    mine, other, third = [await logged_in(rest) for _ in range(3)]
    assert await change(rest, mine["access"]) == 204
    await rest("POST", "/auth/logout/", Person(token=third["access"]), json={"refresh": third["refresh"]})
    await rest.services.gate.refresh()
    for pair, status in ((mine, 200), (other, 401), (third, 401)):
        assert (await rest("GET", "/auth/me/", Person(token=pair["access"]))).status_code == status


async def test_token_without_a_login_ends_them_all(rest: Rest) -> None:
    account = await registered(rest)
    pair = await logged_in(rest)
    minted = rest.services.tokens.access(f"user:{account}", ["user"])
    assert await change(rest, minted) == 204
    assert await refreshed(rest, pair) == 401


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
async def test_refused_change_changes_nothing(rest: Rest, body: Json, status: int, code: str) -> None:
    await registered(rest)
    pair = await logged_in(rest)
    before = await rest.dump()
    answer = await rest("POST", "/auth/password/", Person(token=pair["access"]), json=body)
    assert refused(answer) == (status, code)
    assert await rest.dump() == before


async def test_only_accounts_have_passwords(rest: Rest) -> None:
    guest = await rest.guest(await rest.poll(await rest.user()))
    stranger = Person("ext:bob", rest.services.tokens.access("ext:bob"))
    for who in (guest, stranger):
        answer = await rest("POST", "/auth/password/", who, json={"old": OLD, "new": NEW})
        assert refused(answer) == (403, "forbidden")


async def test_wrong_passwords_are_limited_here_too(rest: Rest) -> None:
    await registered(rest)
    pair = await logged_in(rest)
    statuses = [await change(rest, pair["access"], old="wrong horse battery") for _ in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


async def test_login_that_overlaps_a_change_does_not_survive_it(rest: Rest, database: Database) -> None:
    await registered(rest)
    user = await accounts.by_name(database, "ann")
    assert user is not None
    await accounts.change_password(database, user, "another hash", keep="")
    with pytest.raises(InvalidCredentials):
        await sessions.begin(database, user, new_refresh()[1], 60)
    with pytest.raises(InvalidCredentials):
        await accounts.change_password(database, user, "a third", keep="")


async def test_renewal_that_overlaps_a_change_does_not_survive_it(rest: Rest) -> None:
    await registered(rest)
    mine = await logged_in(rest)
    others = [await logged_in(rest) for _ in range(6)]

    async def renew(pair: Json) -> Json | None:
        answer = await rest("POST", "/auth/token/refresh/", json={"refresh": pair["refresh"]})
        return answer.json() if answer.status_code == 200 else None

    status, *renewed = await asyncio.gather(change(rest, mine["access"]), *map(renew, others))
    assert status == 204
    for pair in filter(None, renewed):
        assert isinstance(pair, dict)
        assert await refreshed(rest, pair) == 401


async def test_links_for_screens_end_with_a_change_and_not_with_a_logout(rest: Rest) -> None:
    await registered(rest)
    mine, other = await logged_in(rest), await logged_in(rest)
    host = Person(token=mine["access"])
    poll = await rest.poll(host)
    screen = await rest.screen(poll, host)
    await rest("POST", "/auth/logout/", host, json={"refresh": mine["refresh"]})
    await rest.services.gate.refresh()
    assert (await rest("GET", f"/polls/{poll['id']}/results/", screen)).status_code == 200
    assert await change(rest, other["access"]) == 204
    await rest.services.gate.refresh()
    assert refused(await rest("GET", f"/polls/{poll['id']}/results/", screen)) == (401, "unauthenticated")
    admin = await rest.user(admin=True)
    assert (await rest.get(f"/polls/{poll['id']}/audit/?action=make_screen", admin))["count"] == 1
