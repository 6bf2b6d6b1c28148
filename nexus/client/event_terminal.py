"""An event in the terminal: what it shows, one question after another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TextIO

from nexus.client.event_room import EventRoom, EventUpdate, Shown
from nexus.client.messages import Deleted
from nexus.client.room import Room
from nexus.client.terminal import (
    RedrawnArea,
    bars,
    clip,
    is_deleted,
    place_line,
    plain,
    redraw,
    status_line,
    write_lines,
)

NOTHING = "Nothing is shown right now."
GONE = "The event no longer exists."


async def watch_event(
    place: EventRoom, out: TextIO, *, server_now: Callable[[], datetime], connected: Callable[[], bool]
) -> None:
    """Show on `out` whatever `place` shows, until the event is deleted."""
    if not out.isatty():
        await _write_event(place, out)
        return
    area = RedrawnArea(out)

    def draw() -> None:
        area.show(event_lines(place, server_now(), *area.size(), connected=connected()))

    if isinstance(await _redraw_event(place, draw), Deleted):
        out.write(f"{GONE}\n")


async def _write_event(place: EventRoom, out: TextIO) -> None:
    title = ""
    room: Room | EventRoom | None = place  # none yet: showing nothing is told as well
    async for update in place:
        if isinstance(update, Deleted):
            out.write(f"# {GONE}\n")
        elif isinstance(update, Shown):
            if update.event.title != title:
                title = update.event.title
                out.write(f"# {plain(title)}\n")
            if update.room is not room:
                room = update.room
                out.write(f"# {NOTHING if update.room is None else _heading(place, update.room)}\n")
                out.flush()
                if update.room is not None:
                    await write_lines(update.room, out)
        out.flush()


async def _redraw_event(place: EventRoom, draw: Callable[[], None]) -> EventUpdate | None:
    """Draw what is shown until the event is deleted, or left: then None."""
    changes = aiter(place)
    while True:
        room = place.room
        if room is not None:
            await redraw(aiter(room), draw, is_deleted)
        update = await redraw(changes, draw, partial(_ends, room))
        if not isinstance(update, Shown):
            return update


def _ends(room: Room | None, update: EventUpdate) -> bool:
    """Whether `room` is no longer what is shown."""
    return isinstance(update, Deleted) or (isinstance(update, Shown) and update.room is not room)


def _heading(place: EventRoom, room: Room) -> str:
    return f"{question_number(place, room)}: {plain(room.poll.question)} ({room.poll.status})"


def question_number(place: EventRoom, room: Room) -> str:
    """Which question of the event is shown, such as "Question 3 of 8".

    The run sheet is newer than the poll, but drafts are in it for hosts and screens alone.
    """
    order, count = [one.id for one in place.event.polls], place.event.polls_count
    whole = len(order) == count and room.id in order
    position = order.index(room.id) if whole else room.poll.position or 0
    return f"Question {position + 1} of {count}"


def event_lines(place: EventRoom, now: datetime, width: int, rows: int, *, connected: bool) -> list[str]:
    """Returns an event as lines: its title, and the poll that it shows. `width` and `rows` are the terminal's."""
    room, title = place.room, plain(place.event.title)
    if room is None:
        footer = place_line([], place.online, [], place.event.code, connected=connected)
        return [clip(title, width), "", clip(NOTHING, width), "", clip(footer, width)]
    footer = status_line(room, now, connected=connected, event=place)
    head = clip(f"{question_number(place, room)} · {title}", width)
    return [head, *bars(room.poll, room.totals, footer, width, rows - 1)]
