"""An event in the terminal: what is drawn of it, and what is written as it goes on."""

import asyncio
import io
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from nexus.client import terminal as drawing
from nexus.client.event_room import EventRoom
from nexus.client.event_terminal import event_lines, question_number, watch_event
from nexus.client.messages import Deleted, Event, Poll, Presence, SheetPoll, Totals
from nexus.client.room import Room
from nexus.client.terminal import columns, totals_line
from tests.client.test_terminal import NOON, POLL, TOTALS, Terminal

SHEET = tuple(SheetPoll(poll, "Which?", "open") for poll in range(7, 15))
EVENT = Event(4, "H4NDY7", "Show \x1b", SHEET, len(SHEET), 9, 3)


def poll(poll_id: int, **fields: object) -> Poll:
    return replace(POLL, id=poll_id, code=None, event=4, position=poll_id - 7, **fields)


def room(poll_id: int = 9, totals: Totals = TOTALS) -> Room:
    return Room(poll(poll_id), replace(totals, poll=poll_id), (), "voter")


def place(inside: Room | None, role: str = "voter", event: Event = EVENT) -> EventRoom:
    return EventRoom(replace(event, shown=inside and inside.id), inside, role)


def move(place: EventRoom, inside: Room | None) -> None:
    before = place.room
    place.show(replace(place.event, shown=inside and inside.id, revision=place.event.revision + 1), inside)
    if before is not None:
        before.end()


def test_the_number_of_a_question_is_its_place_in_the_run_sheet() -> None:
    assert question_number(place(room(), "screen"), room()) == "Question 3 of 8"
    reordered = replace(EVENT, polls=SHEET[::-1])
    assert question_number(place(room(), "host", reordered), room()) == "Question 6 of 8"


def test_a_voter_is_told_the_number_of_a_question_though_drafts_are_not_there() -> None:
    seen = replace(EVENT, polls=SHEET[2:3])
    assert question_number(place(room(), event=seen), room()) == "Question 3 of 8"


def test_an_event_is_drawn_with_what_it_shows() -> None:
    here = place(room(), "screen")
    here.take(Presence(event=4, online=12))
    lines = event_lines(here, NOON, 80, 20, connected=True)
    assert (lines[0], lines[1], lines[2]) == ("Question 3 of 8 · Show  ", "Which?", "")
    assert lines[-1] == "open · 4 voters · 12 online · code H4NDY7"
    assert event_lines(place(None), NOON, 80, 20, connected=True) == [
        "Show  ",
        "",
        "Nothing is shown right now.",
        "",
        "code H4NDY7",
    ]
    away = event_lines(place(None), NOON, 80, 20, connected=False)
    assert away[-1] == "connection lost, reconnecting"


@pytest.mark.parametrize("width", [10, 40, 200])
def test_an_event_keeps_to_the_terminal(width: int) -> None:
    long = replace(EVENT, title="長" * 200)
    for here in (place(room(), event=long), place(None, event=long)):
        lines = event_lines(here, NOON, width, 10, connected=True)
        assert max(map(columns, lines)) <= width
        assert len(lines) <= 10


async def reached(out: io.StringIO, seen: Callable[[str], bool]) -> None:
    async with asyncio.timeout(30):
        while not seen(out.getvalue()):  # noqa: ASYNC110 - a text has no event
            await asyncio.sleep(0.001)


async def test_without_a_terminal_an_event_is_written_question_after_question() -> None:
    out, first, second = io.StringIO(), room(7), room(9)
    here = place(first)
    watching = asyncio.create_task(watch_event(here, out, server_now=lambda: NOON, connected=lambda: True))
    await reached(out, lambda text: "4 voters" in text)
    final = replace(TOTALS, poll=7, version=9, final=True, status="closed")
    first.take(final)
    move(here, None)
    await reached(out, lambda text: "Nothing" in text)
    move(here, room(8))
    move(here, second)
    await reached(out, lambda text: "Question 3" in text)
    here.take(Deleted(event=4))
    second.end()
    await asyncio.wait_for(watching, 30)
    assert out.getvalue().splitlines() == [
        "# Show  ",
        "# Question 1 of 8: Which? (open)",
        totals_line(first.poll, TOTALS),
        totals_line(first.poll, final),
        "# Nothing is shown right now.",
        "# Question 3 of 8: Which? (open)",
        totals_line(second.poll, TOTALS),
        "# The event no longer exists.",
    ]


async def test_without_a_terminal_the_last_totals_of_a_poll_that_stays_open_are_written() -> None:
    out, first = io.StringIO(), room(7)
    here = place(first)
    watching = asyncio.create_task(watch_event(here, out, server_now=lambda: NOON, connected=lambda: True))
    await reached(out, lambda text: "4 voters" in text)
    first.take(replace(TOTALS, poll=7, version=9, voters=5))
    move(here, None)
    await reached(out, lambda text: "Nothing" in text)
    assert "1.9 open, 5 voters" in out.getvalue()
    here.end()
    await asyncio.wait_for(watching, 30)
    assert "no longer" not in out.getvalue(), "it was left"


async def test_a_poll_that_is_deleted_is_told_once_and_the_event_goes_on() -> None:
    out, first = io.StringIO(), room(7)
    here = place(first)
    watching = asyncio.create_task(watch_event(here, out, server_now=lambda: NOON, connected=lambda: True))
    first.take(Deleted(poll=7))
    await reached(out, lambda text: "The poll no longer exists." in text)
    here.show(replace(here.event, title="Other", revision=9), first)
    await reached(out, lambda text: "# Other" in text)
    move(here, None)
    await reached(out, lambda text: "Nothing" in text)
    here.take(Deleted(event=4))
    await asyncio.wait_for(watching, 30)
    assert out.getvalue().count("The poll no longer exists.") == 1


async def test_a_terminal_is_drawn_anew_with_each_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "REDRAW_S", 0.001)
    monkeypatch.setattr(drawing, "IDLE_S", 0.001)
    out, first = Terminal(), room(7)
    here = place(first)
    watching = asyncio.create_task(watch_event(here, out, server_now=lambda: NOON, connected=lambda: True))
    await reached(out, lambda text: "Question 1 of 8 · Show" in text)
    move(here, None)
    await reached(out, lambda text: text.endswith("Nothing is shown right now.\n\ncode H4NDY7\n"))
    move(here, room(9))
    await reached(out, lambda text: "Question 3 of 8 · Show" in text)
    last = here.room
    assert last is not None
    here.take(Deleted(event=4))
    last.end()
    await asyncio.wait_for(watching, 30)
    assert out.getvalue().endswith("The event no longer exists.\n")
