"""A scripted event for tests of the Python client: two polls, of which a scripted server shows one, or none."""

import asyncio

from nexus.client import EventRoom, Nexus, Room, Update
from tests.support.scripted_server import POLL, Peer, totals
from tests.support.values import Json
from tests.support.waiting import soon


def event(revision: int, shown: int | None = None, **more: object) -> Json:
    """An event of two polls."""
    polls = [{"id": poll, "question": "Which?", "status": "open"} for poll in (7, 8)]
    counted = {"polls": polls, "polls_count": len(polls)}
    return {"id": 4, "code": "H4NDY7", "title": "Show", **counted, "shown": shown, "revision": revision, **more}


def poll_in_event(poll: int, **more: object) -> Json:
    """A poll of that event."""
    return {**POLL, "id": poll, "code": None, "event": 4, "position": poll - 7, **more}


async def follow(nexus: Nexus, peer: Peer, revision: int = 3) -> EventRoom:
    """The event, while it shows poll 7 at version 5."""
    entering = asyncio.create_task(nexus.enter("h4ndy7"))
    assert (await peer.hear("join"))["code"] == "h4ndy7"
    await peer.entered(event(revision, 7), poll_in_event(7), totals(5))
    place = await soon(entering)
    assert isinstance(place, EventRoom)
    return place


async def shown(peer: Peer, revision: int, poll: int | None, **more: object) -> None:
    """Say that the event shows another poll, or nothing."""
    inside = None if poll is None else poll_in_event(poll)
    frame = None if poll is None else totals(1, poll=poll)
    message = {"poll": inside, "totals": frame, "me": [], **more}
    await peer.say(type="shown", event=event(revision, poll), **message)


async def heard(nexus: Nexus, peer: Peer) -> None:
    """Wait until the client has taken everything said so far: an answer to a vote comes after it."""
    voting = asyncio.create_task(nexus.vote(99, [1]))
    await peer.ack(await peer.hear("vote"))
    await soon(voting)


def at(place: EventRoom) -> tuple[int, int | None]:
    """Where the client has an event: its revision, and the poll whose room is shown."""
    return place.event.revision, place.room.id if place.room is not None else None


async def rest_of(room: Room) -> list[Update]:
    return await soon(_all(room))


async def _all(room: Room) -> list[Update]:
    return [update async for update in room]
