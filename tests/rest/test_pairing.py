"""Pairing: another device becomes a screen of a poll or presents it, by a code that serves once
(docs/contract.md, "Pairing")."""

from __future__ import annotations

import asyncio

import pytest

from nexus.access.pairing_codes import pairing_digest
from nexus.access.refresh_tokens import new_refresh
from nexus.domain.codes import ALPHABET, has_code_shape
from nexus.domain.identity import Identity
from nexus.domain.rights import Role
from nexus.errors import PairingNotFound, PollNotFound, Unauthenticated
from nexus.store import account_changes, accounts, departures, pairings, sessions, vacuum
from nexus.store.accounts import User
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.rest import Person, Rest, open_rest, refused
from tests.support.values import Json

GONE, FORBIDDEN = (404, "pairing_not_found"), (403, "forbidden")


async def code_of(rest: Rest, poll: Json, host: Person, role: str = "presenter", **more: object) -> str:
    """A new pairing code of a poll."""
    answer = await rest("POST", f"/polls/{poll['id']}/pairing/", host, json={"role": role, **more})
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def logged_in(rest: Rest, user: User) -> tuple[Person, str]:
    """A login of an account, and its refresh token."""
    refresh, digest = new_refresh()
    login = await sessions.begin(rest.services.database, user, digest, 60)
    return Person(user.subject, rest.services.tokens.access(user.subject, ["user"], login=login.id)), refresh


async def used(rest: Rest, code: str) -> tuple[int, str]:
    """What comes of using a code, as the status and the code of a refusal."""
    answer = await rest("POST", "/auth/screen/", json={"code": code})
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, "")


async def paired(rest: Rest, poll: Json, host: Person, role: str = "presenter") -> Person:
    """Another device that shows the poll."""
    answer = await rest("POST", "/auth/screen/", json={"code": await code_of(rest, poll, host, role)})
    assert answer.status_code == 201, answer.text
    return Person(host.voter, answer.json()["access"])


@pytest.mark.parametrize("role", ["screen", "presenter"])
async def test_code_becomes_a_token_once(rest: Rest, database: Database, role: str) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, status="draft")
    made = (await rest("POST", f"/polls/{poll['id']}/pairing/", ann, json={"role": role})).json()
    assert made.keys() == {"code", "role", "expires_at"}
    assert (made["role"], len(made["code"]), set(made["code"]) - set(ALPHABET)) == (role, 8, set())
    assert not has_code_shape(made["code"]), "no poll's code can be meant"
    assert made["code"] not in str(await rest.dump())
    assert await rows(database, "SELECT expires_at > now() + interval '590 s' FROM pairings") == [(True,)]
    typed = f" {made['code'][:4].lower()}-{made['code'][4:]} "
    answer = await rest("POST", "/auth/screen/", json={"code": typed})
    token = answer.json()
    assert answer.status_code == 201
    assert token == {
        "access": token["access"],
        "expires_in": 86_400,
        "role": role,
        "poll": poll["id"],
        "code": poll["code"],
    }
    me = await rest.get("/auth/me/", Person(token=token["access"]))
    assert (me["sub"], me["roles"]) == (ann.voter, [role])
    assert await used(rest, made["code"]) == GONE
    history = await rest.get(f"/polls/{poll['id']}/audit/?action=pair_screen", ann)
    assert [entry["details"] for entry in history["results"]] == [{"role": role, "seconds": 86_400}]


async def test_code_of_a_link_is_long_and_holds_for_a_minute(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    code = await code_of(rest, await rest.poll(ann), ann, handover=True)
    assert len(code) == 32
    assert await rows(database, "SELECT expires_at < now() + interval '61 s' FROM pairings") == [(True,)]
    assert await used(rest, code) == (201, "")


async def test_codes_that_do_not_hold_are_all_alike(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    poll, gone = await rest.poll(ann), await rest.poll(ann)
    codes = [
        await code_of(rest, poll, ann),
        await code_of(rest, gone, ann),
        "23456789",
        "nonsense",
        "K7M2QP",
        poll["code"],
    ]
    await rest("DELETE", f"/polls/{gone['id']}/", ann)
    async with database.transaction() as connection:
        await connection.run("UPDATE pairings SET expires_at = clock_timestamp()")
    before = await rest.dump()
    assert [await used(rest, code) for code in codes] == [GONE] * len(codes)
    for body in ({}, {"code": ""}, {"code": 7}, {"code": "x" * 41}, {"code": "a\0b"}, {"code": "K7", "role": "host"}):
        answer = await rest("POST", "/auth/screen/", json=body)
        assert refused(answer)[0] == 422, body
    assert await rest.dump() == before


async def test_wrong_codes_are_limited_and_right_ones_still_serve(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_CODES_PER_ADDRESS="3") as rest:
        ann = await rest.user()
        code = await code_of(rest, await rest.poll(ann), ann)
        answers = [await used(rest, "23456789") for _ in range(4)]
        assert answers == [GONE] * 3 + [(429, "too_many_requests")]
        assert await used(rest, code) == (201, "")


async def test_of_many_who_use_a_code_at_once_one_has_it(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    digest = pairing_digest(await code_of(rest, await rest.poll(ann), ann))
    tries = (pairings.redeem(database, digest, ttl_s=60) for _ in range(8))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [isinstance(one, PairingNotFound) for one in answers].count(False) == 1
    assert await rows(database, "SELECT count(*) FROM audit_log WHERE action = 'pair_screen'") == [(1,)]


async def test_presenter_does_what_the_stage_does_and_nothing_else(rest: Rest) -> None:
    ann = await rest.user()
    poll, other = await rest.poll(ann, results="host", is_public=False), await rest.poll(ann)
    await rest.vote(ann, poll)
    stage, path = await paired(rest, poll, ann), f"/polls/{poll['id']}/"
    assert (await rest.get(path, stage))["options"][0]["votes_count"] == 1
    assert (await rest("POST", f"{path}close/", stage)).json()["status"] == "closed"
    assert (await rest("POST", f"{path}open/", stage, json={"seconds": 60})).json()["status"] == "open"
    for policy in ("live", "host"):
        assert (await rest("PATCH", path, stage, json={"results": policy})).json()["results"] == policy
    before, option = await rest.dump(), poll["options"][0]["id"]
    new = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    for method, at, body in (
        *(("PATCH", path, change) for change in ({"question": "x"}, {"results": "live", "chart": "donut"})),
        ("PATCH", path, {"is_public": True, "max_choices": 0}),
        ("PATCH", path, {}),
        *(("PATCH", f"{path}?correction=true", change) for change in ({"question": "x"}, {}, {"results": "live"})),
        ("DELETE", path, None),
        *(("POST", f"{path}{act}/", None) for act in ("reset", "copy", "screen")),
        ("POST", f"{path}pairing/", {"role": "screen"}),
        ("POST", f"{path}options/", {"option_text": "c"}),
        ("PATCH", f"/options/{option}/", {"option_text": "c"}),
        ("DELETE", f"/options/{option}/", None),
        *((method, f"{path}vote/", {"option": option}) for method in ("POST", "DELETE", "GET")),
        ("GET", f"{path}export/", None),
        ("GET", f"{path}audit/", None),
        ("POST", "/polls/", new),
        ("POST", "/auth/password/", {"old": "x", "new": "y" * 20}),
        ("DELETE", "/auth/me/", {"password": "x"}),
    ):
        answer = await rest(method, at, stage, json=body)
        assert refused(answer) == FORBIDDEN, (method, at)
    assert refused(await rest("POST", f"/polls/{other['id']}/close/", stage)) == (404, "poll_not_found")
    assert await rest.dump() == before


async def test_screen_by_a_code_still_changes_nothing(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    screen = await paired(rest, poll, ann, "screen")
    for method, path, body in (("POST", "close/", None), ("POST", "open/", None), ("PATCH", "", {"results": "host"})):
        answer = await rest(method, f"/polls/{poll['id']}/{path}", screen, json=body)
        assert refused(answer) == FORBIDDEN, path


async def test_role_and_rights_are_checked(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann)
    path = f"/polls/{poll['id']}/pairing/"
    before = await rest.dump()
    for body in ({}, {"role": "host"}, {"role": "admin"}, {"role": None}, {"role": "screen", "handover": 1}, {"x": 1}):
        assert refused(await rest("POST", path, ann, json=body)) == (422, "invalid"), body
    for who in (bob, await rest.guest(poll), await rest.screen(poll, ann)):
        assert refused(await rest("POST", path, who, json={"role": "screen"})) == FORBIDDEN
    assert {"pairings": before.get("pairings")} == {"pairings": (await rest.dump()).get("pairings")}


async def test_codes_of_a_poll_that_wait_are_bounded(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    codes = [await code_of(rest, poll, ann) for _ in range(pairings.MOST_WAITING + 1)]
    assert await rows(database, "SELECT count(*) FROM pairings") == [(pairings.MOST_WAITING,)]
    assert [await used(rest, codes[0]), await used(rest, codes[-1])] == [GONE, (201, "")]


async def test_expired_codes_are_swept(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    old = await code_of(rest, poll, ann)
    async with database.transaction() as connection:
        await connection.run("UPDATE pairings SET expires_at = clock_timestamp()")
    new = await code_of(rest, poll, ann)
    await vacuum.forget_pairings(database)
    assert await rows(database, "SELECT digest FROM pairings") == [(pairing_digest(new),)]
    assert await used(rest, old) == GONE


@pytest.mark.parametrize("end", ["password", "disabled", "demoted", "deleted"])
async def test_what_ends_the_hosts_logins_ends_codes_and_presenters(rest: Rest, database: Database, end: str) -> None:
    await accounts.add(database, "boss", None, "hash", admin=True)
    user = await accounts.add(database, "ann", None, "hash", admin=True)
    host = Person(user.subject, rest.services.tokens.access(user.subject, user.roles))
    poll = await rest.poll(await rest.user())
    stage, code = await paired(rest, poll, host), await code_of(rest, poll, host)
    if end == "password":
        await accounts.change_password(database, user, "another hash", keep="")
    elif end == "deleted":
        await departures.delete(database, user.id, by="cli")
    else:
        changed: dict[str, bool] = {"disabled": True} if end == "disabled" else {"admin": False}
        await account_changes.change(database, user.id, by="cli", **changed)
    assert await used(rest, code) == GONE
    await rest.services.gate.refresh()
    answer = await rest("POST", f"/polls/{poll['id']}/close/", stage)
    assert refused(answer) == (401, "unauthenticated")


@pytest.mark.parametrize("role", ["screen", "presenter"])
async def test_a_logout_ends_the_codes_that_wait_and_no_screen_or_presenter(
    rest: Rest, database: Database, role: str
) -> None:
    user = await accounts.add(database, "ann", None, "hash", admin=False)
    (host, refresh), (elsewhere, _) = await logged_in(rest, user), await logged_in(rest, user)
    poll = await rest.poll(host)
    stage, code = await paired(rest, poll, host, role), await code_of(rest, poll, host, role)
    long, other = await code_of(rest, poll, host, role, handover=True), await code_of(rest, poll, elsewhere, role)
    assert (await rest("POST", "/auth/logout/", host, json={"refresh": refresh})).status_code == 204
    await rest.services.gate.refresh()
    path = f"/polls/{poll['id']}/"
    assert await rest.get(path, stage)
    assert (await rest("POST", f"{path}close/", stage)).status_code == (200 if role == "presenter" else 403)
    assert [await used(rest, one) for one in (code, long, other)] == [GONE, GONE, (201, "")]
    answer = await rest("POST", f"{path}pairing/", host, json={"role": "screen"})
    assert refused(answer) == (401, "unauthenticated")


async def test_a_refresh_token_used_too_late_ends_the_codes_of_its_login(rest: Rest, database: Database) -> None:
    user = await accounts.add(database, "ann", None, "hash", admin=False)
    host, refresh = await logged_in(rest, user)
    code, spent = await code_of(rest, await rest.poll(host), host), refresh
    for _ in range(2):
        refresh = (await rest("POST", "/auth/token/refresh/", json={"refresh": refresh})).json()["refresh"]
    assert (await rest("POST", "/auth/token/refresh/", json={"refresh": spent})).status_code == 401
    assert await used(rest, code) == GONE


FAMILY = "00000000-0000-4000-8000-000000000009"
ADA = Identity("ext:ada", frozenset({"host"}), None, 4e9, FAMILY)


async def test_login_of_an_account_elsewhere_ends_its_codes_and_presenters(rest: Rest, database: Database) -> None:
    async with database.transaction() as connection:
        await connection.run(
            "INSERT INTO refresh_tokens (digest, family, subject, roles, ends_at, expires_at) "
            "SELECT sha256('x'), :family, 'ext:ada', '{host}', t, t FROM (SELECT now() + interval '1 day') x (t)",
            family=FAMILY,
        )
    host = Person(ADA.voter, rest.services.tokens.access(ADA.voter, ["host"], login=FAMILY))
    poll = await rest.poll(host)
    stage, code = await paired(rest, poll, host), await code_of(rest, poll, host)
    async with database.transaction() as connection:
        await connection.run("UPDATE refresh_tokens SET revoked_at = now()")
    await rest.services.gate.refresh()
    assert refused(await rest("POST", f"/polls/{poll['id']}/close/", stage)) == (401, "unauthenticated")
    assert await used(rest, code) == GONE
    with pytest.raises(Unauthenticated):
        await pairings.make(database, b"x" * 32, poll["id"], Role.SCREEN, ADA, within_s=60, ttl_s=60)


async def test_host_whose_token_names_no_account_pairs_too(rest: Rest) -> None:
    minted = Person("user:4711", rest.services.tokens.access("user:4711", ["user"]))
    stage = await paired(rest, await rest.poll(minted), minted)
    assert (await rest("GET", "/auth/me/", stage)).status_code == 200


async def test_code_of_a_poll_that_is_gone_is_not_made(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    by = Identity(ann.voter, frozenset({"user"}), None, 4e9)
    with pytest.raises(PollNotFound):
        await pairings.make(database, b"x" * 32, 4711, Role.SCREEN, by, within_s=60, ttl_s=60)
