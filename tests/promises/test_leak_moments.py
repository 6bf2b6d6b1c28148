"""When somebody begins or ends to see counts: over HTTP, and on sockets that stay
(docs/contract.md, "Who sees results")."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, nullcontext

import pytest
import pytest_asyncio

from tests.support.counts_told import tells_counts
from tests.support.leak_scene import LeakScene, WatchedPoll, open_leak_scene
from tests.support.redis_server import running_redis
from tests.support.shared_servers import shared
from tests.support.sockets import SocketClient, counts
from tests.support.values import Json, new_op

__all__ = ["shared"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

SEEING, OTHERS = ("host", "admin", "screen", "presenter"), ("voted", "silent", "guest_silent", "stranger")
HIDDEN = [None] * 3


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[1, 2], ids=["one worker", "two workers"])
async def scene(request: pytest.FixtureRequest, shared: tuple[str, str]) -> AsyncIterator[LeakScene]:
    """Of two workers, HTTP reaches one and sockets are at the other."""
    with nullcontext() if request.param == 1 else running_redis() as redis:
        async with open_leak_scene(shared[request.param - 1], redis.url if redis else "") as opened:
            yield opened


async def watch(scene: LeakScene, stack: AsyncExitStack, shown: WatchedPoll, *roles: str) -> dict[str, SocketClient]:
    """A socket of each role in the poll's room."""
    clients = {role: await stack.enter_async_context(scene.socket(shown.people[role])) for role in roles}
    for client in clients.values():
        await client.send("join", poll=shown.poll["id"])
        await client.expect("joined")
    return clients


async def sees(scene: LeakScene, shown: WatchedPoll, role: str) -> bool:
    """Whether a role sees counts over HTTP, where all paths must agree."""
    who, option = shown.people[role], shown.place(0)
    paths = (f"{shown.path}results/", shown.path, f"/options/{option}/", f"/polls/?search={shown.word}")
    answers = [await scene.rest("GET", path, who) for path in paths]
    told = {tells_counts(answer.text) for answer in answers}
    assert len(told) == 1, [answer.text for answer in answers]
    assert told == {answers[0].json()["visibility"] == "full"}
    return told.pop()


def since(client: SocketClient, place: Json) -> list[Json]:
    """Whatever of counts a socket was sent of a state not older than `place`: totals, and polls."""
    found = [part for frame in client.frames for part in (frame, frame.get("totals"), frame.get("poll"))]
    states = [part for part in found if isinstance(part, dict) and "options" in part and "epoch" in part]
    return [one for one in states if (one["epoch"], one["version"]) >= (place["epoch"], place["version"])]


async def act(scene: LeakScene, shown: WatchedPoll, client: SocketClient, role: str, by: str, kind: str) -> Json:
    """Vote for the third option, or retract, over HTTP or on the role's own socket; the receipt."""
    place, op = shown.place(2), new_op()
    if by == "http":
        method, body = ("POST", {"option": place}) if kind == "vote" else ("DELETE", None)
        answer = await scene.rest(method, f"{shown.path}vote/", shown.people[role], op=op, json=body)
        receipt: Json = answer.json()
        return receipt
    await client.send(kind, op=op, poll=shown.poll["id"], **({"options": [place]} if kind == "vote" else {}))
    return await client.expect("ack", op=op)


@pytest.mark.parametrize("end", ["retract", "reset"])
@pytest.mark.parametrize("by", ["http", "socket"])
@pytest.mark.parametrize("role", ["silent", "guest_silent"])
async def test_vote_gives_the_right_and_its_end_takes_it(scene: LeakScene, role: str, by: str, end: str) -> None:
    shown = await scene.poll(results="after_vote")
    await scene.first_round(shown)
    async with AsyncExitStack() as stack:
        clients = await watch(scene, stack, shown, role, "stranger")
        client = clients[role]
        assert not await sees(scene, shown, role) and counts(since(client, shown.poll)[0]) == HIDDEN
        voted = await act(scene, shown, client, role, by, "vote")
        assert await sees(scene, shown, role) and not await sees(scene, shown, "stranger")
        assert counts(await shown_at_once(scene, client, voted, by)) == [4, 3, 1]
        if end == "retract":
            ended = await act(scene, shown, client, role, by, "retract")
        else:
            ended = await scene.host(shown, "reset")
        assert not await sees(scene, shown, role)
        last = await scene.rest.vote(scene.late, shown.poll, 0)
        for one in clients.values():
            totals = await one.totals(last["version"])
            assert (totals["visibility"], counts(totals)) == ("turnout", HIDDEN)
        assert not [state for state in since(client, ended) if counts(state) != HIDDEN]
        assert not [state for state in since(clients["stranger"], shown.poll) if counts(state) != HIDDEN]


async def shown_at_once(scene: LeakScene, client: SocketClient, voted: Json, by: str) -> Json:
    """The totals that a vote opens: at once, or with the next join where another worker took it."""
    if by == "http" and scene.apart:
        await client.send("join", poll=voted["poll"])
        joined: Json = (await client.expect("joined"))["totals"]
        return joined
    return await client.totals(voted["version"], visibility="full")


@pytest.mark.parametrize("policy", ["after_vote", "after_close", "host"])
async def test_policy_that_hides_holds_for_sockets_that_watch(scene: LeakScene, policy: str) -> None:
    shown = await scene.poll()
    await scene.first_round(shown)
    seeing = (*SEEING, *(("voted",) if policy == "after_vote" else ()))
    others = tuple(role for role in OTHERS if role not in seeing)
    async with AsyncExitStack() as stack:
        clients = await watch(scene, stack, shown, *seeing, *others)
        hidden = await scene.host(shown, json.dumps({"results": policy}))
        assert [await sees(scene, shown, role) for role in others] == [False] * len(others)
        for role, client in clients.items():
            assert counts((await client.expect("poll"))["poll"]) == ([4, 3, 0] if role in seeing else HIDDEN)
            assert counts(await client.totals(hidden["version"])) == ([4, 3, 0] if role in seeing else HIDDEN)
        voted = await scene.rest.vote(scene.late, shown.poll, 0)
        for role, client in clients.items():
            assert counts(await client.totals(voted["version"])) == ([5, 3, 0] if role in seeing else HIDDEN)
        assert not [state for role in others for state in since(clients[role], hidden) if counts(state) != HIDDEN]
        again = await scene.host(shown, '{"results": "live"}')
        for client in clients.values():
            assert counts(await client.totals(again["version"])) == [5, 3, 0]


@pytest.mark.parametrize("end", ["close", "expiry"])
async def test_close_reveals_and_reopening_hides(scene: LeakScene, end: str) -> None:
    shown = await scene.poll(results="after_close", is_public=False)
    await scene.first_round(shown)
    others = ("voted", "silent", "guest_silent")
    async with AsyncExitStack() as stack:
        clients = await watch(scene, stack, shown, *SEEING, *others)
        assert [await sees(scene, shown, role) for role in others] == [False] * 3
        await (scene.host(shown, "close") if end == "close" else expire(scene, shown))
        for client in clients.values():
            final = await client.expect("totals", final=True)
            assert (final["visibility"], final["status"], counts(final)) == ("full", "closed", [4, 3, 0])
        assert [await sees(scene, shown, role) for role in others] == [True] * 3
        opened = await scene.host(shown, "open")
        assert [await sees(scene, shown, role) for role in others] == [False] * 3
        voted = await scene.rest.vote(scene.late, shown.poll, 0)
        for role, client in clients.items():
            assert counts(await client.totals(voted["version"])) == ([5, 3, 0] if role in SEEING else HIDDEN)
        assert not [state for role in others for state in since(clients[role], opened) if counts(state) != HIDDEN]


async def expire(scene: LeakScene, shown: WatchedPoll) -> None:
    """Let the poll's time be over."""
    async with scene.ws.database.read() as connection:
        await connection.run("UPDATE polls SET expires_at = clock_timestamp() WHERE id = :id", id=shown.poll["id"])
    closed = await scene.rest.get(shown.path, shown.people["host"])
    assert closed["status"] == "closed" and closed["closed_at"] == closed["expires_at"]


async def test_presence_tells_who_is_there_and_no_more(scene: LeakScene) -> None:
    shown = await scene.poll(results="host")
    await scene.first_round(shown)
    async with AsyncExitStack() as stack:
        clients = await watch(scene, stack, shown, "stranger", "screen", "presenter")
        for client in clients.values():
            assert await client.expect("presence", online=1) == {
                "type": "presence",
                "poll": shown.poll["id"],
                "online": 1,  # the screens are nobody
            }


@pytest.mark.parametrize("policy", ["after_vote", "after_close", "host"])
async def test_what_is_hidden_changes_nothing_that_is_told(scene: LeakScene, policy: str) -> None:
    """Two polls that differ in nothing but the others' choices tell the same, character by character."""
    told = []
    for places in ((0, 0, 0, 1, 1), (2, 2, 1, 2, 0)):
        shown = await scene.poll(results=policy)
        await scene.rest.vote(shown.people["retracted"], shown.poll, 1, op=shown.ops["retracted"])
        await scene.rest("DELETE", f"{shown.path}vote/", shown.people["retracted"], op=shown.ops["taken_back"])
        for who, place in zip(scene.fillers, places, strict=False):
            await scene.rest.vote(who, shown.poll, place)
        told.append([await tells(scene, shown, role) for role in ("retracted", "silent", "guest_silent", "stranger")])
    assert told[0] == told[1]


async def tells(scene: LeakScene, shown: WatchedPoll, role: str) -> list[str]:
    """All that a role is told of a poll, but for names and times, which are the poll's own."""
    who, rest = shown.people[role], scene.rest
    reads = ("", "results/", "vote/", "export/", "audit/", f"?{shown.word}")
    answers = [await rest("GET", f"{shown.path}{path}", who) for path in reads]
    answers += [await rest("GET", f"/polls/?search={shown.word}", who)]
    answers += [await rest("GET", f"/options/{shown.place(place)}/", who) for place in range(3)]
    answers += [await rest("POST", f"{shown.path}vote/", who, json={"options": [shown.place(1), 7]}, op=new_op())]
    answers += [await rest("DELETE", f"/options/{shown.place(0)}/", who)]
    async with scene.socket(who) as client:
        await client.send("join", poll=shown.poll["id"])
        joined = await client.expect("joined")
    return [plain(shown, f"{one.status_code} {one.headers.get('etag')} {one.text}") for one in answers] + [
        plain(shown, json.dumps(joined))
    ]


def plain(shown: WatchedPoll, text: str) -> str:
    """A text without what is another in every poll."""
    names = {str(shown.place(place)): f"option {place}" for place in range(3)}
    names |= {str(shown.poll["id"]): "poll", shown.poll["code"]: "code", shown.word: "word"}
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f-]{36}", "", text)
    return re.sub(r"\b\w+\b", lambda found: names.get(found[0], found[0]), text)
