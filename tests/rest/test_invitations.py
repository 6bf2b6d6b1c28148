"""Invitations: a link with which a password is chosen, once (docs/contract.md, "Invitations")."""

import asyncio

import pytest

from nexus.access.refresh_tokens import refresh_digest
from nexus.errors import InvitationNotFound
from nexus.store import account_changes, accounts, invitations
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.invitations import NEW, PASSWORD, WRONG, accepted, invited, logged_in, token_of
from tests.support.rest import Person, Rest, open_rest, passwords, refused

GONE = (404, "invitation_not_found")


async def test_an_invitation_makes_a_password_and_a_login(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    link = await invited(rest, admin, " Eve ", email="eve@example.org")
    user = link["user"]
    assert user == {
        "id": user["id"], "sub": f"user:{user['id']}", "username": "Eve", "email": "eve@example.org",
        "status": "invited", "admin": False, "disabled": False, "has_password": False,
        "invited_until": link["expires_at"], "polls": 0, "created_at": user["created_at"],
    }  # fmt: skip
    token = token_of(link)
    read = await rest("POST", "/auth/invitation/read/", json={"token": token})
    assert read.json() == {"username": "Eve", "expires_at": link["expires_at"]}
    status, access = await accepted(rest, token)
    assert status == 200
    assert (await rest.get("/auth/me/", Person(token=access)))["sub"] == user["sub"]
    assert (await logged_in(rest, "eve", NEW))[0] == 200
    now = await rest.get(f"/users/{user['id']}/", admin)
    assert (now["status"], now["has_password"], now["invited_until"]) == ("active", True, None)
    actions = [entry["action"] for entry in (await rest.get("/audit/?target_type=user", admin))["results"]]
    assert actions[:3] == ["change_password", "invite", "create"]


async def test_the_token_of_an_invitation_is_kept_as_a_digest(rest: Rest, database: Database) -> None:
    token = token_of(await invited(rest, await rest.user(admin=True)))
    assert await rows(database, "SELECT digest FROM invitations") == [(refresh_digest(token),)]
    assert token not in str(await rest.dump())


async def test_tokens_that_do_not_hold_are_all_alike(rest: Rest, database: Database) -> None:
    admin = await rest.user(admin=True)
    tokens = {"wrong": "x" * 43, "long": "y" * 50_000, "nul": "a\u0000b"}
    for name in ("used", "replaced", "expired", "disabled", "deleted"):
        link = await invited(rest, admin, name)
        tokens[name], user = token_of(link), link["user"]["id"]
        if name == "used":
            assert (await accepted(rest, tokens[name]))[0] == 200
        elif name == "replaced":
            assert (await rest("POST", f"/users/{user}/invitation/", admin)).status_code == 201
        elif name == "expired":
            async with database.transaction() as connection:
                await connection.run("UPDATE invitations SET expires_at = now() WHERE user_id = :user", user=user)
        elif name == "disabled":
            await rest("PATCH", f"/users/{user}/", admin, json={"disabled": True})
        else:
            await rest("DELETE", f"/users/{user}/", admin)
    before = await rest.dump()
    texts = set()
    for token in tokens.values():
        for path, body in (("/auth/invitation/", {"password": NEW}), ("/auth/invitation/read/", {})):
            answer = await rest("POST", path, json={"token": token, **body})
            assert refused(answer) == GONE
            texts.add(answer.text)
    assert len(texts) == 1 and await rest.dump() == before


@pytest.mark.parametrize("end", ["disabled", "expired"])
async def test_an_invitation_that_ends_while_it_is_used_sets_nothing(rest: Rest, database: Database, end: str) -> None:
    link = await invited(rest, await rest.user(admin=True))
    if end == "disabled":
        await account_changes.change(database, link["user"]["id"], disabled=True, by="cli")
    else:
        async with database.transaction() as connection:
            await connection.run("UPDATE invitations SET expires_at = now()")
    with pytest.raises(InvitationNotFound):  # what `find` has found before
        await invitations.accept(database, refresh_digest(token_of(link)), "a hash")
    assert await rows(database, "SELECT password_hash FROM users WHERE username = 'eve'") == [(None,)]


async def test_of_two_uses_at_once_one_wins(rest: Rest) -> None:
    token = token_of(await invited(rest, await rest.user(admin=True)))
    chosen = [f"{NEW} {n}" for n in range(6)]
    answers = await asyncio.gather(*(accepted(rest, token, password) for password in chosen))
    assert sorted(status for status, _ in answers) == [200] + [404] * 5
    winner = next(password for password, (status, _) in zip(chosen, answers, strict=True) if status == 200)
    assert [(await logged_in(rest, "eve", password))[0] for password in chosen].count(200) == 1
    assert (await logged_in(rest, "eve", winner))[0] == 200


@pytest.mark.parametrize("password", ["short", "password", "Eve Adams Smith", "aaaaaaaaaa", "a\u0000bcdefgh"])
async def test_a_weak_password_does_not_use_an_invitation_up(rest: Rest, password: str) -> None:
    token = token_of(await invited(rest, await rest.user(admin=True), "Eve Adams Smith"))
    assert await accepted(rest, token, password) == (422, "weak_password")
    assert (await accepted(rest, token))[0] == 200


async def test_invitations_are_limited_by_address(database: Database) -> None:
    async with open_rest(database, NEXUS_LOGINS_PER_MINUTE="2") as rest:
        assert [(await accepted(rest, "x"))[0] for _ in range(3)] == [404, 404, 429]


async def test_an_account_without_a_password_is_as_unknown(rest: Rest) -> None:
    await invited(rest, await rest.user(admin=True))
    texts = {
        (await rest("POST", "/auth/token/", json={"username": name, "password": text})).text
        for name in ("eve", "nobody")
        for text in ("", NEW, "None")
    }
    assert len(texts) == 1 and await logged_in(rest, "eve", NEW) == WRONG


async def test_a_reset_ends_every_login_once_it_is_used(rest: Rest, database: Database) -> None:
    admin = await rest.user(admin=True)
    user = await accounts.add(database, "ann", None, await passwords().hash(PASSWORD), admin=False)
    _, access = await logged_in(rest, "ann", PASSWORD)
    link = (await rest("POST", f"/users/{user.id}/invitation/", admin)).json()
    assert link["user"]["has_password"] and (await logged_in(rest, "ann", PASSWORD))[0] == 200
    status, fresh = await accepted(rest, token_of(link))
    assert status == 200 and await logged_in(rest, "ann", PASSWORD) == WRONG
    await rest.services.gate.refresh()
    assert (await rest("GET", "/auth/me/", Person(token=access))).status_code == 401
    assert (await rest("GET", "/auth/me/", Person(token=fresh))).status_code == 200
