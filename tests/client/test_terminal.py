"""A poll in the terminal: what is drawn, in how much room, and what a poll cannot do to a terminal."""

import asyncio
import io
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from nexus.client import terminal as drawing
from nexus.client.messages import Count, Deleted, Option, Poll, PollChanged, Totals
from nexus.client.room import Room
from nexus.client.terminal import bars, clip, columns, padded, plain, status_line, totals_line, watch

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPTIONS = (Option(1, "Yes"), Option(2, "Not at all"), Option(3, "投票"))
POLL = Poll(7, "K7M2QP", "Which?", "open", OPTIONS, 1, 2)
COUNTS = (Count(1, 3), Count(2, 1), Count(3, 0))
TOTALS = Totals(7, 1, 2, "open", "full", False, 4, 4, COUNTS, NOON)
HIDDEN = replace(TOTALS, visibility="turnout", options=tuple(Count(option, None) for option in (1, 2, 3)))


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def room(totals: Totals = TOTALS, poll: Poll = POLL) -> Room:
    return Room(poll, totals, (), "voter")


def test_bars_show_shares_of_ballots() -> None:
    lines = bars(POLL, TOTALS, "footer", width=60, rows=20)
    assert (lines[0], lines[1], lines[-1]) == ("Which?", "", "footer")
    yes, no, third = lines[2:5]
    assert yes.split() == ["Yes", "█" * 22 + "▌", "3", "75%"]
    assert no.split() == ["Not", "at", "all", "█" * 7 + "▌", "1", "25%"]
    assert third.split() == ["投票", "0", "0%"]
    assert {columns(line) for line in lines[2:5]} == {60 - 2}


@pytest.mark.parametrize("width", [10, 24, 40, 80, 200])
@pytest.mark.parametrize("ballots", [0, 4, 10**6])
def test_bars_keep_to_the_width(width: int, ballots: int) -> None:
    full = replace(TOTALS, total_votes=ballots, options=tuple(Count(option, ballots) for option in (1, 2, 3)))
    poll = replace(POLL, question="長" * 300, options=(*OPTIONS[:2], Option(3, "x" * 255)))
    assert max(map(columns, bars(poll, full, "f" * 300, width=width, rows=20))) <= width


def test_bars_keep_to_the_rows() -> None:
    poll = replace(POLL, options=tuple(Option(n, f"Option {n}") for n in range(100)))
    lines = bars(poll, TOTALS, "footer", width=80, rows=24)
    assert len(lines) == 24
    assert lines[-2].strip() == "and 80 more"


def test_hidden_counts_are_not_shown_as_none() -> None:
    assert all(line.endswith("hidden") for line in bars(POLL, HIDDEN, "", width=60, rows=20)[2:5])
    assert "Yes: hidden | Not at all: hidden" in totals_line(POLL, HIDDEN)


def test_a_line_of_totals_says_when_where_and_what() -> None:
    assert totals_line(POLL, TOTALS) == (
        "2026-11-22T12:00:00Z 1.2 open, 4 voters | Yes: 3 (75%) | Not at all: 1 (25%) | 投票: 0 (0%)"
    )
    strange = replace(TOTALS, options=(Count(9, 1),), final=True, voters=1)
    assert totals_line(POLL, strange) == "2026-11-22T12:00:00Z 1.2 final, 1 voter | option 9: 1 (25%)"


def test_the_status_says_what_time_is_left_and_whether_the_connection_holds() -> None:
    here = room(poll=replace(POLL, expires_at=NOON + timedelta(seconds=83)))
    assert status_line(here, NOON, connected=True) == "open · 4 voters · closes in 1:23 · code K7M2QP"
    assert status_line(here, NOON, connected=False).endswith("connection lost, reconnecting")
    corrected = status_line(room(poll=replace(POLL, corrected_at=NOON)), NOON, connected=True)
    assert corrected == f"open · 4 voters · text corrected at {NOON.astimezone():%H:%M} · code K7M2QP"
    final = room(replace(TOTALS, final=True, total_votes=9))
    assert status_line(final, NOON, connected=True) == "final · 4 voters · 9 ballots · code K7M2QP"


def test_a_poll_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\r\n\x07\x9bc\u202e") == "a [2Jb    c "


def test_text_is_clipped_by_columns() -> None:
    assert (clip("投票", 4), clip("投票する", 4), clip("abc", 2)) == ("投票", "投…", "a…")
    assert padded("投", 5) == "投   "


async def test_a_terminal_is_drawn_over_and_over_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "REDRAW_S", 0.001)
    monkeypatch.setattr(drawing, "IDLE_S", 0.001)
    out, here = Terminal(), room()
    watching = asyncio.create_task(watch(here, out, server_now=lambda: NOON, connected=lambda: True))

    async def drawn(times: int) -> None:
        while out.getvalue().count("\x1b[J") < times:  # noqa: ASYNC110 - a terminal has no event
            await asyncio.sleep(0.001)

    await asyncio.wait_for(drawn(2), 30)  # the second because time goes on
    here.take(Deleted(7))
    await asyncio.wait_for(watching, 30)
    first, second, *_ = out.getvalue().split("\x1b[J")[1:]
    assert first.startswith("Which?\n\n  Yes ")
    assert second.endswith(("\x1b[6F", "The poll no longer exists.\n"))


async def test_without_a_terminal_each_change_is_a_line() -> None:
    out, here = io.StringIO(), room()
    here.take(PollChanged(replace(POLL, question="Really?\x1b", status="closed")))
    here.take(Deleted(7))
    await asyncio.wait_for(watch(here, out, server_now=lambda: NOON, connected=lambda: True), 30)
    lines = [totals_line(here.poll, TOTALS), "# Really?  (closed)", "# The poll no longer exists."]
    assert out.getvalue().splitlines() == lines


async def test_without_a_terminal_a_busy_poll_is_a_line_now_and_then_and_its_end_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drawing, "LINE_S", 3600.0)
    out, here = io.StringIO(), room()
    watching = asyncio.create_task(watch(here, out, server_now=lambda: NOON, connected=lambda: True))

    async def written(lines: int) -> None:
        while out.getvalue().count("\n") < lines:  # noqa: ASYNC110 - a text has no event
            await asyncio.sleep(0.001)

    await asyncio.wait_for(written(1), 30)
    for version in range(3, 30):
        here.take(replace(TOTALS, version=version))
        await asyncio.sleep(0)
    final = replace(TOTALS, version=30, final=True, status="closed")
    here.take(final)
    await asyncio.wait_for(written(2), 30)
    here.take(replace(TOTALS, version=31))  # reopened
    here.take(Deleted(7))
    await asyncio.wait_for(watching, 30)
    assert out.getvalue().splitlines() == [
        totals_line(POLL, TOTALS),
        totals_line(POLL, final),
        totals_line(POLL, replace(TOTALS, version=31)),
        "# The poll no longer exists.",
    ]


async def test_without_a_terminal_the_newest_totals_come_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "LINE_S", 0.05)
    out, here = io.StringIO(), room()
    watching = asyncio.create_task(watch(here, out, server_now=lambda: NOON, connected=lambda: True))
    here.take(replace(TOTALS, version=3))
    here.take(replace(TOTALS, version=4))
    newest = f"{totals_line(POLL, replace(TOTALS, version=4))}\n"

    async def told() -> None:
        while not out.getvalue().endswith(newest):  # noqa: ASYNC110 - a text has no event
            await asyncio.sleep(0.001)

    await asyncio.wait_for(told(), 30)
    here.end()
    await asyncio.wait_for(watching, 30)
