"""A poll in the terminal: moving bars on a TTY, otherwise a line for the newest totals."""

from __future__ import annotations

import asyncio
import shutil
import unicodedata
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TextIO, TypeVar

from nexus.client.event_room import EventRoom
from nexus.client.messages import Deleted, Poll, PollChanged, Totals, Update
from nexus.client.room import Room
from nexus.client.shares import shares

U = TypeVar("U")

REDRAW_S = 0.05
"""Between two drawings, at least."""
IDLE_S = 1.0
"""Between two drawings, at most: the time that is left is shown in seconds."""
LINE_S = 1.0
"""Between two lines of totals, at least: a log has no use for twenty a second. The final totals come at once."""
GONE = "The poll no longer exists."

_EIGHTHS = " ▏▎▍▌▋▊▉"
# Columns of "1234567    100%" with its space.
_FIGURES = 16
_MARGIN = 2


async def watch(room: Room, out: TextIO, *, server_now: Callable[[], datetime], connected: Callable[[], bool]) -> None:
    """Show `room` on `out` until the poll is deleted."""
    if not out.isatty():
        await write_lines(room, out)
        return
    area = RedrawnArea(out)

    def draw() -> None:
        footer = status_line(room, server_now(), connected=connected())
        area.show(bars(room.poll, room.totals, footer, *area.size()))

    if await redraw(aiter(room), draw, is_deleted) is not None:
        out.write(f"{GONE}\n")


async def write_lines(room: Room, out: TextIO) -> None:
    """Write `room` to `out`, as a line for the newest totals now and then, until it says no more."""
    updates, clock = aiter(room), asyncio.get_running_loop().time
    due, waiting, over = clock(), False, False
    while not over:
        update = None
        try:
            async with asyncio.timeout_at(due if waiting else None):
                update = await anext(updates)
        except TimeoutError:
            pass
        except StopAsyncIteration:
            over = True
        waiting = waiting or isinstance(update, Totals)
        if waiting and (room.totals.final or clock() >= due or over or isinstance(update, Deleted)):
            out.write(f"{totals_line(room.poll, room.totals)}\n")
            due, waiting = clock() + LINE_S, False
        if isinstance(update, PollChanged):
            out.write(f"# {plain(update.poll.question)} ({update.poll.status})\n")
        elif isinstance(update, Deleted):
            out.write(f"# {GONE}\n")
        out.flush()


def is_deleted(update: Update) -> bool:
    """Whether this is the last that is said of a poll."""
    return isinstance(update, Deleted)


async def redraw(updates: AsyncIterator[U], draw: Callable[[], None], ends: Callable[[U], bool]) -> U | None:
    """Draw after each update, and now and then, until one `ends` it, which is returned; None if there are no more."""
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                update = await anext(updates)
        except TimeoutError:
            pass
        except StopAsyncIteration:
            return None
        else:
            if ends(update):
                return update
        draw()
        await asyncio.sleep(REDRAW_S)


class RedrawnArea:
    """Lines of a terminal that are drawn again and again in the same place."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._drawn = 0

    def size(self) -> tuple[int, int]:
        """The number of columns and of rows that lines may take."""
        size = shutil.get_terminal_size()
        return size.columns - 1, size.lines - 1

    def show(self, lines: list[str]) -> None:
        """Draw `lines` over those that were drawn before."""
        encoding = self._out.encoding or "ascii"
        text = "".join(f"{line}\n" for line in lines).encode(encoding, "replace").decode(encoding)
        back = f"\x1b[{self._drawn}F" if self._drawn else ""
        self._out.write(f"{back}\x1b[J{text}")
        self._out.flush()
        self._drawn = len(lines)


def bars(poll: Poll, totals: Totals, footer: str, width: int, rows: int) -> list[str]:
    """Returns a poll as lines: the question, a bar for each option, `footer`. `width` and `rows` are the terminal's."""
    shown = poll.options[: max(1, rows - 4)]
    labels = [plain(option.option_text) for option in shown]
    wide = min(max(map(columns, labels)), max(8, width // 3))
    room = max(4, width - wide - _FIGURES - 2 * _MARGIN)
    counts = {count.id: count.votes_count for count in totals.options}
    told = _shares(totals)
    lines = [clip(plain(poll.question), width), ""]
    for option, label in zip(shown, labels, strict=True):
        count = counts.get(option.id)
        bar = "hidden" if count is None else _bar(count, totals.total_votes, told[option.id], room)
        line = f"{' ' * _MARGIN}{padded(label, wide)} {bar}"
        lines.append(clip(line, width))
    if len(shown) < len(poll.options):
        lines.append(f"{' ' * _MARGIN}and {len(poll.options) - len(shown)} more")
    return [*lines, clip(footer, width)]


def _shares(totals: Totals) -> dict[int, str]:
    """The shares of the options whose counts are shown, by their ids."""
    shown = [(one.id, one.votes_count) for one in totals.options if one.votes_count is not None]
    texts = shares([count for _, count in shown], totals.total_votes)
    return {option: f"{text}%" for (option, _), text in zip(shown, texts, strict=True)}


def _bar(count: int, ballots: int, share: str, room: int) -> str:
    eighths = round(count / ballots * room * 8) if ballots else 0
    bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return f"{bar.ljust(room)}{count:>7}{share:>8}"


def status_line(room: Room, now: datetime, *, connected: bool, event: EventRoom | None = None) -> str:
    """Returns the line below the bars: status, turnout, how many are online, a correction, time left.

    `event` is the one that shows the poll, if any: its followers are those who are online, and its code is the one to
    enter.
    """
    totals, poll = room.totals, room.poll
    parts = ["final" if totals.final else totals.status, _counted(totals.voters, "voter")]
    if totals.total_votes != totals.voters:
        parts.append(_counted(totals.total_votes, "ballot"))
    after = []
    if poll.corrected_at is not None:
        after.append(f"text corrected at {poll.corrected_at.astimezone():%H:%M}")
    if poll.expires_at is not None and not totals.final:
        left = max(0, round((poll.expires_at - now).total_seconds()))
        after.append(f"closes in {left // 60}:{left % 60:02}")
    online, code = (room.online, poll.code) if event is None else (event.online, event.event.code)
    return place_line(parts, online, after, code, connected=connected)


def place_line(parts: list[str], online: int | None, after: list[str], code: str | None, *, connected: bool) -> str:
    """Returns parts of a status line as one, with how many are `online` and the `code` where one enters."""
    told = [*parts, *([] if online is None else [f"{online} online"]), *after]
    if not connected:
        told.append("connection lost, reconnecting")
    elif code is not None:
        told.append(f"code {plain(code)}")
    return " · ".join(told)


def totals_line(poll: Poll, totals: Totals) -> str:
    """Returns totals as one line, for a log or another program."""
    texts = {option.id: plain(option.option_text) for option in poll.options}
    figures, told = [], _shares(totals)
    for count in totals.options:
        shown = "hidden" if count.votes_count is None else f"{count.votes_count} ({told[count.id]})"
        figures.append(f"{texts.get(count.id, f'option {count.id}')}: {shown}")
    time = totals.server_now.isoformat(timespec="seconds").replace("+00:00", "Z")
    state = "final" if totals.final else totals.status
    return f"{time} {totals.epoch}.{totals.version} {state}, {_counted(totals.voters, 'voter')} | {' | '.join(figures)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def plain(text: str) -> str:
    """Returns `text` without control characters, with which a poll could control the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def columns(text: str) -> int:
    """Returns the number of columns that `text` takes in a terminal (Unicode Standard Annex #11)."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Returns as much of `text` as fits into `width` columns."""
    if columns(text) <= width:
        return text
    kept, taken = "", 1
    for char in text:
        taken += _columns(char)
        if taken > width:
            break
        kept += char
    return f"{kept}…"


def padded(text: str, width: int) -> str:
    """Returns `text` clipped or padded to exactly `width` columns."""
    text = clip(text, width)
    return text + " " * (width - columns(text))
