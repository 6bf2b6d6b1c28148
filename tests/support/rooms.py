"""Polls, sinks and frames for tests of rooms: values and records, no servers."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import msgspec

from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.poll import Chart, Option, OptionOrder, Policy, Poll, Status, Totals, Visibility
from nexus.domain.rights import Role
from nexus.rooms.fanout import SLICE_S
from nexus.rooms.frame import Frame
from nexus.rooms.room import Room, RoomSnapshot
from nexus.rooms.viewer import Viewer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPEN_POLL = Poll(
    id=7,
    code="K7M2QP",
    question="Which?",
    description="",
    category=None,
    created_by="user:1",
    is_public=True,
    status=Status.OPEN,
    opens_at=None,
    expires_at=None,
    closed_at=None,
    max_choices=1,
    votes_per_user=1,
    allow_change=True,
    allow_guests=True,
    anonymous=True,
    results=Policy.LIVE,
    chart=Chart.BARS,
    option_order=OptionOrder.POSITION,
    language=None,
    options=(Option(12, "Yes", 0, 0), Option(13, "No", 1, 0)),
    epoch=1,
    version=1,
    revision=1,
    retractions=0,
    voters=0,
    ballots=0,
    corrected_at=None,
    created_at=NOON,
    updated_at=NOON,
)


def poll_at(version: int = 1, *, epoch: int = 1, **fields: Any) -> Poll:
    """The poll of these tests at a place, with `version` - 1 votes for its first option."""
    votes = version - 1
    options = (Option(12, "Yes", 0, votes), Option(13, "No", 1, 0))
    place = {"epoch": epoch, "version": version, "voters": votes, "ballots": votes, "options": options}
    return msgspec.structs.replace(OPEN_POLL, **{**place, **fields})


def totals_at(version: int, **fields: Any) -> Totals:
    """Its totals there."""
    return poll_at(version, **fields).totals()


class RecordingSink:
    """A sink that records what it takes, as text; clogged, it takes nothing."""

    def __init__(self) -> None:
        self.taken: list[Frame] = []
        self.clogged = False
        self.gone: list[int] = []
        self.events_gone: list[int] = []
        self.joined: dict[int, Viewer] = {}

    def write(self, frame: Frame) -> bool:
        """Take a frame, or refuse it."""
        if not self.clogged:
            self.taken.append(frame)
        return not self.clogged

    def removed(self, poll: int, frame: Frame) -> None:
        """Take the last frame of a room, clogged or not."""
        self.gone.append(poll)
        self.taken.append(frame)

    def viewer_in(self, poll: int) -> Viewer | None:
        """With what it has joined a poll by itself."""
        return self.joined.get(poll)

    def event_gone(self, event: int, frame: Frame) -> None:
        """Take the last frame of an event, clogged or not."""
        self.events_gone.append(event)
        self.taken.append(frame)

    @property
    def texts(self) -> list[str]:
        """What was taken."""
        return [frame.text.decode() for frame in self.taken]


class PlainFrames:
    """Frames as words, and how many were made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def _frame(self, text: str) -> Frame:
        self.made.append(text)
        return Frame(text.encode())

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """Totals with place and audience."""
        return self._frame(f"totals {totals.epoch}.{totals.version} {sees}")

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """A definition with its revision."""
        return self._frame(f"poll r{poll.revision} {sees}")

    def presence(self, poll: int, online: int) -> Frame:
        """A number of sockets."""
        return self._frame(f"presence {online}")

    def deleted(self, poll: int) -> Frame:
        """The end of a room."""
        return self._frame(f"deleted {poll}")

    def shown(self, event: Event, role: Role) -> Frame:
        """An event with its revision, that shows what it showed."""
        return self._frame(f"event r{event.revision} {role}")

    def moved(self, event: Event, role: Role, inside: RoomSnapshot | None, *, known: bool) -> Frame:
        """An event with its revision, and the poll that it shows now: place, audience and ballots of its own."""
        if inside is None:
            return self._frame(f"moved r{event.revision} {role} to nothing")
        place, sees = inside.poll.place, "known" if known else str(inside.sees)
        own = f" own {len(inside.votes)}" if inside.votes else ""
        return self._frame(
            f"moved r{event.revision} {role} to {inside.poll.id} {place.epoch}.{place.version} {sees}{own}"
        )

    def event_presence(self, event: int, online: int) -> Frame:
        """A number of followers."""
        return self._frame(f"followers {online}")

    def event_deleted(self, event: int) -> Frame:
        """The end of an event."""
        return self._frame(f"event {event} deleted")


def who(n: int) -> Identity:
    """The n-th voter."""
    return Identity(f"user:{1000 + n}", frozenset({"user"}), None, 4e9)


def seated(room: Room, n: int = 1, *, role: Role = Role.VOTER) -> tuple[Viewer, RecordingSink]:
    """Somebody in the room who was sent nothing yet but the definition."""
    screen = RecordingSink()
    viewer = Viewer(screen, who(n))
    viewer.role = role
    viewer.revision = room.poll.revision if room.poll else 0
    room.add(viewer)
    return viewer, screen


def room_at(version: int = 1, **fields: Any) -> Room:
    """A room that knows the poll at a place."""
    room = Room(7)
    room.learn(poll_at(version, **fields))
    return room


async def pass_by() -> None:
    """Let the tasks that are ready run, often enough for a pass."""
    for _ in range(5):
        await asyncio.sleep(0)


async def turns_until(condition: Callable[[], bool]) -> None:
    """Give others their turns, a bounded number of them, until something has become true."""
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing came of it")


def slow_clock() -> Callable[[], float]:
    """A clock by which every few viewers take a slice."""
    return partial(next, count(0.0, SLICE_S))
