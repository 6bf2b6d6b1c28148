"""Bringing the followers of an event up to date: what is shown is read once, and then everybody is moved by one pass
(docs/architecture.md, "Events").

How many queries a move takes does not depend on how many follow: one for the event, one for where the poll before and
the new one stand, one for the polls that are not cached. Only where the new poll has votes are the followers' own read
too, some hundred voters a query.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import islice
from typing import NamedTuple, Protocol

from nexus.domain.event import Event
from nexus.domain.poll import Poll, Watch
from nexus.domain.rights import Role
from nexus.errors import PollNotFound, Unavailable
from nexus.rooms.event_room import EventRoom
from nexus.rooms.fanout import SLICE_S
from nexus.rooms.follower import Follower
from nexus.rooms.frame import Frame
from nexus.rooms.hub import Hub
from nexus.rooms.room import RoomSnapshot
from nexus.rooms.viewer import Viewer
from nexus.store.watch import Entrant
from nexus.voting.events import Events
from nexus.voting.tallies import PollEntry

logger = logging.getLogger(__name__)

STRIDE = 32
"""Followers between two looks at the clock."""
VOTERS = 500
"""Voters whose own ballots are read in one query."""
READS = 10
"""Reads of an event in a row that change while they are acted upon; the next comparison starts more."""


class EventFrames(Protocol):
    """Encodes what the rooms of events send."""

    def shown(self, event: Event, role: Role) -> Frame:
        """The event, where the same poll is shown as before."""

    def moved(self, event: Event, role: Role, inside: RoomSnapshot | None, *, known: bool) -> Frame:
        """The event, and the poll that is shown now, if any; without its totals where they are `known`."""

    def event_presence(self, event: int, online: int) -> Frame:
        """How many voters follow."""

    def event_deleted(self, event: int) -> Frame:
        """The event no longer exists."""


class Destination(NamedTuple):
    """The poll to which followers are moved, and what their voters hold in it; None where nobody can hold anything."""

    poll: Poll
    held: Mapping[tuple[int, str], Entrant] | None

    def entry(self, voter: str) -> PollEntry | None:
        """What `voter` needs to enter it; None where that was not read, or is of another round."""
        poll = self.poll
        if self.held is None:
            return PollEntry(poll, Entrant(Watch(poll.place, poll.revision, poll.status), poll.retractions))
        found = self.held.get((poll.id, voter))
        return None if found is None or found.watch.place.epoch != poll.epoch else PollEntry(poll, found)


class Moves:
    """What followers lack, written to them; one task a room at a time."""

    def __init__(self, events: Events, hub: Hub, frames: EventFrames, give_way: Callable[[], Awaitable[None]]) -> None:
        """`give_way` gives everything else its turn: followers are written to in slices, as viewers are."""
        self._events = events
        self._hub = hub
        self._frames = frames
        self._give_way = give_way
        self._tasks: dict[EventRoom, asyncio.Task[None]] = {}
        self.emptied: Callable[[EventRoom], None] = lambda room: None
        """Told of a room from which somebody was removed."""

    def start(self, room: EventRoom) -> None:
        """Bring up to date whoever waits, now and as long as something is new."""
        if room.unfinished and room not in self._tasks:
            self._tasks[room] = asyncio.create_task(self._run(room), name="move")

    async def stop(self) -> None:
        """Cancel what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, room: EventRoom) -> None:
        reads = 0
        try:
            while room.unfinished:
                if room.stale:
                    reads += 1
                    await self._read(room)
                if room.event is not None:
                    await self._bring(room, room.event)
                if reads == READS:
                    raise Unavailable("it changes again and again")
        except Unavailable as error:
            logger.info("followers of event %d wait for the next comparison: %s", room.id, error)
        except Exception:
            logger.exception("bringing the followers of event %d up to date failed", room.id)
        finally:
            del self._tasks[room]

    async def _read(self, room: EventRoom) -> None:
        """Read the event again; if it is gone, so are its followers."""
        room.stale = False  # what is told from here on may be newer than what is read
        try:
            event = await self._events.event(room.id)
        except BaseException:
            room.stale = True
            raise
        if event is None:
            self.remove(room, list(room.followers))
        else:
            room.learn(event)

    def remove(self, room: EventRoom, followers: list[Follower]) -> None:
        """The event is gone for these followers."""
        frame = self._frames.event_deleted(room.id)
        for follower in followers:
            if room.discard(follower):
                self.move_out(follower)
                follower.sink.event_gone(room.id, frame)
        self.emptied(room)

    def move_out(self, follower: Follower) -> None:
        """Take a follower out of the poll that it was moved to; where it has itself joined that, it stays."""
        poll, viewer, follower.viewer = follower.shown, follower.viewer, None
        if poll is not None and viewer is not None and follower.sink.viewer_in(poll) is not viewer:
            self._hub.leave(poll, viewer)

    async def _bring(self, room: EventRoom, event: Event) -> None:
        """Write to those who wait what they lack in this state of the event, until there is a newer one."""
        barred, room.barred = room.barred, []
        self.remove(room, barred)
        if not event.is_public:
            await self._evict(room, event)
        moving = [follower for follower in room.waiting if follower.shown != event.shown]
        if not moving:
            await self._write(room, event, None)
            return
        async with self._arriving(event, moving) as poll:
            if poll is not None and event.is_public and not poll.is_public:
                room.stale = True  # the poll was read later: the event is private by now too
            await self._write(room, event, poll)

    async def _evict(self, room: EventRoom, event: Event) -> None:
        """Remove those for whom the event does not exist: it has become private, or they have lost a right."""
        doubtful = [one for one in room.waiting if not one.member and not one.may_know(event)]
        for start in range(0, len(doubtful), VOTERS):
            some = doubtful[start : start + VOTERS]
            members = await self._events.members(event.id, sorted({one.voter for one in some}))
            for one in some:
                one.member = one.voter in members
        self.remove(room, [one for one in room.waiting if not one.may_know(event)])

    @asynccontextmanager
    async def _arriving(self, event: Event, moving: list[Follower]) -> AsyncIterator[Poll | None]:
        """The poll that is shown, whose room is kept meanwhile; of the polls before, the newest is known then.

        The final totals of the poll before must not come after the new one: its news may be late, or lost. All of it is
        asked at once, so that it is one query. Raises `Unavailable` where a poll cannot be read, or is gone.
        """
        shown = event.shown
        left = {follower.shown for follower in moving if follower.viewer is not None} - {None}
        news = [asyncio.create_task(self._hub.refresh(poll)) for poll in left if poll is not None]
        try:
            poll = await self._hub.hold(shown) if shown is not None else None
        except BaseException as error:
            for task in news:
                task.cancel()
            await asyncio.gather(*news, return_exceptions=True)
            if isinstance(error, PollNotFound):
                raise Unavailable("what is shown has been deleted") from None
            raise
        try:
            await asyncio.gather(*news)
            yield poll
        finally:
            if shown is not None:
                self._hub.let_go(shown)

    async def _write(self, room: EventRoom, event: Event, poll: Poll | None) -> None:
        """Write to those who wait, in slices, until there is news."""
        end = time.perf_counter() + SLICE_S
        destination: Destination | None = None
        while room.waiting and room.holds(event):
            some = list(islice(room.waiting, VOTERS))
            if poll is not None:
                destination = await self._destination(event, poll, some)
            for n, follower in enumerate(some, 1):
                if not room.holds(event):
                    return
                room.waiting.pop(follower, None)
                self._tell(room, follower, event, destination)
                if n % STRIDE == 0 and time.perf_counter() > end:
                    await self._give_way()
                    end = time.perf_counter() + SLICE_S

    async def _destination(self, event: Event, poll: Poll, followers: list[Follower]) -> Destination:
        if not poll.ballots:
            return Destination(poll, None)
        voters = sorted({one.voter for one in followers if one.shown != event.shown})
        return Destination(poll, await self._events.held(poll.id, voters))

    def _tell(self, room: EventRoom, follower: Follower, event: Event, destination: Destination | None) -> None:
        """Write to one follower what it lacks; what its sink refuses is not queued: it comes back when it has read."""
        if follower not in room.followers:
            return
        try:
            self._write_to(room, follower, event, destination)
        except Exception:
            logger.exception("a follower of event %d could not be told", room.id)
            room.failed.append(follower)

    def _write_to(self, room: EventRoom, follower: Follower, event: Event, destination: Destination | None) -> None:
        if follower.revision < event.revision:
            if follower.shown == event.shown:
                written = follower.write(self._frames.shown(event, follower.role))
            else:
                written = self._move(room, follower, event, destination)
            if not written:
                return
            follower.revision = event.revision
        online = room.gathering.online
        if online is None or follower.online == online or follower.counted >= room.counted:
            return
        if follower.write(self._frames.event_presence(room.id, online)):
            follower.online, follower.counted = online, room.counted

    def _move(self, room: EventRoom, follower: Follower, event: Event, destination: Destination | None) -> bool:
        """Show a follower another poll than before: first the last of the poll before, then the new one, and from then
        on nothing but the new one. False where it was not taken: the follower is then where it was."""
        before, shown = follower.shown, event.shown
        if before is not None and follower.viewer is not None and not self._hub.finish(before, follower.viewer):
            return False
        if shown is None:
            viewer = None
            written = follower.write(self._frames.moved(event, follower.role, None, known=False))
        else:
            entry = destination.entry(follower.voter) if destination is not None else None
            if entry is None:
                room.stale = True  # a new round has begun since: all of it is read again
                room.waiting[follower] = None
                return False
            viewer, written = self._move_in(follower, event, shown, entry)
        if written:
            self.move_out(follower)
            follower.viewer, follower.shown = viewer, shown
        return written

    def _move_in(self, follower: Follower, event: Event, shown: int, entry: PollEntry) -> tuple[Viewer, bool]:
        """Let a follower into the poll that is shown, and tell it; it is in only if it took that."""
        own = follower.sink.viewer_in(shown)
        viewer = own or Viewer(follower.sink, follower.identity, counts=follower.counts, told=False)
        written = False
        inside = self._hub.move_in(shown, viewer, entry)
        try:
            written = follower.write(self._frames.moved(event, follower.role, inside, known=own is not None))
        finally:
            if not written and own is None:
                self._hub.leave(shown, viewer)
        return viewer, written
