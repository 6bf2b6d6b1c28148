"""Every call on events for everybody who may make it, as `test_permission_matrix.py` has the other calls: who is let
in, and that nobody else changes a thing.

The rights are written out from docs/contract.md, and the rows must be those of the table of routes: a new route
needs a row here.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio

from nexus.http.api.routes import CALLS
from nexus.store import accounts, events
from nexus.store.accounts import User
from nexus.store.database import Database
from tests.support.events import event_of, new_poll
from tests.support.grid import grid
from tests.support.rest import NOBODY, Person, Rest, open_rest, refused
from tests.support.values import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Who asks: `stranger` is a registered user, `removed` one who was a co-host once, `ext` the subject of another issuer,
# `exthost` one with its role `host`. `voter` entered the event's code; `guest`, `screen` and `presenter` hold a token
# of this event, `bound` is the owner's own token for it alone; `guest2` and `screen2` have one of another event of the
# same owner, `pollguest` one of a poll that stands alone.
#
# ok: let in; a number: the status of the refusal.
RIGHTS = grid("""
                 | nobody | stranger removed ext exthost | voter guest screen presenter bound | guest2 screen2 pollguest | cohost owner admin

token    -       | 401    | ok       ok      ok  ok      | ok    403   403    403       403   | 403    403     403       | ok     ok    ok
maker    -       | 401    | ok       ok      403 ok      | ok    403   403    403       403   | 403    403     403       | ok     ok    ok

join     public  | 401    | ok       ok      ok  ok      | ok    ok    ok     ok        ok    | 404    404     404       | ok     ok    ok
join     private | 401    | ok       ok      ok  ok      | ok    ok    ok     ok        ok    | 404    404     404       | ok     ok    ok

see      public  | 401    | ok       ok      ok  ok      | ok    ok    ok     ok        ok    | 404    404     404       | ok     ok    ok
see      private | 401    | 404      404     404 404     | ok    ok    ok     ok        ok    | 404    404     404       | ok     ok    ok

run      public  | 401    | 403      403     403 403     | 403   403   403    403       403   | 404    404     404       | ok     ok    ok
run      private | 401    | 404      404     404 404     | 403   403   403    403       403   | 404    404     404       | ok     ok    ok

own      public  | 401    | 403      403     403 403     | 403   403   403    403       403   | 404    404     404       | 403    ok    ok
own      private | 401    | 404      404     404 404     | 403   403   403    403       403   | 404    404     404       | 403    ok    ok
""")  # noqa: E501 (a table)

KINDS: dict[str, Json] = {"-": {}, "public": {}, "private": {"is_public": False}}
KNOWN = tuple(next(iter(RIGHTS.values())))[1:]


@dataclass(frozen=True)
class EventScene:
    """An event of `owner` with three polls, an open one first, and everybody's tokens."""

    event: Json
    people: dict[str, Person]

    @property
    def polls(self) -> list[int]:
        return [poll["id"] for poll in self.event["polls"]]


@dataclass(frozen=True)
class Row:
    """A call: the right it takes, the status of its success, a valid body and query."""

    right: str
    ok: int
    body: Callable[[EventScene], Json | None] = lambda scene: None
    query: str = ""


ROWS: dict[str, Row] = {
    "GET /events": Row("token", 200),
    "POST /events": Row("maker", 201, lambda scene: {"title": "Mine", "polls": [new_poll()]}),
    "POST /events/join": Row("join", 200, lambda scene: {"code": scene.event["code"]}),
    "GET /events/{event}": Row("see", 200),
    "PATCH /events/{event}": Row("run", 200, lambda scene: {"title": uuid4().hex}),
    "DELETE /events/{event}": Row("own", 204),
    "POST /events/{event}/polls": Row("run", 201, lambda scene: new_poll()),
    "PUT /events/{event}/order": Row("run", 200, lambda scene: {"polls": scene.polls[::-1]}),
    "POST /events/{event}/show": Row("run", 200, lambda scene: {"poll": scene.polls[1]}),
    "POST /events/{event}/next": Row("run", 200),
    "POST /events/{event}/previous": Row("run", 200),
    "GET /events/{event}/hosts": Row("run", 200),
    "POST /events/{event}/hosts": Row("own", 201, lambda scene: {"username": "stranger"}),
    "DELETE /events/{event}/hosts/{user}": Row("own", 204),
    "DELETE /events/{event}/hosts": Row("own", 204, query="?sub=user:{user}"),
    "POST /events/{event}/owner": Row("own", 200, lambda scene: {"username": "stranger"}),
    "GET /events/{event}/definition": Row("run", 200),
    "POST /events/{event}/copy": Row("run", 201),
    "POST /events/{event}/screen": Row("run", 201),
    "GET /events/{event}/results": Row("see", 200),
    "GET /events/{event}/export": Row("run", 200),
    "GET /events/{event}/audit": Row("run", 200),
}

# What an event's rights are for the calls on one of its polls, which `test_permission_matrix.py` has for those that
# stand alone: the first poll is open, the last a draft.
POLL_RIGHTS = grid("""
                 | nobody | stranger removed ext exthost | voter guest screen presenter bound | guest2 screen2 pollguest | cohost owner admin

open     public  | 401    | ok       ok      ok  ok      | ok    ok    ok     ok        ok    | 404    404     404       | ok     ok    ok
open     private | 401    | 404      404     404 404     | ok    ok    ok     ok        ok    | 404    404     404       | ok     ok    ok
draft    public  | 401    | 404      404     404 404     | 404   404   ok     ok        ok    | 404    404     404       | ok     ok    ok
draft    private | 401    | 404      404     404 404     | 404   404   ok     ok        ok    | 404    404     404       | ok     ok    ok

run_open  public  | 401   | 403      403     403 403     | 403   403   403    403       403   | 404    404     404       | ok     ok    ok
run_open  private | 401   | 404      404     404 404     | 403   403   403    403       403   | 404    404     404       | ok     ok    ok
run_draft public  | 401   | 404      404     404 404     | 404   404   403    403       403   | 404    404     404       | ok     ok    ok
run_draft private | 401   | 404      404     404 404     | 404   404   403    403       403   | 404    404     404       | ok     ok    ok

present_open  public  | 401 | 403      403     403 403     | 403   403   403    ok        403   | 404    404     404       | ok     ok    ok
present_open  private | 401 | 404      404     404 404     | 403   403   403    ok        403   | 404    404     404       | ok     ok    ok
present_draft public  | 401 | 404      404     404 404     | 404   404   403    ok        403   | 404    404     404       | ok     ok    ok
present_draft private | 401 | 404      404     404 404     | 404   404   403    ok        403   | 404    404     404       | ok     ok    ok

vote     public  | 401    | ok       ok      ok  ok      | ok    ok    403    403       ok    | 404    404     404       | ok     ok    ok
vote     private | 401    | 404      404     404 404     | ok    ok    403    403       ok    | 404    404     404       | ok     ok    ok
""")  # noqa: E501 (a table)

POLL_CALLS: dict[str, list[tuple[str, str]]] = {
    "open": [("GET", ""), ("GET", "results/")],
    "draft": [("GET", ""), ("GET", "results/")],
    "run_open": [("PATCH", ""), ("POST", "reset/"), ("GET", "export/"), ("GET", "audit/"), ("POST", "copy/")],
    "run_draft": [("PATCH", ""), ("GET", "export/"), ("POST", "reset/"), ("GET", "audit/"), ("POST", "copy/")],
    "present_open": [("POST", "open/"), ("POST", "close/")],
    "present_draft": [("POST", "open/"), ("POST", "close/")],
    "vote": [("POST", "vote/")],
}


@dataclass(frozen=True)
class Hall:
    """Everybody's account, and another event and a poll of the owner, all in one rest."""

    rest: Rest
    accounts: dict[str, User]
    others: dict[str, Json]

    async def scene(self, kind: str) -> EventScene:
        """A new event, with nothing done to it but its first poll opened."""
        owner = self.member("owner")
        event = await event_of(self.rest, owner, "Show", *(new_poll(f"{n}?") for n in range(3)), **KINDS[kind])
        answer = await self.rest("POST", f"/polls/{event['polls'][0]['id']}/open/", owner)
        assert answer.status_code == 200
        for name in ("cohost", "removed"):
            answer = await self.rest("POST", f"/events/{event['id']}/hosts/", owner, json={"username": name})
            assert answer.status_code == 201
        removed = self.accounts["removed"].id
        assert (await self.rest("DELETE", f"/events/{event['id']}/hosts/{removed}/", owner)).status_code == 204
        await events.join(self.rest.services.database, [(event["id"], self.accounts["voter"].subject)])
        return EventScene(event, self.people(event))

    def member(self, name: str, event: int | None = None) -> Person:
        """Somebody with an account, with a token as their login makes it."""
        user = self.accounts[name]
        return Person(
            user.subject, self.rest.services.tokens.access(user.subject, user.roles, event=event), user.username
        )

    def people(self, event: Json) -> dict[str, Person]:
        """Everybody, as they stand to `event`."""
        tokens, owner = self.rest.services.tokens, self.accounts["owner"].subject
        people = {"nobody": NOBODY} | {name: self.member(name) for name in self.accounts}
        people["ext"] = Person("ext:ada", tokens.access("ext:ada"))
        people["exthost"] = Person("ext:bob", tokens.access("ext:bob", ["host"]))
        people["bound"] = self.member("owner", event=event["id"])
        for end, bound in (("", event), ("2", self.others["event"])):
            guest = f"guest:{uuid4()}"
            people[f"guest{end}"] = Person(guest, tokens.access(guest, ["guest"], event=bound["id"]))
            people[f"screen{end}"] = Person(owner, tokens.access(owner, ["screen"], event=bound["id"]))
        people["presenter"] = Person(owner, tokens.access(owner, ["presenter"], event=event["id"]))
        guest = f"guest:{uuid4()}"
        people["pollguest"] = Person(guest, tokens.access(guest, ["guest"], polls=[self.others["poll"]["id"]]))
        return people


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(module_database_url: str) -> AsyncIterator[Hall]:
    database = Database(module_database_url)
    await database.connect()
    async with open_rest(database, NEXUS_VOTES_BURST="10000") as rest:
        made = {
            name: await accounts.add(database, name, None, "none", admin=name == "admin")
            for name in ("owner", "cohost", "removed", "stranger", "voter", "admin")
        }
        hall = Hall(rest, made, {})
        owner = hall.member("owner")
        hall.others["event"] = await event_of(rest, owner, "Another", new_poll())
        hall.others["poll"] = await rest.poll(owner)
        yield hall
    await database.close()


async def ask(hall: Hall, scene: EventScene, route: str, who: str) -> tuple[int, str]:
    """Make a call as `who`: the status, and the code of a refusal."""
    method, path = route.split()
    named = f"{path}/{ROWS[route].query}".format(event=scene.event["id"], user=hall.accounts["cohost"].id)
    answer = await hall.rest(method, named, scene.people[who], json=ROWS[route].body(scene))
    return refused(answer) if answer.status_code >= 400 else (answer.status_code, "")


def refusal(status: int, thing: str = "event") -> tuple[int, str]:
    """A refusal as the contract names it."""
    return status, {401: "unauthenticated", 403: "forbidden", 404: f"{thing}_not_found"}[status]


async def test_every_call_has_a_row() -> None:
    assert set(ROWS) == {f"{call.method} {call.path}" for call in CALLS if call.path.startswith("/events")}
    assert {row.right for row in ROWS.values()} == {right for right, _ in RIGHTS}


@pytest.mark.parametrize(
    ("route", "kind"), [(route, kind) for route, row in ROWS.items() for right, kind in RIGHTS if right == row.right]
)
async def test_call_lets_in_whom_it_should(hall: Hall, route: str, kind: str) -> None:
    row = ROWS[route]
    cells = RIGHTS[row.right, kind]
    scene = await hall.scene(kind)
    before = await hall.rest.dump()
    for who, cell in cells.items():
        if cell != "ok":
            assert await ask(hall, scene, route, who) == refusal(int(cell)), who
    assert await hall.rest.dump() == before
    for who, cell in cells.items():
        if cell == "ok":
            fresh = scene if route.startswith("GET") else await hall.scene(kind)
            assert await ask(hall, fresh, route, who) == (row.ok, ""), who


@pytest.mark.parametrize(("right", "kind"), list(POLL_RIGHTS))
async def test_polls_let_in_whom_their_event_lets_in(hall: Hall, right: str, kind: str) -> None:
    cells = POLL_RIGHTS[right, kind]
    for method, path in POLL_CALLS[right]:
        scene = await hall.scene(kind)
        poll = scene.polls[-1 if "draft" in right else 0]
        options = (await hall.rest.get(f"/polls/{poll}/", scene.people["owner"]))["options"]
        body = {"description": uuid4().hex} if method == "PATCH" else None
        body = {"option": options[0]["id"]} if path == "vote/" else body
        before = await hall.rest.dump()
        for who in sorted(cells, key=lambda who: cells[who] == "ok"):
            cell = cells[who]
            if cell == "ok":
                answer = await hall.rest(method, f"/polls/{poll}/{path}", scene.people[who], json=body)
                assert answer.status_code < 300, (who, path, answer.text)
            else:
                answer = await hall.rest(method, f"/polls/{poll}/{path}", scene.people[who], json=body)
                assert refused(answer) == refusal(int(cell), "poll"), (who, path)
                assert await hall.rest.dump() == before, (who, path)


@pytest.mark.parametrize("kind", ["public", "private"])
async def test_lists_of_polls_hold_what_one_may_know_of(hall: Hall, kind: str) -> None:
    scene = await hall.scene(kind)
    for who in KNOWN:
        listed = await hall.rest.get("/polls/?page_size=100", scene.people[who])
        found = {poll["id"] for poll in listed["results"]}
        for right, poll in (("open", scene.polls[0]), ("draft", scene.polls[-1])):
            assert (poll in found) == (POLL_RIGHTS[right, kind][who] == "ok"), (who, right)


@pytest.mark.parametrize("kind", ["public", "private"])
async def test_run_sheet_holds_what_one_may_know_of(hall: Hall, kind: str) -> None:
    scene = await hall.scene(kind)
    for who in KNOWN:
        if RIGHTS["see", kind][who] == "ok":
            event = await hall.rest.get(f"/events/{scene.event['id']}/", scene.people[who])
            found = [poll["id"] for poll in event["polls"]]
            drafts = POLL_RIGHTS["draft", kind][who] == "ok"
            assert found == (scene.polls if drafts else scene.polls[:1]), who


@pytest.mark.parametrize("route", [route for route in ROWS if "{" in route])
async def test_id_out_of_range_is_not_found(hall: Hall, route: str) -> None:
    scene = await hall.scene("public")
    before = await hall.rest.dump()
    for number in (0, -1, 2**63, "text", 2**62):
        method, path = route.split()
        named = f"{path}/{ROWS[route].query}".format(event=number, user=1)
        for who in KNOWN:
            answer = await hall.rest(method, named, scene.people[who], json=ROWS[route].body(scene))
            assert refused(answer) == refusal(404), (who, number)
    assert await hall.rest.dump() == before
