"""Events in the Python client against a scripted server: polls that were joined as well, and coming back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nexus.client import Deleted, EventRoom, Nexus, Presence, Refused, Room, Shown, connection
from tests.support.scripted_event import at, event, follow, heard, poll_in_event, rest_of, shown
from tests.support.scripted_server import Peer, ScriptedServer, meeting, open_scripted_server, totals, welcomed
from tests.support.waiting import soon


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedServer]:
    monkeypatch.setattr(connection, "FIRST_PAUSE_S", 0.01)
    async with open_scripted_server() as server:
        yield server


# --- Joined as well -----------------------------------------------------------------------------------------------


async def joined(nexus: Nexus, peer: Peer, poll: int) -> Room:
    joining = asyncio.create_task(nexus.join(poll))
    assert (await peer.hear("join"))["poll"] == poll
    await peer.say(type="joined", poll=poll_in_event(poll), totals=totals(5, poll=poll), me=[], role="voter")
    return await soon(joining)


async def test_a_room_that_was_joined_goes_on_after_the_move(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = await joined(nexus, peer, 7)
        assert room is place.room
        await shown(peer, 4, None)
        await peer.say(**totals(6))
        await heard(nexus, peer)
        assert (at(place), room.totals.version) == ((4, None), 6)
        await nexus.leave(7)
        assert (await peer.hear("leave"))["poll"] == 7
        await rest_of(room)


async def test_the_totals_of_a_poll_that_was_joined_are_those_here(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = await joined(nexus, peer, 8)
        await shown(peer, 4, 8, totals=None)
        await heard(nexus, peer)
        assert place.room is room
        await nexus.leave(8)
        await peer.hear("leave")
        await peer.say(**totals(6, poll=8))
        await heard(nexus, peer)
        assert room.totals.version == 6, "the event still shows it"
        await shown(peer, 5, 7)
        await rest_of(room)


async def test_a_poll_that_is_left_while_the_event_comes_to_show_it_is_asked_for_again(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        await joined(nexus, peer, 8)
        await nexus.leave(8)
        await peer.hear("leave")
        await shown(peer, 4, 8, totals=None)  # it was sent before the leave was read
        again = await peer.hear("join")
        assert (again["event"], again["revision"]) == (4, 3)
        await peer.entered(event(4, 8), poll_in_event(8), totals(6, poll=8))
        await heard(nexus, peer)
        assert place.room is not None
        assert (place.event.revision, place.room.id, place.room.totals.version) == (4, 8, 6)


# --- Coming back --------------------------------------------------------------------------------------------------


async def test_an_event_is_entered_again_where_it_was_left(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room, changes = place.room, aiter(place)
        await soon(anext(changes))
        await peer.socket.close(1012)
        again = await welcomed(server)
        join = await again.hear("join")
        assert (join["event"], join["revision"], "poll" in join) == (4, 3, False)
        await again.entered(event(3, 7), poll_in_event(7), totals(6))
        await heard(nexus, again)
        assert room is not None
        assert (place.room, room.totals.version) == (room, 6)
        await again.say(type="presence", event=4, online=1)
        assert isinstance(await soon(anext(changes)), Presence), "what is shown as before is not told again"


async def test_a_move_while_the_client_was_away_is_told_on_coming_back(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        before = place.room
        await peer.socket.close(1012)
        again = await welcomed(server)
        await again.hear("join")
        await again.entered(event(9, 8), poll_in_event(8), totals(1, poll=8))
        await heard(nexus, again)
        assert before is not None
        await rest_of(before)
        assert at(place) == (9, 8)


async def test_a_snapshot_that_is_older_than_what_is_here_is_passed_over(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer, revision=5)
        await peer.socket.close(1012)
        again = await welcomed(server)
        await again.hear("join")
        await again.entered(event(4, 8), poll_in_event(8), totals(1, poll=8))
        await heard(nexus, again)
        assert at(place) == (5, 7)


@pytest.mark.parametrize("code", ["event_not_found", "too_many_rooms"])
async def test_an_event_that_does_not_let_the_client_back_in_is_over(server: ScriptedServer, code: str) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = place.room
        await peer.socket.close(1012)
        again = await welcomed(server)
        await again.hear("join")
        await again.say(type="error", code=code, detail="", of={"type": "join", "event": 4})
        assert room is not None
        if code == "event_not_found":
            assert [type(update) async for update in place] == [Shown, Deleted]
            await rest_of(room)
        else:
            for over in (place, room):
                with pytest.raises(Refused, match=code):
                    await soon(_until_the_end(over))


async def _until_the_end(place: EventRoom | Room) -> None:
    async for _ in place:
        pass
