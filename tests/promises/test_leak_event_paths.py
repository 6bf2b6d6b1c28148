"""Who sees what of a poll in an event, on every path that could tell of it: by every result policy, phase and role
(docs/contract.md, "Who may know of an event", "Who sees results").

What is expected is written out from the contract's text, and taken from no code of the product.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.support.counts_told import tells_counts
from tests.support.event_scene import (
    ELSEWHERE,
    PUBLIC,
    ROLES,
    RUNS,
    SCREENS,
    SILENT,
    STATUS,
    VOTED,
    WatchedEvent,
    do,
    reach_event,
    vote_as_fillers,
)
from tests.support.grid import grid
from tests.support.leak_scene import NO_VOTES, VOTES, LeakScene
from tests.support.rest import NOBODY, Person, refused
from tests.support.sockets import SocketClient, counts
from tests.support.thorough import THOROUGH
from tests.support.values import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

# `full`: counts; `turn`: turnout alone; `-`: the poll does not exist. `shown`: a draft that the event has shown;
# `reset`: a second round, in which others alone have voted. Who looks at a public event from outside is `silent`, for
# one from outside a private one does not exist; for a guest and a screen of another event none does.
SEES = grid("""
                       | runs voted silent

live        draft      | full -     -
live        shown      | full full  full
live        scheduled  | full full  full
live        open       | full full  full
live        closed     | full full  full
live        reset      | full full  full

after_vote  draft      | full -     -
after_vote  shown      | full turn  turn
after_vote  scheduled  | full turn  turn
after_vote  open       | full full  turn
after_vote  closed     | full full  turn
after_vote  reset      | full turn  turn

after_close draft      | full -     -
after_close shown      | full turn  turn
after_close scheduled  | full turn  turn
after_close open       | full turn  turn
after_close closed     | full full  full
after_close reset      | full turn  turn

host        draft      | full -     -
host        shown      | full turn  turn
host        scheduled  | full turn  turn
host        open       | full turn  turn
host        closed     | full turn  turn
host        reset      | full turn  turn
""")
HOSTS_CALLS = ("definition/", "audit/", "hosts/", "export/?format=json", "export/?format=xlsx")
POLL_HOSTS_CALLS = ("audit/", "export/?format=json", "export/?format=csv", "export/?format=xlsx")


@dataclass(frozen=True)
class Cell:
    """One who looks at an event, whether it exists for them, and what they see of its second poll."""

    scene: LeakScene
    watched: WatchedEvent
    role: str
    sees: str
    event: bool

    @property
    def who(self) -> Person:
        return self.watched.people[self.role]

    @property
    def runs(self) -> bool:
        """Whether all of the event is there for them."""
        return self.role in (*RUNS, *SCREENS)

    @property
    def status(self) -> str:
        return STATUS.get(self.watched.phase, self.watched.phase)

    @property
    def votes(self) -> list[int | None]:
        """The counts that they are shown."""
        cast = VOTES if self.watched.phase in ("open", "closed", "reset") else NO_VOTES
        return list(cast) if self.sees == "full" else [None] * 3

    def check_event(self, event: Json) -> None:
        """The run sheet has the second poll where that exists for them, and the third for hosts and screens alone."""
        texts = [one["question"] for one in event["polls"]]
        assert any(self.watched.word in text for text in texts) is (self.sees != "-"), self
        assert any(self.watched.secret in text for text in texts) is self.runs, self
        assert [one["status"] for one in event["polls"][1:]] == [self.status] * (self.sees != "-") + [
            "draft"
        ] * self.runs

    def check_poll(self, poll: Json) -> None:
        """The second poll as they should be shown it."""
        assert (poll["status"], [one["votes_count"] for one in poll["options"]]) == (self.status, self.votes), self
        assert (poll["code"], poll["event"]) == (None, self.watched.event["id"])

    def check_totals(self, totals: Json) -> None:
        """Its totals, or results."""
        assert (totals["visibility"] == "full", counts(totals)) == (self.sees == "full", self.votes), self
        assert totals["status"] == self.status


def cells(scene: LeakScene, watched: WatchedEvent, policy: str, *, public: bool) -> list[Cell]:
    """The row of the table, by role."""
    row = SEES[policy, watched.phase]
    seen = dict.fromkeys((*RUNS, *SCREENS), row["runs"]) | dict.fromkeys(VOTED, row["voted"])
    seen |= dict.fromkeys(SILENT, row["silent"]) | dict.fromkeys(PUBLIC, row["silent"] if public else "-")
    seen |= dict.fromkeys(ELSEWHERE, "-")
    gone = {*ELSEWHERE, *(() if public else PUBLIC)}
    return [Cell(scene, watched, role, seen[role], role not in gone) for role in ROLES]


FEW = [cell for n, cell in enumerate(SEES) if (n + n // 6) % 2 == 0]
"""Half of them: with every policy three phases, with every phase two policies."""


@pytest.mark.parametrize(("policy", "phase"), SEES if THOROUGH else FEW)
async def test_polls_of_an_event_are_shown_as_the_matrix_says(scene: LeakScene, policy: str, phase: str) -> None:
    turn = list(SEES).index((policy, phase))
    for public in (True, False) if THOROUGH else (turn // 2 % 2 == 0,):
        scene.rest.heard.clear()
        watched = await reach_event(scene, policy, phase, public=public)
        row = cells(scene, watched, policy, public=public)
        before = len(scene.rest.heard[NOBODY.token])
        scene.rest.heard.clear()
        assert before == 0
        for cell in row:
            await check_of_event(cell)
            await (check_gone(cell) if cell.sees == "-" else check_seen(cell))
            await check_lists(cell)
            await check_hosts_calls(cell)
        await check_nobody(scene, watched)
        for cell in row:
            await check_silence(cell, scene.rest.heard[cell.who.token])
        await check_sockets(scene, row)


async def check_of_event(cell: Cell) -> None:
    """The event, its results, and its code."""
    rest, path, who = cell.scene.rest, cell.watched.path, cell.who
    if not cell.event:
        for tail in ("", "results/"):
            assert refused(await rest("GET", f"{path}{tail}", who)) == (404, "event_not_found"), cell
    else:
        cell.check_event(await rest.get(path, who))
        results = (await rest.get(f"{path}results/", who))["results"]
        told = [one for one in results if one["poll"] == cell.watched.poll["id"]]
        assert [one["question"] for one in results][:1] == ["First?"]
        assert len(results) == 1 + len(told) and bool(told) is (cell.status != "draft"), cell
        for one in told:
            cell.check_totals(one)
    for call in ("/polls/waiting/", "/polls/join/"):
        answer = await rest("POST", call, who, json={"code": cell.watched.event["code"]})
        assert refused(answer) == (404, "poll_not_found"), cell


async def check_seen(cell: Cell) -> None:
    """Every path of the poll for one for whom it exists."""
    rest, watched, who = cell.scene.rest, cell.watched, cell.who
    cell.check_poll(await rest.get(watched.poll_path, who))
    cell.check_totals(await rest.get(f"{watched.poll_path}results/", who))
    assert (await rest.get(f"/options/{watched.place(0)}/", who))["votes_count"] == cell.votes[0]
    own = await rest("GET", f"{watched.poll_path}vote/", who)
    if cell.role in SCREENS:
        assert refused(own) == (403, "forbidden")
    else:
        stands = cell.role in VOTED and watched.phase in ("open", "closed")
        assert len(own.json()["votes"]) == stands, cell


async def check_gone(cell: Cell) -> None:
    """For whom it does not exist, nothing of it does."""
    rest, watched, who = cell.scene.rest, cell.watched, cell.who
    for tail in ("", "results/", "vote/", *POLL_HOSTS_CALLS):
        assert refused(await rest("GET", f"{watched.poll_path}{tail}", who)) == (404, "poll_not_found"), (cell, tail)
    assert refused(await rest("GET", f"/options/{watched.place(0)}/", who)) == (404, "option_not_found"), cell
    for tail, body in (("vote/", {"option": watched.place(0)}), ("screen/", None), ("copy/", None), ("open/", None)):
        answer = await rest("POST", f"{watched.poll_path}{tail}", who, json=body)
        assert refused(answer) == (404, "poll_not_found"), (cell, tail)


async def check_lists(cell: Cell) -> None:
    """A draft that was shown is in no list but that of its hosts; events are listed to those who run them."""
    rest, watched, who = cell.scene.rest, cell.watched, cell.who
    found = await rest.get(f"/polls/?search={watched.word}", who)
    listed = cell.sees != "-" and (cell.runs or cell.status != "draft")
    assert found["count"] == listed, cell
    for one in found["results"]:
        cell.check_poll(one)
    assert (await rest.get(f"/polls/?search={watched.secret}", who))["count"] == cell.runs, cell
    answer = await rest("GET", f"/events/?search={watched.event['code']}", who)
    if cell.role in (*SCREENS, *ELSEWHERE) or cell.role.startswith("guest"):
        assert refused(answer) == (403, "forbidden"), cell
    else:
        assert answer.json()["count"] == (cell.role in RUNS), cell


async def check_hosts_calls(cell: Cell) -> None:
    """What hosts alone may read."""
    rest, watched, who = cell.scene.rest, cell.watched, cell.who
    for tail in HOSTS_CALLS:
        answer = await rest("GET", f"{watched.path}{tail}", who)
        if cell.role in RUNS:
            assert answer.status_code == 200, (cell, tail)
        else:
            gone = (403, "forbidden") if cell.event else (404, "event_not_found")
            assert refused(answer) == gone, (cell, tail)
    for tail in POLL_HOSTS_CALLS if cell.sees != "-" else ():
        answer = await rest("GET", f"{watched.poll_path}{tail}", who)
        assert answer.status_code == (200 if cell.role in RUNS else 403), (cell, tail)


async def check_nobody(scene: LeakScene, watched: WatchedEvent) -> None:
    """Without a token there is nothing to see."""
    paths = [f"{watched.path}{tail}" for tail in ("", "results/", *HOSTS_CALLS)]
    for path in (*paths, watched.poll_path, f"{watched.poll_path}results/", "/events/"):
        assert refused(await scene.rest("GET", path, NOBODY)) == (401, "unauthenticated")
    answer = await scene.rest("POST", "/polls/waiting/", NOBODY, json={"code": watched.event["code"]})
    assert refused(answer) == (404, "poll_not_found")


async def check_silence(cell: Cell, heard: list[str]) -> None:
    """Nothing that they were told, by whatever path, tells what they may not know."""
    said = "\n".join(heard)
    assert cell.watched.secret not in said or cell.runs, cell
    if cell.sees == "-":
        assert cell.watched.word not in said.replace(f"search={cell.watched.word}", ""), cell
    if cell.sees != "full":
        told = [text for text in heard if cell.watched.word in text and "First?" not in text]
        assert not [text for text in told if tells_counts(text)], cell


async def check_sockets(scene: LeakScene, row: list[Cell]) -> None:
    """By id: what one enters, what one joins, what one is moved to, and the totals that follow."""
    watched = row[0].watched
    async with AsyncExitStack() as stack:
        inside = list[tuple[Cell, SocketClient]]()
        for cell in row:
            client = await stack.enter_async_context(scene.socket(cell.who))
            await check_entering(cell, client)
            if cell.event:
                inside.append((cell, client))
        if watched.phase != "draft":
            await do(scene, watched, "show/", poll=watched.poll["id"], open=False)
            for cell, client in inside:
                await check_moved(cell, client)
        if row[0].status == "open":
            await vote_as_fillers(scene, watched, *(2 for _ in scene.fillers))
            for cell, client in inside:
                await check_more(cell, client)
        for cell, client in inside:
            told = json.dumps(client.frames)
            assert cell.watched.secret not in told or cell.runs, cell
            assert cell.watched.word not in told or cell.sees != "-", cell


async def check_entering(cell: Cell, client: SocketClient) -> None:
    """A follower enters the event, which shows the first poll; a viewer joins the second poll by itself."""
    watched = cell.watched
    await client.send("join", event=watched.event["id"])
    if cell.event:
        entered = await client.expect("entered")
        cell.check_event(entered["event"])
        assert entered["poll"]["question"] == "First?"
        assert entered["role"] == ("host" if cell.role in RUNS else cell.role if cell.role in SCREENS else "voter")
    else:
        assert (await client.expect("error"))["code"] == "event_not_found", cell
    await client.send("join", poll=watched.poll["id"])
    if cell.sees == "-":
        assert (await client.expect("error"))["code"] == "poll_not_found", cell
        return
    joined = await client.expect("joined")
    cell.check_poll(joined["poll"])
    cell.check_totals(joined["totals"])
    await client.send("leave", poll=watched.poll["id"])
    await client.expect("left")


async def check_moved(cell: Cell, client: SocketClient) -> None:
    """The second poll is shown."""
    moved = await client.expect("shown")
    while "poll" not in moved:
        moved = await client.expect("shown")
    cell.check_event(moved["event"])
    cell.check_poll(moved["poll"])
    cell.check_totals(moved["totals"])


async def check_more(cell: Cell, client: SocketClient) -> None:
    """Totals that come after more votes."""
    totals = await client.expect("totals", poll=cell.watched.poll["id"])
    while totals["total_votes"] < sum(VOTES) or (cell.sees == "full" and counts(totals)[2] == 0):
        totals = await client.expect("totals", poll=cell.watched.poll["id"])
    assert (totals["visibility"] == "full") is (cell.sees == "full"), cell
    if cell.sees != "full":
        assert counts(totals) == [None] * 3
