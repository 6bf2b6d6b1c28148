"""Joining and watching: snapshots, totals, presence, and the end of rooms (docs/contract.md, "WebSocket")."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from nexus.domain.poll import Policy
from nexus.rooms.room import RoomSnapshot
from nexus.rooms.viewer import Viewer
from nexus.store import polls, rounds
from nexus.ws.session import MAX_WAITING
from tests.support.ballots import ADMIN, HOST, guest, make_poll, voter
from tests.support.hub import healing_quickly
from tests.support.sockets import SocketClient, SocketServer, counts, open_socket_server, patch, screen
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


async def refused_join(client: SocketClient, **fields: object) -> dict[str, Any]:
    await client.send("join", **fields)
    return await client.expect("error")


# Joining


async def test_join_answers_with_poll_totals_ballots_and_role(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        ack = await client.vote(poll, 1)
        joined = await client.join(poll)
    assert joined.keys() == {"type", "poll", "totals", "me", "role"}
    assert joined["role"] == "voter"
    assert [(one["op"], one["options"]) for one in joined["me"]] == [(ack["op"], [poll.options[1].id])]
    assert joined["me"][0].keys() == {"op", "options", "cast_at"}
    shown, totals = joined["poll"], joined["totals"]
    assert (shown["id"], shown["code"], shown["epoch"], shown["version"]) == (poll.id, poll.code, 1, ack["version"])
    assert counts(shown) == [0, 1, 0]
    assert totals.pop("server_now").endswith("Z")
    assert totals == {
        "type": "totals",
        "poll": poll.id,
        "epoch": 1,
        "version": ack["version"],
        "status": "open",
        "visibility": "full",
        "final": False,
        "voters": 1,
        "total_votes": 1,
        "options": [{"id": one.id, "votes_count": int(n == 1)} for n, one in enumerate(poll.options)],
    }


async def test_join_by_code_takes_any_case_and_spaces(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        halves, wide = (
            f" {poll.code[:3]} {poll.code[3:]} ",
            poll.code.translate({n: n + 0xFEE0 for n in range(33, 127)}),
        )
        for code in (poll.code, poll.code.lower(), halves, "\u2014".join(poll.code), wide, f"\u00ab{poll.code}\u00bb."):
            await client.send("join", code=code)
            assert (await client.expect("joined"))["poll"]["id"] == poll.id


async def test_code_opens_a_private_poll_by_id_for_good(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, is_public=False)
    async with ws.client(ALICE) as client:
        assert (await refused_join(client, poll=poll.id))["code"] == "poll_not_found"
        await client.send("join", code=poll.code)
        await client.expect("joined")
    async with ws.client(ALICE) as client, ws.client(BOB) as stranger:
        await client.join(poll)
        assert (await refused_join(stranger, poll=poll.id))["code"] == "poll_not_found"


async def test_roles_are_the_hosts_the_screens_and_the_voters(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    for by, role in ((HOST, "host"), (ADMIN, "host"), (ALICE, "voter"), (guest(poll.id), "voter")):
        async with ws.client(by) as client:
            assert (await client.join(poll))["role"] == role
    async with ws.client(screen(poll)) as client:
        assert (await client.join(poll))["role"] == "screen"


async def test_totals_are_null_only_for_the_newest_place(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        version = (await client.vote(poll, 0))["version"]
        assert (await client.join(poll, epoch=1, version=version))["totals"] is None
        for known in ({"epoch": 1, "version": version - 1}, {"epoch": 1, "version": version + 1}, {"version": version}):
            assert (await client.join(poll, **known))["totals"]["version"] == version
        assert (await client.join(poll, epoch=2, version=version))["totals"] is not None


async def test_totals_are_sent_where_the_known_place_may_show_more_now(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, results=Policy.AFTER_VOTE)
    async with ws.client(ALICE) as watching, ws.client(ALICE) as voting:
        await watching.join(poll)
        version = (await voting.vote(poll, 0))["version"]
        assert counts((await watching.join(poll, epoch=1, version=version))["totals"]) == [1, 0, 0]


async def test_unknown_polls_are_not_found(ws: SocketServer) -> None:
    draft = await make_poll(ws.database, status="draft")
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client, ws.client(guest(draft.id)) as elsewhere:
        for named in ({"poll": 10**6}, {"poll": draft.id}, {"code": draft.code}, {"code": "NONESUCH"}):
            error = await refused_join(client, **named)
            assert error["code"] == "poll_not_found"
            assert error["of"] == {"type": "join", **{key: value for key, value in named.items() if key == "poll"}}
        assert (await refused_join(elsewhere, poll=poll.id))["code"] == "poll_not_found"
        assert (await refused_join(elsewhere, code=poll.code))["code"] == "poll_not_found"
    async with ws.client(HOST) as host:
        assert (await host.join(draft))["poll"]["status"] == "draft"


async def test_a_socket_may_join_fifty_rooms(ws: SocketServer) -> None:
    made = [await make_poll(ws.database) for _ in range(51)]
    async with ws.client(ALICE) as client:
        for poll in made[:50]:
            await client.send("join", poll=poll.id)
        for _ in made[:50]:
            await client.expect("joined")
        error = await refused_join(client, poll=made[50].id)
        assert (error["code"], error["of"]) == ("too_many_rooms", {"type": "join", "poll": made[50].id})
        assert error["detail"] == "A socket may be in at most 50 rooms."
        await client.join(made[0])
        await client.send("leave", poll=made[1].id)
        await client.join(made[50])


async def test_joins_that_wait_are_bounded(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stalled(_poll: int, _viewer: Viewer) -> RoomSnapshot:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(ws.worker.hub, "enter", stalled)
    async with ws.client(ALICE) as client:
        for poll in range(1, MAX_WAITING + 3):
            await client.send("join", poll=poll)
        refused = await client.expect("error", code="too_many_messages")
        assert refused["of"]["poll"] == MAX_WAITING + 2


async def test_token_is_renewed_after_the_joins_before_it(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    enter, go = ws.worker.hub.enter, asyncio.Event()

    async def held(poll: int, viewer: Viewer) -> RoomSnapshot:
        await go.wait()
        return await enter(poll, viewer)

    monkeypatch.setattr(ws.worker.hub, "enter", held)
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        welcomed = len(client.frames)
        await client.send("join", poll=poll.id)
        await client.send("hello", token=ws.token(ALICE))
        await client.pong()
        assert [frame["type"] for frame in client.frames[welcomed:]] == ["pong"]
        go.set()
        await client.expect("welcome")
        assert [frame["type"] for frame in client.frames[welcomed:]].index("joined") == 1


async def test_leaving_ends_the_frames_of_that_poll_alone(ws: SocketServer) -> None:
    poll, other = await make_poll(ws.database), await make_poll(ws.database)
    async with ws.client(ALICE) as client, ws.client(BOB) as stays:
        for one in (poll, other):
            await client.join(one)
            await stays.join(one)
        await client.send("leave", poll=poll.id)
        assert await client.expect("left") == {"type": "left", "poll": poll.id}
        before = client.places(poll)
        await stays.vote(poll, 0)
        await stays.totals(poll.version + 1, poll=poll.id)
        await stays.vote(other, 0)
        await client.totals(other.version + 1, poll=other.id)
        assert client.places(poll) == before
        await client.send("leave", poll=poll.id)
        await client.expect("left")
    await until(lambda: not ws.worker.hub.rooms)


# Watching


async def test_viewers_never_see_totals_go_back_and_reach_the_newest(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as one, AsyncExitStack() as voters:
        clients = [await voters.enter_async_context(ws.client(voter(n))) for n in range(10, 20)]
        await one.join(poll)
        for round_ in range(6):
            await asyncio.gather(*(client.vote(poll, (n + round_) % 3) for n, client in enumerate(clients)))
            await one.join(poll)  # a snapshot in between must not be overtaken by older totals
        newest = await ws.worker.tallies.poll(poll.id)
        assert newest is not None
        await until(lambda: one.places(poll)[-1] == newest.place)
        assert one.places(poll) == sorted(one.places(poll))


async def test_close_is_final_at_once_and_reopening_takes_it_back(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        await client.join(poll)
        closed = await ws.turn(rounds.close_poll, poll)
        final = await client.totals(closed.version)
        assert (final["status"], final["final"]) == ("closed", True)
        assert (await client.expect("poll"))["poll"]["status"] == "closed"
        opened = await ws.turn(rounds.open_poll, poll)
        again = await client.totals(opened.version)
        assert (again["status"], again["final"]) == ("open", False)


async def test_reset_starts_a_new_epoch_with_nothing(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        await client.join(poll)
        await client.vote(poll, 0)
        reset = await ws.turn(rounds.reset_poll, poll)
        totals = await client.expect("totals", epoch=2)
        assert (counts(totals), totals["voters"], totals["version"]) == ([0, 0, 0], 0, reset.version)
        assert (await client.join(poll))["me"] == []


async def test_changed_definition_is_sent(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        await client.join(poll)
        await patch(ws, poll, question="Which, then?")
        shown = (await client.expect("poll"))["poll"]
        assert shown["question"] == "Which, then?"
        assert shown["version"] == poll.version


async def test_presence_counts_each_voter_of_the_room_once(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    healing_quickly(monkeypatch)
    poll = await make_poll(ws.database)
    async with ws.client(HOST) as client:
        await client.join(poll)
        assert await client.expect("presence") == {"type": "presence", "poll": poll.id, "online": 0}
        async with ws.client(ALICE) as tab, ws.client(ALICE) as other_tab, ws.client(BOB) as bob:
            for voter in (tab, other_tab, bob):
                await voter.join(poll)
            await client.expect("presence", online=2)
        await client.expect("presence", online=0)


async def test_a_stage_is_not_counted_whatever_its_token(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    healing_quickly(monkeypatch)
    poll = await make_poll(ws.database)
    async with ws.client(HOST) as client, ws.client(ALICE) as stage, ws.client(BOB) as both, ws.client(BOB) as phone:
        for one in (stage, both):
            await one.send("join", poll=poll.id, **{"as": "screen"})
            assert (await one.expect("joined"))["role"] == "voter"
        await client.join(poll)
        assert (await client.expect("presence"))["online"] == 0
        await phone.join(poll)
        await client.expect("presence", online=1)
        assert (await both.vote(poll, 0))["type"] == "ack"  # it is a voter's all the same
        await phone.leave()
        await client.expect("presence", online=0)


async def test_deleted_poll_is_taken_from_its_viewers(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        await client.join(poll)
        await polls.delete(ws.database, poll.id, HOST)
        ws.worker.tallies.deleted(poll.id)
        assert await client.expect("deleted") == {"type": "deleted", "poll": poll.id}
        assert (await refused_join(client, poll=poll.id))["code"] == "poll_not_found"


async def test_operators_see_joins_and_how_long_screens_wait(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        await client.join(poll)
        await client.vote(poll, 0)
        await client.expect("totals")
        figures = ws.worker.metrics.text().decode().splitlines()
        assert "nexus_joins_total 1.0" in figures
        await until(lambda: "nexus_screens_seconds_count 1.0" in ws.worker.metrics.text().decode().splitlines())
