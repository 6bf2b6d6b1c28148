"""Events in the Python client against a scripted server: entering, being moved, and the end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nexus.client import Deleted, EventRoom, Presence, Refused, Room, Shown, Totals, Unreachable
from tests.support.scripted_event import at, event, follow, heard, poll_in_event, rest_of, shown
from tests.support.scripted_server import POLL, ScriptedServer, meeting, open_scripted_server, totals
from tests.support.values import Json
from tests.support.waiting import soon

BALLOT = {"op": "0199b3c4-0000-7000-8000-000000000001", "options": [12], "cast_at": "2026-11-22T19:00:00Z"}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with open_scripted_server() as server:
        yield server


# --- Entering -----------------------------------------------------------------------------------------------------


async def test_entering_an_event_gives_what_it_shows(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        assert (place.id, place.event.title, place.event.revision, place.role) == (4, "Show", 3, "voter")
        assert place.room is not None
        assert (place.room.id, place.room.totals.version, place.room.role) == (7, 5, "voter")
        assert await soon(anext(aiter(place))) == Shown(place.event, place.room)
        await peer.say(type="presence", event=4, online=12)
        await peer.say(**totals(6))
        await heard(nexus, peer)
        assert (place.online, place.room.online, place.room.totals.version) == (12, None, 6)


async def test_entering_a_poll_gives_its_room(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        entering = asyncio.create_task(nexus.enter("K7M2QP"))
        await peer.hear("join")
        await peer.joined(totals(5))
        room = await soon(entering)
        assert isinstance(room, Room)
        assert await nexus.join(7) is room


async def test_an_event_that_shows_nothing_has_no_room(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        entering = asyncio.create_task(nexus.enter("H4NDY7"))
        await peer.hear("join")
        await peer.entered(event(3))
        place = await soon(entering)
        assert isinstance(place, EventRoom)
        assert at(place) == (3, None)
        await shown(peer, 4, 8)
        await heard(nexus, peer)
        assert at(place) == (4, 8)


async def test_joining_by_the_code_of_an_event_is_refused_and_the_event_is_left(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        joining = asyncio.create_task(nexus.join(code="H4NDY7"))
        await peer.hear("join")
        await peer.entered(event(3, 7), poll_in_event(7), totals(5))
        with pytest.raises(Refused, match="poll_not_found"):
            await soon(joining)
        assert (await peer.hear("leave"))["event"] == 4
        await shown(peer, 4, 8)
        await heard(nexus, peer)


async def test_a_code_that_is_refused_is_raised(server: ScriptedServer) -> None:
    async with meeting(server, join_s=0.1) as (nexus, peer):
        entering = asyncio.create_task(nexus.enter("NOSUCH"))
        await peer.hear("join")
        await peer.say(type="error", code="poll_not_found", detail="", of={"type": "join"})
        with pytest.raises(Refused, match="poll_not_found"):
            await soon(entering)
        with pytest.raises(Unreachable, match="no answer to a join"):
            await nexus.enter("H4NDY7")


# --- Being moved --------------------------------------------------------------------------------------------------


async def test_a_move_ends_the_room_before_with_its_last_totals(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        before, changes = place.room, aiter(place)
        assert before is not None
        await soon(anext(changes))
        await peer.say(**totals(6, final=True, status="closed"))
        await shown(peer, 4, 8, me=[BALLOT])
        told = await soon(anext(changes))
        assert isinstance(told, Shown)
        assert told.room is place.room
        assert told.room is not None
        assert (told.room.id, told.event.revision) == (8, 4)
        assert [list(ballot.options) for ballot in told.room.me] == [[12]], "this voter's own ballots came with it"
        await peer.say(**totals(7))  # of the room that was left
        await heard(nexus, peer)
        final = (await rest_of(before))[-1]
        assert isinstance(final, Totals)
        assert (final.version, final.final, before.totals.version) == (6, True, 6)


async def test_a_vote_in_the_poll_before_is_answered_after_the_move(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        await follow(nexus, peer)
        votes = [asyncio.create_task(nexus.vote(7, [12])) for _ in range(2)]
        first, second = await peer.hear("vote"), await peer.hear("vote")
        await shown(peer, 4, 8)
        await peer.ack(first)
        await peer.say(type="reject", op=second["op"], poll=7, code="poll_closed", detail="Too late.")
        assert (await soon(votes[0])).status == "recorded"
        with pytest.raises(Refused, match="poll_closed"):
            await soon(votes[1])


async def test_a_change_without_a_move_keeps_the_room(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = place.room
        await peer.say(type="shown", event=event(4, 7, title="Other"))
        await heard(nexus, peer)
        assert (place.event.title, place.room) == ("Other", room)
        await peer.say(type="shown", event=event(4, 7, title="Other"))
        await peer.say(**totals(6))
        await heard(nexus, peer)
        assert room is not None
        assert room.totals.version == 6


async def test_an_older_revision_is_passed_over(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        await shown(peer, 5, 8)
        await shown(peer, 4, None)
        await heard(nexus, peer)
        assert at(place) == (5, 8)


async def test_a_slow_reader_gets_the_newest_move_alone(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        for revision in range(4, 40):
            await shown(peer, revision, 7 + revision % 2)
            await peer.say(type="presence", event=4, online=revision)
        await heard(nexus, peer)
        changes = aiter(place)
        told = [await soon(anext(changes)), await soon(anext(changes))]
        assert told == [Shown(place.event, place.room), Presence(event=4, online=39)]
        assert place.event.revision == 39


# --- The end ------------------------------------------------------------------------------------------------------


async def test_an_event_that_is_left_says_no_more(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = place.room
        await nexus.leave(event=4)
        assert (await peer.hear("leave"))["event"] == 4
        await shown(peer, 4, 8)
        await peer.say(**totals(6))
        await heard(nexus, peer)
        assert [type(update) async for update in place] == [Shown]
        assert room is not None
        assert [type(update) for update in await rest_of(room)] == [Totals]
        assert (place.event.revision, room.totals.version) == (3, 5)
        await nexus.leave(event=4)  # says nothing: it is not followed
        await heard(nexus, peer)
        with pytest.raises(ValueError, match="either a poll or an event"):
            await nexus.leave()


async def test_a_deleted_event_ends_with_its_room(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = place.room
        await peer.say(type="deleted", event=4)
        assert [type(update) async for update in place] == [Shown, Deleted]
        assert room is not None
        await rest_of(room)


async def test_a_poll_that_is_deleted_while_it_is_shown_leaves_nothing_shown(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        place = await follow(nexus, peer)
        room = place.room
        assert room is not None
        await peer.say(type="deleted", poll=7)
        assert [type(update) for update in await rest_of(room)] == [Totals, Deleted]
        await shown(peer, 4, None)
        await heard(nexus, peer)
        assert place.room is None


async def test_rooms_of_other_polls_do_not_heed_events(server: ScriptedServer) -> None:
    other: Json = {**POLL, "id": 9}
    async with meeting(server) as (nexus, peer):
        joining = asyncio.create_task(nexus.join(9))
        await peer.hear("join")
        await peer.say(type="joined", poll=other, totals=totals(5, poll=9), me=[], role="voter")
        room = await soon(joining)
        place = await follow(nexus, peer)
        await peer.say(type="deleted", event=4)
        await peer.say(type="presence", event=9, online=3)
        await peer.say(**totals(6, poll=9))
        await heard(nexus, peer)
        assert [type(update) async for update in place] == [Shown, Deleted]
        assert (room.totals.version, room.online) == (6, None)
