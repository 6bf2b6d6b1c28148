"""Every call of the table of routes for everybody who may make it: who is let in, and that nobody else changes a thing.

The rights are written out from docs/contract.md, and the rows must be those of the table of routes: a new route
needs a row here.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from nexus.access.oidc.logins import code_digest
from nexus.access.oidc.returning import new_browser
from nexus.access.refresh_tokens import new_refresh
from nexus.access.tokens import Tokens
from nexus.domain.identity import Identity
from nexus.http.api.routes import CALLS
from nexus.store import account_changes, accounts, categories, handovers, invitations, polls, sessions
from nexus.store.accounts import User
from nexus.store.database import Database
from tests.branding.test_picture import KINDS as PICTURES
from tests.support.grid import grid
from tests.support.rest import KEY, NOBODY, Person, Rest, open_rest, passwords, refused
from tests.support.values import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "tin lantern 42 orchard"

# Who asks: `expired`, `garbage` and `forged` are tokens that do not hold; `stranger` is a registered user, `host2` one
# with a poll of their own, `ext` the subject of another issuer, `exthost` one with its role `host`. `voter` entered the
# poll's code; `guest`, `screen`, `presenter` and `bound` (the host's own token) hold a token of this poll alone,
# `guest2`, `screen2`, `presenter2` and `bound2` one of another poll of the same host.
#
# ok: let in; a number: the status of the refusal. A draft is seen by its host and admins, also by what they show it on.
RIGHTS = grid("""
                  | nobody expired garbage forged disabled | stranger host2 ext exthost | voter guest screen presenter bound | guest2 screen2 presenter2 bound2 | host admin

anybody   -       | ok     ok      ok      ok     ok       | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok
token     -       | 401    401     401     401    401      | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok
account   -       | 401    401     401     401    401      | ok       ok    403 403     | ok    403   403    403       403   | 403    403     403        403    | ok   ok
maker     -       | 401    401     401     401    401      | ok       ok    403 ok      | ok    403   403    403       403   | 403    403     403        403    | ok   ok
admin     -       | 401    401     401     401    401      | 403      403   403 403     | 403   403   403    403       403   | 403    403     403        403    | 403  ok

enter     public  | ok     ok      ok      ok     ok       | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok
enter     private | ok     ok      ok      ok     ok       | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok
enter     draft   | 404    404     404     404    404      | 404      404   404 404     | 404   404   404    404       404   | 404    404     404        404    | 404  404

wait      public  | ok     ok      ok      ok     ok       | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok
wait      private | ok     ok      ok      ok     ok       | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok
wait      draft   | ok     ok      ok      ok     ok       | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | ok     ok      ok         ok     | ok   ok

join      public  | 401    401     401     401    401      | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | 404    404     404        404    | ok   ok
join      private | 401    401     401     401    401      | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | 404    404     404        404    | ok   ok
join      draft   | 401    401     401     401    401      | 404      404   404 404     | 404   404   ok     ok        ok    | 404    404     404        404    | ok   ok

see       public  | 401    401     401     401    401      | ok       ok    ok  ok      | ok    ok    ok     ok        ok    | 404    404     404        404    | ok   ok
see       private | 401    401     401     401    401      | 404      404   404 404     | ok    ok    ok     ok        ok    | 404    404     404        404    | ok   ok
see       draft   | 401    401     401     401    401      | 404      404   404 404     | 404   404   ok     ok        ok    | 404    404     404        404    | ok   ok

run       public  | 401    401     401     401    401      | 403      403   403 403     | 403   403   403    403       403   | 404    404     404        404    | ok   ok
run       private | 401    401     401     401    401      | 404      404   404 404     | 403   403   403    403       403   | 404    404     404        404    | ok   ok
run       draft   | 401    401     401     401    401      | 404      404   404 404     | 404   404   403    403       403   | 404    404     404        404    | ok   ok

stage     public  | 401    401     401     401    401      | 403      403   403 403     | 403   403   403    ok        403   | 404    404     404        404    | ok   ok
stage     private | 401    401     401     401    401      | 404      404   404 404     | 403   403   403    ok        403   | 404    404     404        404    | ok   ok
stage     draft   | 401    401     401     401    401      | 404      404   404 404     | 404   404   403    ok        403   | 404    404     404        404    | ok   ok

vote      public  | 401    401     401     401    401      | ok       ok    ok  ok      | ok    ok    403    403       ok    | 404    404     404        404    | ok   ok
vote      private | 401    401     401     401    401      | 404      404   404 404     | ok    ok    403    403       ok    | 404    404     404        404    | ok   ok
vote      draft   | 401    401     401     401    401      | 404      404   404 404     | 404   404   403    403       409   | 404    404     404        404    | 409  409

own       public  | 401    401     401     401    401      | ok       ok    ok  ok      | ok    ok    403    403       ok    | 404    404     404        404    | ok   ok
own       private | 401    401     401     401    401      | 404      404   404 404     | ok    ok    403    403       ok    | 404    404     404        404    | ok   ok
own       draft   | 401    401     401     401    401      | 404      404   404 404     | 404   404   403    403       ok    | 404    404     404        404    | ok   ok
""")  # noqa: E501 (a table)

KINDS: dict[str, Json] = {"-": {}, "public": {}, "private": {"is_public": False}, "draft": {"status": "draft"}}
BROWSER = new_browser()
OIDC = {
    "NEXUS_PUBLIC_URL": "https://nexus.test",
    "NEXUS_OIDC_ISSUER": "https://id.example",
    "NEXUS_OIDC_CLIENT_ID": "nexus",
}
KNOWN = tuple(next(iter(RIGHTS.values())))[5:]
"""Who proves to be somebody."""


@dataclass(frozen=True)
class PermissionScene:
    """A poll of `host` with everybody's tokens, and what a valid body may name."""

    poll: Json
    people: dict[str, Person]
    category: int
    user: int
    refresh: str
    code: str
    invitation: str
    pairing: str
    word: str = field(default_factory=lambda: f"word{uuid4().hex}")

    @property
    def option(self) -> int:
        return int(self.poll["options"][2]["id"])


@dataclass(frozen=True)
class Row:
    """A call: the right it takes, the status of its success, and a valid body."""

    right: str
    ok: int
    body: Callable[[PermissionScene], Json | None] = lambda scene: None
    file: bytes | None = None
    """A valid body that is a file."""
    once: bool = False
    """Whether a caller who is let in can make it only once: somebody else of the same role makes it."""
    query: str = ""


NEW_POLL = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}

ROWS: dict[str, Row] = {
    "POST /auth/register": Row("anybody", 201, lambda scene: {"username": scene.word, "password": PASSWORD}),
    "POST /auth/token": Row("anybody", 200, lambda scene: {"username": "login", "password": PASSWORD}),
    "POST /auth/token/refresh": Row("anybody", 200, lambda scene: {"refresh": scene.refresh}),
    "POST /auth/oidc/token": Row("anybody", 200, lambda scene: {"code": scene.code}),
    "POST /auth/logout": Row("token", 204, lambda scene: {"refresh": scene.refresh}),
    "POST /auth/password": Row("account", 204, lambda scene: {"old": PASSWORD, "new": f"{PASSWORD} 43"}),
    "GET /auth/me": Row("token", 200),
    "DELETE /auth/me": Row("account", 204, lambda scene: {"password": PASSWORD}, once=True),
    "POST /auth/invitation": Row("anybody", 200, lambda scene: {"token": scene.invitation, "password": PASSWORD}),
    "POST /auth/invitation/read": Row("anybody", 200, lambda scene: {"token": scene.invitation}),
    "GET /users": Row("admin", 200),
    "POST /users": Row("admin", 201, lambda scene: {"username": scene.word}),
    "GET /users/{user}": Row("admin", 200),
    "PATCH /users/{user}": Row("admin", 200, lambda scene: {"disabled": True, "admin": True}),
    "DELETE /users/{user}": Row("admin", 204),
    "POST /users/{user}/invitation": Row("admin", 201),
    "GET /brand": Row("anybody", 200),
    "PUT /brand": Row("admin", 200, lambda scene: {"name": scene.word}),
    "GET /brand/colours": Row("anybody", 200, query="accent=%234338ca"),
    "PUT /brand/logo": Row("admin", 200, file=PICTURES["gif"]),
    "DELETE /brand/logo": Row("admin", 204),
    "GET /auth/me/brand": Row("maker", 200),
    "PUT /auth/me/brand": Row("maker", 200, lambda scene: {"name": scene.word}),
    "PUT /auth/me/brand/logo": Row("maker", 200, file=PICTURES["gif"]),
    "DELETE /auth/me/brand/logo": Row("maker", 204),
    "GET /polls/{poll}/brand": Row("see", 200),
    "POST /auth/guest": Row("enter", 201, lambda scene: {"code": scene.poll["code"]}),
    "GET /polls": Row("token", 200),
    "POST /polls": Row("maker", 201, lambda scene: NEW_POLL),
    "POST /polls/waiting": Row("wait", 200, lambda scene: {"code": scene.poll["code"]}),
    "POST /polls/join": Row("join", 200, lambda scene: {"code": scene.poll["code"]}),
    "GET /polls/{poll}": Row("see", 200),
    "PATCH /polls/{poll}": Row("run", 200, lambda scene: {"description": scene.word}),
    "DELETE /polls/{poll}": Row("run", 204),
    "POST /polls/{poll}/open": Row("stage", 200),
    "POST /polls/{poll}/close": Row("stage", 200),
    "POST /polls/{poll}/reset": Row("run", 200),
    "POST /polls/{poll}/copy": Row("run", 201),
    "POST /polls/{poll}/screen": Row("run", 201),
    "POST /polls/{poll}/pairing": Row("run", 201, lambda scene: {"role": "presenter"}),
    "POST /auth/screen": Row("anybody", 201, lambda scene: {"code": scene.pairing}),
    "POST /polls/{poll}/options": Row("run", 201, lambda scene: {"option_text": scene.word}),
    "GET /options/{option}": Row("see", 200),
    "PATCH /options/{option}": Row("run", 200, lambda scene: {"option_text": scene.word}),
    "DELETE /options/{option}": Row("run", 204),
    "POST /polls/{poll}/vote": Row("vote", 201, lambda scene: {"option": scene.option}),
    "DELETE /polls/{poll}/vote": Row("vote", 200),
    "GET /polls/{poll}/vote": Row("own", 200),
    "GET /polls/{poll}/results": Row("see", 200),
    "GET /polls/{poll}/export": Row("run", 200),
    "GET /polls/{poll}/audit": Row("run", 200),
    "GET /audit": Row("admin", 200),
    "GET /categories": Row("token", 200),
    "POST /categories": Row("admin", 201, lambda scene: {"name": scene.word}),
    "GET /categories/{category}": Row("token", 200),
    "PATCH /categories/{category}": Row("admin", 200, lambda scene: {"description": scene.word}),
    "DELETE /categories/{category}": Row("admin", 204),
    "GET /health/live": Row("anybody", 200),
    "GET /health/ready": Row("anybody", 200),
    "POST /health/socket": Row("anybody", 200),
}

CASES = [(route, kind) for route, row in ROWS.items() for right, kind in RIGHTS if right == row.right]


@dataclass(frozen=True)
class Town:
    """Everybody's account, and a second poll of the host, all in one rest."""

    rest: Rest
    accounts: dict[str, User]
    login: User
    other: Json

    @property
    def database(self) -> Database:
        return self.rest.services.database

    async def scene(self, kind: str) -> PermissionScene:
        """A new poll, with nothing done to it."""
        rest, database = self.rest, self.database
        poll = await rest.poll(self.member("host"), "Yes", "No", "Maybe", **KINDS[kind])
        await polls.join(database, [(poll["id"], self.accounts["voter"].subject)])
        admin = Identity(self.accounts["admin"].subject, frozenset({"admin"}), None, 4e9)
        category = await categories.add(database, uuid4().hex, "", admin)
        refresh, digest = new_refresh()
        await sessions.begin(database, self.login, digest, 3600)
        code = uuid4().hex
        await handovers.hand_over(
            database, "ext:bob", ["host"], code_digest(code, BROWSER), within_s=3600, login_s=3600
        )
        invitation, digest = new_refresh()
        invited = await invitations.invite(database, uuid4().hex, None, digest, 3600, admin=False, by="cli")
        pairing = (
            await rest("POST", f"/polls/{poll['id']}/pairing/", self.member("host"), json={"role": "screen"})
        ).json()
        return PermissionScene(
            poll, self.people(poll), category.id, invited.account.id, refresh, code, invitation, pairing["code"]
        )

    async def another(self, name: str) -> Person:
        """Somebody new, as `name` is."""
        digest, admin = self.login.password_hash, self.accounts[name].is_admin
        assert digest is not None
        user = await accounts.add(self.database, uuid4().hex, None, digest, admin=admin)
        return Person(user.subject, self.rest.services.tokens.access(user.subject, user.roles), user.username)

    def member(self, name: str, **bound: Any) -> Person:
        """Somebody with an account, with a token as their login makes it."""
        user = self.accounts[name]
        return Person(user.subject, self.rest.services.tokens.access(user.subject, user.roles, **bound), user.username)

    def people(self, poll: Json) -> dict[str, Person]:
        """Everybody, as they stand to `poll`."""
        tokens, host = self.rest.services.tokens, self.accounts["host"].subject
        stale = Tokens(KEY, access_ttl_s=60, clock=lambda: time.time() - 3600)
        people = {"nobody": NOBODY, "garbage": Person(token="no.such.token")}
        people["expired"] = Person(token=stale.access(host, ["user"]))
        people["forged"] = Person(token=Tokens(KEY[::-1]).access(host, ["user", "admin"]))
        people |= {name: self.member(name) for name in self.accounts}
        people["ext"] = Person("ext:ada", tokens.access("ext:ada"))
        people["exthost"] = Person("ext:bob", tokens.access("ext:bob", ["host"]))
        for end, bound in (("", poll), ("2", self.other)):
            guest = f"guest:{uuid4()}"
            people[f"guest{end}"] = Person(guest, tokens.access(guest, ["guest"], polls=[bound["id"]]))
            people[f"screen{end}"] = Person(host, tokens.access(host, ["screen"], polls=[bound["id"]]))
            people[f"presenter{end}"] = Person(host, tokens.access(host, ["presenter"], polls=[bound["id"]]))
            people[f"bound{end}"] = self.member("host", polls=[bound["id"]])
        return people


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(module_database_url: str) -> AsyncIterator[Town]:
    database = Database(module_database_url)
    await database.connect()
    digest = await passwords().hash(PASSWORD)
    async with open_rest(database, NEXUS_VOTES_BURST="10000", NEXUS_LOGINS_PER_MINUTE="10000", **OIDC) as rest:
        rest.client.cookies.set("__Host-nexus-login", BROWSER)
        made = {
            name: await accounts.add(database, name, None, digest, admin=name == "admin")
            for name in ("host", "host2", "stranger", "voter", "admin", "disabled", "login")
        }
        await account_changes.change(database, made["disabled"].id, disabled=True, by="cli")
        await rest.services.gate.refresh()
        town = Town(rest, made, made.pop("login"), {})
        other = await rest.poll(town.member("host"))
        await rest.poll(town.member("host2"))
        yield Town(rest, made, town.login, other)
    await database.close()


async def ask(town: Town, scene: PermissionScene, route: str, who: str, number: object = None) -> tuple[int, str]:
    """Make a call as `who`, of the things of the scene or of another `id`: the status, and the code of a refusal."""
    method, path = route.split()
    ids = {"poll": scene.poll["id"], "option": scene.option, "category": scene.category, "user": scene.user}
    named = path.format(**(ids if number is None else dict.fromkeys(ids, number)))
    answer = await town.rest(
        method,
        f"{named}/?{ROWS[route].query}",
        scene.people[who],
        json=ROWS[route].body(scene),
        content=ROWS[route].file,
    )
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, "")


def refusal(route: str, status: int) -> tuple[int, str]:
    """A refusal as the contract names it."""
    thing = next((thing for thing in ("option", "category", "user") if f"{{{thing}}}" in route), "poll")
    codes = {401: "unauthenticated", 403: "forbidden", 404: f"{thing}_not_found", 409: "poll_not_open"}
    return status, codes[status]


async def test_every_call_has_a_row() -> None:
    # Those of events have theirs in `test_event_matrix.py`.
    assert set(ROWS) == {f"{call.method} {call.path}" for call in CALLS if not call.path.startswith("/events")}
    assert {row.right for row in ROWS.values()} == {right for right, _ in RIGHTS}


@pytest.mark.parametrize(("route", "kind"), CASES)
async def test_call_lets_in_whom_it_should(town: Town, route: str, kind: str) -> None:
    row = ROWS[route]
    cells = RIGHTS[row.right, kind]
    scene = await town.scene(kind)
    before = await town.rest.dump()
    for who, cell in cells.items():
        if cell != "ok":
            assert await ask(town, scene, route, who) == refusal(route, int(cell)), who
    assert await town.rest.dump() == before
    for who, cell in cells.items():
        if cell == "ok":
            fresh = scene if route.startswith("GET") else await town.scene(kind)
            if row.once:
                fresh.people[who] = await town.another(who)
            assert await ask(town, fresh, route, who) == (row.ok, ""), who


@pytest.mark.parametrize("kind", ["public", "private", "draft"])
async def test_list_holds_what_one_may_know_of(town: Town, kind: str) -> None:
    scene = await town.scene(kind)
    for who in KNOWN:
        listed = await town.rest.get("/polls/?page_size=5", scene.people[who])
        found = scene.poll["id"] in [poll["id"] for poll in listed["results"]]
        assert found == (RIGHTS["see", kind][who] == "ok"), who


@pytest.mark.parametrize("route", [route for route in ROWS if "{" in route])
async def test_id_out_of_range_is_not_found(town: Town, route: str) -> None:
    scene = await town.scene("public")
    before = await town.rest.dump()
    for number in (0, -1, 2**63, "text"):
        answers = {who: await ask(town, scene, route, who, number) for who in ("nobody", *KNOWN)}
        assert answers == {"nobody": refusal(route, 401)} | dict.fromkeys(KNOWN, refusal(route, 404)), number
    assert await town.rest.dump() == before
