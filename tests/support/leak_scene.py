"""What the matrices of who sees counts share: a worker with its people, polls at a phase, what a role should see."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from nexus.app import application
from tests.support.rest import NOBODY, Person, Rest
from tests.support.sockets import SocketClient, SocketServer, open_socket_server
from tests.support.values import Json, new_op

ROLES = (
    *("host", "admin", "screen", "presenter"),
    *("voted", "guest_voted"),
    *("silent", "retracted", "guest_silent"),
    "stranger",
)
"""Who looks at a poll: `voted` and `guest_voted` have a ballot in its first round, `retracted` took theirs back,
`silent` entered the code and did no more, `stranger` is a registered user who never came."""

NO_VOTES, VOTES, MORE_VOTES = (0, 0, 0), (4, 3, 0), (5, 3, 0)
"""The votes of the three options: 57.14 and 42.86 %, which nothing else in an answer is; then with one more."""


@dataclass
class RecordingRest(Rest):
    """A `Rest` that keeps what everybody was answered."""

    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    async def __call__(self, method: str, path: str, who: Person = NOBODY, **sent: Any) -> httpx.Response:
        """Call one path as `who`."""
        answer = await super().__call__(method, path, who, **sent)
        self.heard[who.token].append(f"{answer.headers.get('etag')} {answer.text}")
        return answer


@dataclass(frozen=True)
class WatchedPoll:
    """A poll, and those who look at it; `ops` are those of the first round, by role."""

    poll: Json
    people: dict[str, Person]
    ops: dict[str, str]
    word: str

    @property
    def path(self) -> str:
        return f"/polls/{self.poll['id']}/"

    def place(self, option: int) -> int:
        """The id of the option at a place."""
        return int(self.poll["options"][option]["id"])


@dataclass(frozen=True)
class LeakScene:
    """A worker reached over sockets and one over HTTP, their users, seven more who vote, and one who comes late.

    `apart`: they are two workers, and not one.
    """

    ws: SocketServer
    rest: RecordingRest
    users: dict[str, Person]
    fillers: list[Person]
    late: Person
    apart: bool

    async def poll(self, **fields: Any) -> WatchedPoll:
        """A new poll with three options, and tokens of it for those who need one."""
        word = f"word{uuid4().hex}"
        poll = await self.rest.poll(self.users["host"], "Yes", "No", "Maybe", question=f"Which {word}?", **fields)
        tokens, people = self.rest.services.tokens, dict(self.users)
        host = poll["created_by"]
        for name in ("screen", "presenter"):
            people[name] = Person(host, tokens.access(host, [name], polls=[poll["id"]]))
        for name in ("guest_voted", "guest_silent"):
            guest = f"guest:{uuid4()}"
            people[name] = Person(guest, tokens.access(guest, ["guest"], polls=[poll["id"]]))
        ops = {name: new_op() for name in ("voted", "guest_voted", "retracted", "taken_back")}
        return WatchedPoll(poll, people, ops, word)

    async def enter(self, shown: WatchedPoll, *people: Person) -> None:
        """Let people enter the code, where that makes a difference."""
        if shown.poll["is_public"]:
            return
        code = {"code": shown.poll["code"]}
        answers = await asyncio.gather(*(self.rest("POST", "/polls/join/", who, json=code) for who in people))
        assert all(answer.status_code == 200 for answer in answers)

    async def first_round(self, shown: WatchedPoll) -> None:
        """VOTES, with those of the roles among them."""
        people, ops = shown.people, shown.ops
        await self.enter(shown, *(people[name] for name in ("voted", "silent", "retracted")), *self.fillers, self.late)
        await self.rest.vote(people["voted"], shown.poll, 0, op=ops["voted"])
        await self.rest.vote(people["guest_voted"], shown.poll, 1, op=ops["guest_voted"])
        await self.rest.vote(people["retracted"], shown.poll, 2, op=ops["retracted"])
        answer = await self.rest("DELETE", f"{shown.path}vote/", people["retracted"], op=ops["taken_back"])
        assert answer.json()["status"] == "retracted"
        await self.fill(shown, 0, 0, 0, 1, 1)

    async def fill(self, shown: WatchedPoll, *places: int) -> None:
        """One ballot of each filler, for the option at its place."""
        cast = (self.rest.vote(who, shown.poll, place) for who, place in zip(self.fillers, places, strict=False))
        await asyncio.gather(*cast)

    async def host(self, shown: WatchedPoll, act: str) -> Json:
        """Let the host open, close or reset the poll, or change it to the JSON that `act` is; the poll."""
        method, path, body = ("PATCH", "", json.loads(act)) if act.startswith("{") else ("POST", f"{act}/", None)
        answer = await self.rest(method, f"{shown.path}{path}", self.users["host"], json=body)
        assert answer.status_code == 200, answer.text
        changed: Json = answer.json()
        return changed

    @asynccontextmanager
    async def socket(self, who: Person) -> AsyncIterator[SocketClient]:
        """A socket that has been welcomed."""
        async with self.ws.socket() as client:
            await client.hello(who.token)
            yield client


@asynccontextmanager
async def open_leak_scene(url: str, redis_url: str = "") -> AsyncIterator[LeakScene]:
    """A scene on `url`, whose ids are far from any count: of one worker, or of two that hear of each other by Redis."""
    opening = partial(
        open_socket_server,
        url,
        NEXUS_VOTES_BURST="100000",
        NEXUS_WRONG_CODES_PER_MINUTE="1000",
        REDIS_URL=redis_url,
    )
    async with AsyncExitStack() as stack:
        ws = await stack.enter_async_context(opening())
        there = await stack.enter_async_context(opening()) if redis_url else ws
        async with ws.database.read() as connection:
            for table, first in (("polls", 700_000), ("options", 900_000)):
                await connection.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {first})")
        transport = httpx.ASGITransport(application(there.worker))  # without a connection to wait for
        async with httpx.AsyncClient(transport=transport, base_url="http://nexus.test") as client:
            rest = RecordingRest(there.worker.rest_services, client, [])
            names = ("host", "admin", "voted", "silent", "retracted", "stranger")
            users = {name: await rest.user(admin=name == "admin") for name in names}
            yield LeakScene(ws, rest, users, [await rest.user() for _ in range(7)], await rest.user(), bool(redis_url))


# phase: its status, the votes of its options, its voters, and the acts of the host after the first round.
PHASES: dict[str, tuple[str, tuple[int, ...], int, list[str]]] = {
    "draft": ("draft", NO_VOTES, 0, []),
    "scheduled": ("scheduled", NO_VOTES, 0, []),
    "open": ("open", VOTES, 7, []),
    "closed": ("closed", VOTES, 7, ["close"]),
    "reopened": ("open", VOTES, 7, ["close", "open"]),
    "second": ("open", VOTES, 7, ["reset"]),
}


@dataclass(frozen=True)
class Cell:
    """One who looks at a poll at a phase, and what they should see."""

    rest: RecordingRest
    shown: WatchedPoll
    phase: str
    role: str
    sees: str

    @property
    def who(self) -> Person:
        return self.shown.people[self.role]

    def counts(self, votes: tuple[int, ...]) -> list[int | None]:
        return list(votes) if self.sees == "full" else [None] * 3

    def check_poll(self, poll: Json) -> None:
        """A poll as it should be shown, its options with it."""
        status, votes, _, _ = PHASES[self.phase]
        assert poll["status"] == status
        assert [one["votes_count"] for one in poll["options"]] == self.counts(votes), self
        assert [one["option_text"] for one in poll["options"]] == ["Yes", "No", "Maybe"]

    def check_totals(self, totals: Json, *, more: bool = False) -> None:
        """Totals or results as they should be shown; turnout always is."""
        status, votes, voters, _ = PHASES[self.phase]
        assert totals["visibility"] == ("full" if self.sees == "full" else "turnout"), self
        assert [one["id"] for one in totals["options"]] == [self.shown.place(n) for n in range(3)]
        assert [one["votes_count"] for one in totals["options"]] == self.counts(MORE_VOTES if more else votes), self
        assert (totals["voters"], totals["total_votes"]) == (voters + more, voters + more)
        assert (totals["status"], totals["final"]) == (status, status == "closed")


async def reach(scene: LeakScene, policy: str, phase: str, *, public: bool) -> WatchedPoll:
    """A poll at a phase."""
    start: Json = {"draft": {"status": "draft"}, "scheduled": {"opens_at": "2099-01-01T00:00:00Z"}}.get(phase, {})
    shown = await scene.poll(results=policy, is_public=public, **start)
    if phase == "scheduled":
        await scene.enter(shown, *(shown.people[role] for role in ("voted", "silent", "retracted")))
    if start:
        return shown
    await scene.first_round(shown)
    for act in PHASES[phase][-1]:
        await scene.host(shown, act)
    if phase == "second":
        await scene.fill(shown, 0, 0, 0, 0, 1, 1, 1)
    return shown
