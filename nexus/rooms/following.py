"""The events that are followed on one worker: who follows which, and how they learn that it has moved
(docs/architecture.md, "Events"). It knows no WebSocket, only sinks that take frames."""

from __future__ import annotations

import asyncio

import msgspec

from nexus.bus import Bus, EventNews, EventPresenceNews, News, event_topic
from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.rights import Role, event_rules, may_know
from nexus.errors import EventNotFound, PollNotFound, Unavailable
from nexus.rooms.attendance import Attendance
from nexus.rooms.event_room import EventRoom
from nexus.rooms.follower import NOWHERE, Follower
from nexus.rooms.hub import Hub
from nexus.rooms.moving import Moves
from nexus.rooms.room import RoomSnapshot
from nexus.rooms.viewer import Viewer
from nexus.voting.events import EventEntry, Events

TRIES = 5
"""Reads in a row for somebody who enters an event that changes meanwhile."""


class EventSnapshot(msgspec.Struct, frozen=True):
    """What a follower is shown on entering an event; `inside` is what it is shown of the poll, None where nothing
    is shown. Where the totals are `known`, the socket has them already: it had joined that poll by itself."""

    event: Event
    role: Role
    inside: RoomSnapshot | None
    known: bool


class Following:
    """The followers of one worker; `worker` names it to the others."""

    def __init__(self, events: Events, hub: Hub, moves: Moves, bus: Bus, worker: str) -> None:
        self._events = events
        self._hub = hub
        self._moves = moves
        self._bus = bus
        self._attendance = Attendance(bus, worker)
        self._rooms: dict[int, EventRoom] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        moves.emptied = self._drop_if_empty

    def __len__(self) -> int:
        """How many events are followed on this worker."""
        return len(self._rooms)

    @property
    def followers(self) -> int:
        """How many sockets follow an event on this worker, one that follows two counted twice."""
        return sum(len(room.followers) for room in self._rooms.values())

    async def enter(self, event: int, follower: Follower) -> EventSnapshot:
        """Let `follower` into the event, and into the room of the poll that it shows.

        The caller must send the snapshot before it awaits anything. Raises `EventNotFound` for an event that the
        follower may not know of, and `Unavailable` for one that cannot be read now.
        """
        room = self._rooms.get(event)
        if room is None:
            room = self._rooms[event] = EventRoom(event)
        room.entering += 1
        try:
            await self._bus.subscribe(event_topic(event))
            return await self._enter(room, follower)
        finally:
            room.entering -= 1
            self._drop_if_empty(room)

    async def _enter(self, room: EventRoom, follower: Follower) -> EventSnapshot:
        for _ in range(TRIES):
            entry = await self._events.entry(room.id, follower.voter)
            if entry is None or not may_know(follower.identity, event_rules(entry.event), joined=entry.joined):
                raise EventNotFound
            try:
                return await self._admit(room, follower, entry)
            except PollNotFound:
                continue  # what it showed has been deleted since
        raise Unavailable("This event is changing right now. Try again.")

    async def _admit(self, room: EventRoom, follower: Follower, entry: EventEntry) -> EventSnapshot:
        shown = entry.event.shown
        inside, own = None, None
        if shown is not None:
            viewer = Viewer(follower.sink, follower.identity, counts=follower.counts, told=False)
            inside = await self._hub.enter(shown, viewer)
            own = follower.sink.viewer_in(shown)
            if own is not None:
                self._hub.leave(shown, viewer)
            follower.viewer = own or viewer
        # From here on nothing is awaited: what comes now is newer than what was read.
        follower.shown = shown
        room.admit(follower, entry.event, member=entry.joined)
        self._moves.start(room)
        return EventSnapshot(entry.event, follower.role, inside, known=own is not None)

    def leave(self, event: int, follower: Follower) -> None:
        """Let `follower` out, and out of the room of the poll that is shown, unless it has joined that by itself."""
        room = self._rooms.get(event)
        if room is not None and room.discard(follower):
            self._moves.move_out(follower)
            self._drop_if_empty(room)

    def catch_up(self, event: int, follower: Follower) -> None:
        """The follower's sink takes frames again: send it the newest, if it lacks it."""
        room = self._rooms.get(event)
        if room is not None and follower in room.followers:
            room.waiting[follower] = None
            self._moves.start(room)

    def renew(self, event: int, follower: Follower, identity: Identity) -> None:
        """The follower has a new token, which may grant other roles than the old one."""
        before, follower.identity = follower.identity, identity
        room = self._rooms.get(event)
        if room is None or room.event is None or before.grants == identity.grants:
            return
        if follower.viewer is not None and follower.shown is not None:
            self._hub.renew(follower.shown, follower.viewer, identity)
        if room.event.is_public and not follower.may_know(room.event):
            self._moves.remove(room, [follower])
            return
        room.renew(follower)
        self._moves.start(room)

    def move_again(self, event: int, follower: Follower) -> None:
        """The follower is no longer in what is shown, as where its socket was refused a join of that very poll: it is
        moved there again."""
        room = self._rooms.get(event)
        if room is not None and follower in room.followers:
            follower.shown, follower.revision = NOWHERE, 0
            room.waiting[follower] = None
            self._moves.start(room)

    def on_news(self, news: News) -> None:
        """Take news, this worker's own or another's, in any order and any number of times."""
        room = self._rooms.get(news.topic.id) if news.topic.kind == "event" else None
        if room is None:
            return
        match news:
            case EventNews(revision=revision):
                if room.hear(revision):
                    self._moves.start(room)
            case EventPresenceNews():
                self._attendance.hear(room, news)

    @property
    def watched(self) -> list[int]:
        """The events that are followed on this worker."""
        return list(self._rooms)

    def compare(self, revisions: dict[int, int]) -> None:
        """Compare all rooms with the revisions that the database has, and catch up; one that is missing is gone."""
        for room in list(self._rooms.values()):
            failed, room.failed = room.failed, []
            room.waiting.update(dict.fromkeys(one for one in failed if one in room.followers))
            room.hear(revisions.get(room.id))
            self._moves.start(room)

    async def count_voters(self) -> None:
        """Announce to the other workers who follows here, and have followers told where the number has changed."""
        await self._attendance.update(list(self._rooms.values()), self._moves.start)

    async def stop(self) -> None:
        """Cancel everything that is under way."""
        await self._moves.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _drop_if_empty(self, room: EventRoom) -> None:
        if room.empty and self._rooms.get(room.id) is room:
            del self._rooms[room.id]
            task = asyncio.create_task(self._unsubscribe(room), name="unsubscribe")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _unsubscribe(self, room: EventRoom) -> None:
        topic = event_topic(room.id)
        if room.id not in self._rooms:
            await self._attendance.end(room)
        if room.id not in self._rooms:
            await self._bus.unsubscribe(topic)
        if room.id in self._rooms:
            await self._bus.subscribe(topic)  # somebody came while we were leaving
