"""Events in the Python client on the real server: moved from poll to poll, over restarts, and in the terminal."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from nexus.client import (
    Event,
    EventRoom,
    GuestPass,
    Nexus,
    Patience,
    Refused,
    Room,
    Shown,
    Totals,
    connect,
    guest_token,
    post,
    socket_url,
)
from tests.support.served import Server, serving
from tests.support.waiting import SERVER_S, soon

HOST = "user:1"
PATIENCE = Patience(connect_s=20, join_s=20, act_s=40, away_s=60)


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path, database_url) as server:
        yield server


async def made(server: Server, *questions: str) -> Event:
    options = [{"option_text": text} for text in ("Yes", "No")]
    polls = [{"question": question, "options": options} for question in questions]
    body = {"title": "The \x1b[2Jshow", "polls": polls}
    return await post(server.url, "/events/", body, Event, token=server.token(HOST, "user"))


async def moved(server: Server, event: Event, act: str = "next", **body: object) -> Event:
    return await post(server.url, f"/events/{event.id}/{act}/", body, Event, token=server.token(HOST, "user"))


async def until(place: EventRoom, seen: Callable[[EventRoom], bool]) -> None:
    """Return once the event is as it should be; its revisions never fall until then."""
    revisions = []
    async for update in place:
        if isinstance(update, Shown):
            revisions.append(update.event.revision)
            assert revisions == sorted(revisions)
        if seen(place):
            return
    raise AssertionError("the event came to an end")


def showing(poll: int | None) -> Callable[[EventRoom], bool]:
    return lambda place: (place.room.id if place.room else None) == poll


async def enter(nexus: Nexus, event: Event) -> EventRoom:
    place = await nexus.enter(event.code)
    assert isinstance(place, EventRoom)
    return place


async def test_a_guest_follows_a_show_and_votes_in_what_is_shown(server: Server) -> None:
    event = await made(server, "One?", "Two?")
    one, two = (poll.id for poll in event.polls)
    guest = await guest_token(server.url, event.code)
    assert (guest.event, guest.poll) == (event.id, None)
    async with connect(socket_url(server.url), GuestPass(server.url, event.code), patience=PATIENCE) as nexus:
        place = await enter(nexus, event)
        assert (place.room, place.role, place.event.polls) == (None, "voter", ())
        await moved(server, event)
        await soon(until(place, showing(one)), SERVER_S)
        first = place.room
        assert first is not None
        receipt = await nexus.vote(first.id, [first.poll.options[0].id])
        await moved(server, event)
        await soon(until(place, showing(two)), SERVER_S)
        assert (first.totals.final, first.totals.voters) == (True, 1), "the last totals came before the move"
        await soon(_read(first), SERVER_S)
        with pytest.raises(Refused, match="poll_closed"):
            await nexus.vote(first.id, [first.poll.options[1].id])
        await moved(server, event, "previous")
        await soon(until(place, showing(one)), SERVER_S)
        assert place.room is not None
        assert place.room is not first
        assert [ballot.op for ballot in place.room.me] == [receipt.op], "own ballots come with the move"
        assert [poll.id for poll in place.event.polls] == [one, two]
        with pytest.raises(Refused, match="poll_not_found"):
            await nexus.join(code=event.code)
        assert await enter(nexus, event) is place


async def _read(room: Room) -> list[Totals]:
    return [update async for update in room if isinstance(update, Totals)]


async def test_a_show_goes_on_after_a_restart(server: Server) -> None:
    event = await made(server, "One?", "Two?", "Three?")
    await moved(server, event)
    async with (
        connect(socket_url(server.url), server.token("user:7", "user"), patience=PATIENCE) as nexus,
        connect(socket_url(server.url), server.token(HOST, "user"), patience=PATIENCE) as host,
    ):
        places = [await enter(nexus, event), await enter(host, event)]
        assert places[1].role == "host"
        joined = await nexus.join(event.polls[0].id)
        assert joined is places[0].room
        await server.stop()
        await server.start()
        newest = await moved(server, event)
        for place in places:
            await soon(until(place, showing(event.polls[1].id)), SERVER_S)
            assert place.event.revision == newest.revision
        assert nexus.connected
        assert joined.totals.final, "it was joined as well, and goes on"
        assert await nexus.join(event.polls[0].id) is joined


async def test_an_event_that_is_not_for_this_voter_is_refused_like_one_that_is_not_there(server: Server) -> None:
    event = await made(server, "One?")
    async with connect(socket_url(server.url), server.token("user:7", "user"), patience=PATIENCE) as nexus:
        with pytest.raises(Refused, match="not_found"):
            await nexus.enter("NOSUCH")
        place = await enter(nexus, event)
        other = await made(server, "Other?")
        assert (await enter(nexus, other)).id != place.id


async def line(reader: asyncio.StreamReader, text: str) -> str:
    """The next line that has this text."""
    while text not in (read := (await soon(reader.readline(), SERVER_S)).decode()):
        assert read, f"no {text!r}"
    return read


async def test_the_terminal_follows_an_event(server: Server) -> None:
    event = await made(server, "One?", "Two?")
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "nexus.client", server.url, f"{server.url}/vote/{event.code}"]
    watching = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    out = watching.stdout
    assert out is not None
    assert await line(out, "The") == "# The  [2Jshow\n"
    await line(out, "# Nothing is shown right now.")
    await moved(server, event)
    assert await line(out, "Question") == "# Question 1 of 2: One? (open)\n"
    await line(out, "0 voters | Yes: 0 (0%) | No: 0 (0%)")
    await moved(server, event)
    await line(out, "final, 0 voters")
    assert await line(out, "Question") == "# Question 2 of 2: Two? (open)\n"
    watching.send_signal(signal.SIGINT)
    assert (await soon(watching.communicate(), SERVER_S))[1] == b""
    assert watching.returncode == 0
