"""Following an event over a socket: entering, being moved, and leaving (docs/contract.md, "Following an event")."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from nexus.domain.event import Event
from nexus.domain.event_definition import EventPatch
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy
from nexus.rooms.follower import Follower
from nexus.rooms.following import EventSnapshot
from nexus.rooms.room import RoomSnapshot
from nexus.rooms.viewer import Viewer
from nexus.store import events, polls, rounds
from tests.support.ballots import ADMIN, HOST, make_poll, voter
from tests.support.hub import healing_quickly
from tests.support.shows import make_event, poll_of, show
from tests.support.sockets import SocketClient, SocketServer, counts, open_socket_server
from tests.support.values import Json
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


def guest_of(event: Event, n: int = 1) -> Identity:
    """A guest of one event."""
    bound = frozenset({event.id})
    return Identity(f"guest:{UUID(int=n)}", frozenset({"guest"}), None, 4e9, events=bound)


async def move(ws: SocketServer, event: Event, n: int | None, *, keep_open: bool = False) -> Event:
    change = await show(ws.database, event, n, keep_open=keep_open)
    ws.worker.tallies.event_changed(change)
    return change.event


async def follow(client: SocketClient, event: Event, **fields: object) -> Json:
    await client.send("join", event=event.id, **fields)
    return await client.expect("entered")


async def moved(client: SocketClient, event: Event) -> Json:
    """The `shown` with which the socket is moved to where the event is."""
    while True:
        frame = await client.expect("shown")
        if "poll" in frame and frame["event"]["revision"] >= event.revision:
            return frame


async def refused(client: SocketClient, kind: str, **fields: object) -> Json:
    await client.send(kind, **fields)
    return await client.expect("error")


# Entering


async def test_entering_answers_with_event_poll_totals_ballots_and_role(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    shown = await move(ws, event, 0)
    poll = await poll_of(ws.database, event, 0)
    async with ws.client(ALICE) as client:
        ack = await client.vote(poll, 1)
        entered = await follow(client, event)
    assert list(entered) == ["type", "event", "role", "poll", "totals", "me"]
    assert entered["role"] == "voter"
    assert entered["event"]["polls"] == [{"id": poll.id, "question": "One?", "status": "open"}], "drafts are not there"
    assert (entered["event"]["shown"], entered["event"]["revision"]) == (poll.id, shown.revision)
    assert (entered["poll"]["id"], entered["poll"]["event"], entered["poll"]["code"]) == (poll.id, event.id, None)
    assert (counts(entered["totals"]), entered["totals"]["version"]) == ([0, 1, 0], ack["version"])
    assert [(one["op"], one["options"]) for one in entered["me"]] == [(ack["op"], [poll.options[1].id])]


async def test_an_event_that_shows_nothing_has_no_poll(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    async with ws.client(HOST) as host, ws.client(ALICE) as client:
        entered = await follow(host, event)
        assert (entered["role"], entered["poll"], entered["totals"], entered["me"]) == ("host", None, None, [])
        assert [one["status"] for one in entered["event"]["polls"]] == ["draft"]
        assert (await follow(client, event, revision=event.revision))["event"]["polls"] == []


async def test_code_of_an_event_is_entered_in_any_case_and_opens_a_private_one(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", is_public=False)
    async with ws.client(ALICE) as client:
        error = await refused(client, "join", event=event.id)
        assert (error["code"], error["of"]) == ("event_not_found", {"type": "join", "event": event.id})
        await client.send("join", code=f" {event.code.lower()[:5]}-{event.code[5:]} ")
        assert (await client.expect("entered"))["event"]["id"] == event.id
    async with ws.client(ALICE) as client, ws.client(BOB) as stranger:
        await follow(client, event)
        assert (await refused(stranger, "join", event=event.id))["code"] == "event_not_found"


async def test_roles_are_the_hosts_and_the_voters(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    screen = Identity(HOST.voter, frozenset({"screen"}), None, 4e9, events=frozenset({event.id}))
    for by, role in ((HOST, "host"), (ADMIN, "host"), (ALICE, "voter"), (guest_of(event), "voter"), (screen, "screen")):
        token = ws.worker.tokens.access(by.voter, by.roles, 900, event=min(by.events) if by.events else None)
        async with ws.socket() as client:
            await client.hello(token)
            assert (await follow(client, event))["role"] == role


async def test_what_is_no_event_is_not_found_and_nothing_else_is_understood(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        for event in (0, -1, 10**6, 2**70):
            assert (await refused(client, "join", event=event))["code"] == "event_not_found"
        for fields in (
            {"event": 1, "poll": poll.id},
            {"event": 1, "code": poll.code},
            {},
            {"event": None},
            {"event": "1"},
        ):
            assert (await refused(client, "join", **fields))["code"] == "invalid"
        for fields in ({"event": 1, "poll": poll.id}, {}):
            assert (await refused(client, "leave", **fields))["code"] == "invalid"


# Moves


async def test_followers_are_moved_by_the_server(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    async with ws.client(ALICE) as client, ws.client(HOST) as host:
        await follow(client, event)
        await follow(host, event)
        first, _ = await poll_of(ws.database, event, 0), await client.vote(await poll_of(ws.database, event, 0), 0)
        shown = await move(ws, event, 1)
        second = await poll_of(ws.database, event, 1)
        for one, role in ((client, "voter"), (host, "host")):
            frame = await moved(one, shown)
            assert frame["event"]["shown"] == frame["poll"]["id"] == frame["totals"]["poll"] == second.id, role
            assert (frame["me"], counts(frame["totals"])) == ([], [0, 0, 0])
            ends = [sent for sent in one.frames if sent["type"] == "totals" and sent["poll"] == first.id]
            assert ends[-1]["final"] is True
            assert one.frames.index(ends[-1]) < one.frames.index(frame)
        ack = await client.vote(second, 2)
        await host.totals(ack["version"], poll=second.id)
        later = host.frames[next(n for n, sent in enumerate(host.frames) if sent["type"] == "shown") :]
        assert first.id not in [sent.get("poll") for sent in later]


async def test_a_vote_under_way_is_answered_after_the_move(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    first = await poll_of(ws.database, event, 0)
    async with ws.client(ALICE) as client:
        await follow(client, event)
        shown = await move(ws, event, 1)
        await moved(client, shown)
        assert (await client.vote(first, 0))["code"] == "poll_closed"


async def test_nothing_shown_is_a_move_too(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    await move(ws, event, 0)
    async with ws.client(ALICE) as client:
        await follow(client, event)
        frame = await moved(client, await move(ws, event, None))
        assert (frame["poll"], frame["totals"], frame["me"]) == (None, None, [])
        again = await moved(client, await move(ws, event, 0))
        assert again["poll"]["status"] == "closed"
    await until(lambda: not ws.worker.hub.rooms)


async def test_a_change_of_the_event_alone_brings_no_poll(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    await move(ws, event, 0)
    async with ws.client(ALICE) as client:
        await follow(client, event)
        change = await events.patch(ws.database, event.id, EventPatch(title="<script>alert(1)</script>"), HOST)
        ws.worker.tallies.event_changed(change)
        frame = await client.expect("shown")
        assert list(frame) == ["type", "event"]
        assert frame["event"]["title"] == "<script>alert(1)</script>"


async def test_a_socket_that_joined_the_poll_stays_in_it(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    first = await poll_of(ws.database, event, 0)
    async with ws.client(ALICE) as before, ws.client(ALICE) as after, ws.client(BOB) as bob:
        await before.join(first)
        entered = await follow(before, event)
        assert (entered["poll"]["id"], entered["totals"]) == (first.id, None), "it has the totals"
        await follow(after, event)
        await after.join(first)
        shown = await move(ws, event, 1, keep_open=True)
        ack = None
        for client in (before, after):
            await moved(client, shown)
        ack = await bob.vote(first, 0)
        for client in (before, after):
            await client.totals(ack["version"], poll=first.id)
            await client.send("leave", poll=first.id)
            await client.expect("left", poll=first.id)
            assert client.places(first) == sorted(set(client.places(first)))


async def test_leaving_the_poll_that_is_shown_keeps_a_follower_in_it(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    await move(ws, event, 0)
    poll = await poll_of(ws.database, event, 0)
    async with ws.client(ALICE) as client, ws.client(BOB) as bob:
        await follow(client, event)
        for joins in (True, False):
            if joins:
                await client.join(poll)
            await client.send("leave", poll=poll.id)
            await client.expect("left", poll=poll.id)
            ack = await bob.vote(poll, int(joins))
            await client.totals(ack["version"], poll=poll.id)


async def test_a_join_of_the_poll_that_fails_costs_no_seat(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await make_event(ws.database, "One?")
    await move(ws, event, 0)
    poll = await poll_of(ws.database, event, 0)
    enter = ws.worker.hub.enter
    async with ws.client(ALICE) as client, ws.client(BOB) as bob:
        await follow(client, event)

        async def broken(_poll: int, _viewer: Viewer) -> RoomSnapshot:
            raise ZeroDivisionError

        monkeypatch.setattr(ws.worker.hub, "enter", broken)
        assert (await refused(client, "join", poll=poll.id))["code"] == "unavailable"
        monkeypatch.setattr(ws.worker.hub, "enter", enter)
        assert (await client.expect("shown"))["poll"]["id"] == poll.id
        ack = await bob.vote(poll, 0)
        await client.totals(ack["version"], poll=poll.id)


async def test_a_move_during_a_join_of_the_new_poll_seats_once_and_shows_nothing_older(
    ws: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    second = await poll_of(ws.database, event, 1)
    enter, go, asked = ws.worker.hub.enter, asyncio.Event(), asyncio.Event()
    async with ws.client(HOST) as client, ws.client(BOB) as bob:
        await follow(client, event)

        async def held(poll: int, viewer: Viewer) -> RoomSnapshot:
            snapshot = await enter(poll, viewer)
            asked.set()
            await go.wait()
            return snapshot

        monkeypatch.setattr(ws.worker.hub, "enter", held)
        await client.send("join", poll=second.id)
        await asyncio.wait_for(asked.wait(), 10)
        monkeypatch.setattr(ws.worker.hub, "enter", enter)
        await moved(client, await move(ws, event, 1))
        ack = await bob.vote(second, 0)
        await client.totals(ack["version"], poll=second.id)
        go.set()
        joined = await client.expect("joined")
        assert joined["totals"]["version"] >= ack["version"]
        assert len(ws.worker.hub._rooms[second.id].viewers) == 1


# Leaving and its end


async def test_leaving_ends_everything_of_the_event(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    async with ws.client(ALICE) as client, ws.client(BOB) as stays:
        await follow(client, event)
        await follow(stays, event)
        await client.send("leave", event=event.id)
        assert await client.expect("left") == {"type": "left", "event": event.id}
        seen = len(client.frames)
        await moved(stays, await move(ws, event, 1))
        await client.pong()
        assert [frame["type"] for frame in client.frames[seen:]] == ["pong"]
        await client.send("leave", event=event.id)
        await client.expect("left")
    await until(lambda: (len(ws.worker.following), ws.worker.hub.rooms) == (0, 0))


async def test_deleted_event_is_taken_from_its_followers(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    await move(ws, event, 0)
    async with ws.client(ALICE) as client:
        await follow(client, event)
        ws.worker.tallies.event_changed(await events.delete(ws.database, event.id, HOST))
        assert await client.expect("deleted", event=event.id) == {"type": "deleted", "event": event.id}
        assert (await refused(client, "join", event=event.id))["code"] == "event_not_found"


async def test_a_poll_deleted_while_it_is_shown_ends_in_nothing_shown(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    async with ws.client(ALICE) as client:
        await follow(client, event)
        change = await polls.delete(ws.database, event.polls[0].id, HOST)
        ws.worker.tallies.event_changed(change)
        frame = await client.expect("shown")
        assert (frame["poll"], frame["event"]["shown"]) == (None, None)


async def test_a_join_refused_since_the_poll_is_deleted_ends_in_nothing_shown(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?")
    await move(ws, event, 0)
    poll = await poll_of(ws.database, event, 0)
    async with ws.client(ALICE) as client:
        await follow(client, event)
        change = await polls.delete(ws.database, poll.id, HOST)  # whose news is late
        assert (await refused(client, "join", poll=poll.id))["code"] == "poll_not_found"
        ws.worker.tallies.event_changed(change)
        frame = await client.expect("shown")
        assert ("poll" in frame, frame["event"]["shown"]) == (True, None)


async def test_an_event_counts_as_one_room(ws: SocketServer) -> None:
    event, other = await make_event(ws.database, "One?"), await make_event(ws.database, "One?")
    await move(ws, event, 0)
    made = [await make_poll(ws.database) for _ in range(49)]
    async with ws.client(ALICE) as client:
        await follow(client, event)
        for poll in made:
            await client.join(poll)
        error = await refused(client, "join", event=other.id)
        assert (error["code"], error["of"]) == ("too_many_rooms", {"type": "join", "event": other.id})
        await follow(client, event)
        await client.send("leave", poll=made[0].id)
        await follow(client, other)


async def test_a_token_that_may_follow_no_more_is_shown_out(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?")
    async with ws.client(ALICE) as client:
        await follow(client, event)
        bound = ws.worker.tokens.access(ALICE.voter, ("user",), 900, polls=(7,))
        await client.hello(bound)
        assert await client.expect("deleted") == {"type": "deleted", "event": event.id}


async def test_entering_that_is_given_up_leaves_nothing(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    event, asked = await make_event(ws.database, "One?"), asyncio.Event()

    async def stalled(_event: int, _follower: Follower) -> EventSnapshot:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(ws.worker.following, "_enter", stalled)
    async with ws.client(ALICE) as client:
        await client.send("join", event=event.id)
        await asyncio.wait_for(asked.wait(), 10)
    await until(lambda: len(ws.worker.following) == 0)


async def test_the_code_of_an_event_is_ready_at_once(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", is_public=False)
    async with ws.socket() as client:
        await client.send("wait", code=event.code)
        assert await client.expect("ready") == {"type": "ready", "code": event.code}


# Presence, and who sees what


async def test_presence_counts_each_voter_who_follows_once(ws: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    healing_quickly(monkeypatch)
    event = await make_event(ws.database, "One?")
    await move(ws, event, 0)
    async with ws.client(HOST) as host, ws.client(ALICE) as tab, ws.client(ALICE) as other, ws.client(BOB) as stage:
        await follow(host, event)
        assert await host.expect("presence") == {"type": "presence", "event": event.id, "online": 0}
        for one in (tab, other):
            await follow(one, event)
        await follow(stage, event, **{"as": "screen"})
        await host.expect("presence", online=1)
        assert {sent["online"] for sent in host.frames if sent["type"] == "presence"} == {0, 1}
        assert not [sent for sent in host.frames if sent["type"] == "presence" and "poll" in sent]


async def test_hidden_counts_stay_hidden_through_a_move(ws: SocketServer) -> None:
    event = await make_event(ws.database, "One?", "Two?", results=Policy.AFTER_VOTE)
    await move(ws, event, 0)
    poll = await poll_of(ws.database, event, 1)
    await rounds.open_poll(ws.database, poll.id, HOST)
    async with ws.client(ALICE) as voted, ws.client(BOB) as silent, ws.client(HOST) as host:
        await voted.vote(poll, 0)
        for one in (voted, silent, host):
            await follow(one, event)
        shown = await move(ws, event, 1)
        frames = [await moved(one, shown) for one in (voted, silent, host)]
        assert [counts(frame["totals"]) for frame in frames] == [[1, 0, 0], [None] * 3, [1, 0, 0]]
        assert [counts(frame["poll"]) for frame in frames] == [[1, 0, 0], [None] * 3, [1, 0, 0]]
        assert [len(frame["me"]) for frame in frames] == [1, 0, 0]
        ack = await silent.vote(poll, 1)
        assert counts(await silent.totals(ack["version"], poll=poll.id, visibility="full")) == [1, 1, 0]
