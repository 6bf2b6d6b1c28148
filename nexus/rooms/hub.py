"""The hub: who is in which room, and what each room knows. It knows no WebSocket, only sinks that take frames.

News comes from this worker's own commits, from the bus, and every second from the database, so that anything the bus
loses, repeats or reorders costs about a second (docs/architecture.md, "Step 7: healing").
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nexus.bus import Bus, DeletedNews, News, PollNews, PresenceNews, TotalsNews, poll_topic
from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Poll, Watch
from nexus.domain.rights import role_in, rules_of
from nexus.errors import PollNotFound, Unavailable
from nexus.rooms.attendance import Attendance
from nexus.rooms.chores import Chores
from nexus.rooms.entering import let_in, meet
from nexus.rooms.fanout import Fanout
from nexus.rooms.room import Room, RoomSnapshot
from nexus.rooms.verifying import AskRights, verify
from nexus.rooms.viewer import Viewer
from nexus.voting.tallies import PollEntry, Tallies

REFRESHES = 5
"""Reads of a poll in a row while its host is changing it; the next comparison starts more."""


class Hub:
    """The rooms of one worker; `worker` names it to the others, and `entered` is told of each viewer that comes in."""

    def __init__(
        self,
        tallies: Tallies,
        bus: Bus,
        fanout: Fanout,
        ask_rights: AskRights,
        worker: str,
        *,
        entered: Callable[[], None] = lambda: None,
    ) -> None:
        self._entered = entered
        self._tallies = tallies
        self._bus = bus
        self._fanout = fanout
        self._ask_rights = ask_rights
        self._attendance = Attendance(bus, worker)
        self._rooms: dict[int, Room] = {}
        self._chores = Chores()
        self.learned: Callable[[int, Poll | None], None] = lambda poll, state: None
        """Told of each state of a poll that is held, as it is read, and of None for one that is gone."""

    @property
    def rooms(self) -> int:
        """The number of polls that are watched on this worker."""
        return len(self._rooms)

    async def enter(self, poll: int, viewer: Viewer) -> RoomSnapshot:
        """Let `viewer` into the room of `poll`: subscribe, then read, then send what is newer.

        The caller must send the snapshot before it awaits anything. Raises `PollNotFound` for a poll that the viewer
        may not know of, and `Unavailable` for one that cannot be read now.
        """
        room = self._room_of(poll)
        room.expect(viewer)
        try:
            await self._bus.subscribe(poll_topic(poll))
            snapshot = self._admit(room, viewer, await self._read(room, viewer))
            self._entered()
            return snapshot
        finally:
            room.give_up(viewer)
            self._drop_if_empty(room)

    def leave(self, poll: int, viewer: Viewer) -> None:
        """Let `viewer` out of the room of `poll`; the last one out ends the subscription."""
        room = self._rooms.get(poll)
        if room is not None:
            room.discard(viewer)
            self._drop_if_empty(room)

    async def hold(self, poll: int) -> Poll:
        """Keep the room of `poll` without watching, until `let_go`, and return its newest state; of what comes,
        `learned` is told. Raises `PollNotFound` and `Unavailable`, and then nothing is held."""
        room = self._room_of(poll)
        room.hold()
        try:
            await self._bus.subscribe(poll_topic(poll))
            state = await self._tallies.poll(poll)
            if state is None:
                raise PollNotFound
        except BaseException:
            self.let_go(poll)
            raise
        meet(room, state)
        if room.outdated:
            self._send_newest(room)
        return state if room.poll is None or room.poll.revision < state.revision else room.poll

    def let_go(self, poll: int, times: int = 1) -> None:
        """End what `hold` has begun, so many times."""
        room = self._rooms[poll]
        room.let_go(times)
        self._drop_if_empty(room)

    def move_in(self, poll: int, viewer: Viewer, entry: PollEntry) -> RoomSnapshot:
        """Let in a viewer whom the server moves here, into a room that is held; `entry` was read since. One that is in
        stays, as new as it is. The caller must send the snapshot before it awaits anything, or let the viewer out."""
        room = self._rooms[poll]
        viewer.right = room.newest_right(viewer)
        return self._admit(room, viewer, entry)

    def finish(self, poll: int, viewer: Viewer) -> bool:
        """Send `viewer` what it lacks of `poll` before it leaves. False where its sink refuses."""
        room = self._rooms.get(poll)
        if room is None or viewer not in room.viewers or viewer.edition == room.edition:
            return True
        self._fanout.catch_up(room, viewer)
        return not viewer.behind

    async def refresh(self, poll: int) -> None:
        """Bring the room of `poll` to a moment after this call began, if there is one. Raises `Unavailable`."""
        room = self._rooms.get(poll)
        if room is not None:
            await self._refresh(room)

    def renew(self, poll: int, viewer: Viewer, identity: Identity) -> None:
        """The viewer has a new token, which may grant other roles than the old one."""
        before, viewer.identity = viewer.identity, identity
        room = self._rooms.get(poll)
        if room is None or room.poll is None or before.grants == identity.grants:
            return
        room.recast(viewer, role_in(identity, rules_of(room.poll)))
        self._chores.start("evict", room, self._evict(room, room.poll, [viewer]))
        self._fanout.send_soon(room)

    def catch_up(self, poll: int, viewer: Viewer) -> None:
        """Send `viewer` the newest state: its sink takes frames again."""
        room = self._rooms.get(poll)
        if room is not None and viewer.behind:
            self._fanout.catch_up(room, viewer)

    def ballot_stands(self, poll: int, voter: str, place: Place) -> None:
        """A ballot of `voter` stands since `place`: under `after_vote` their sockets here may see."""
        room = self._rooms.get(poll)
        if room is None:
            return
        gained = room.grant(voter, place)
        if room.doubtful:
            self._send_newest(room)
        for viewer in gained:
            self._fanout.catch_up(room, viewer)

    def on_news(self, news: News) -> None:
        """Take news, this worker's own or another's, in any order and any number of times."""
        topic = news.topic
        room = self._rooms.get(topic.id) if topic.kind == "poll" else None
        if room is None:
            return
        match news:
            case TotalsNews(totals=totals):
                if room.accept(totals):
                    self._send_newest(room, urgent=totals.final)
            case PollNews(revision=revision):
                room.revision = max(room.revision, revision)
                self._send_newest(room)
            case DeletedNews():
                # The database decides: news that lost a race on the bus must not close the room of a poll that exists.
                self._chores.start("refresh", room, self._refresh(room))
            case PresenceNews():
                self._attendance.hear(room, news)

    @property
    def watched(self) -> list[int]:
        """The polls that are watched on this worker."""
        return list(self._rooms)

    def compare(self, places: dict[int, Watch]) -> None:
        """Compare all rooms with where the database says that their polls stand, and catch up; a poll that is missing
        is gone."""
        for room in list(self._rooms.values()):
            watch = places.get(room.id)
            known, known_poll = room.totals, room.poll
            if known is None and room.entering:
                continue
            behind = watch is None or known is None or known.place < watch.place or room.revision < watch.revision
            if behind or room.outdated:
                self._chores.start("refresh", room, self._refresh(room))
            elif room.doubtful:
                self._chores.start("verify", room, self._verify(room))
            elif room.holders:
                self.learned(room.id, known_poll)

    async def count_voters(self) -> None:
        """Announce to the other workers who watches here, and have viewers told where the number has changed."""
        await self._attendance.update(list(self._rooms.values()), self._fanout.send_soon)

    async def stop(self) -> None:
        """Cancel everything that is under way."""
        await self._chores.stop()

    async def _read(self, room: Room, viewer: Viewer) -> PollEntry:
        """A poll and the viewer's ballots in it, both of one round, and not older than what the room knows of."""
        for _ in range(REFRESHES):
            entry = await self._tallies.entry(room.id, viewer.identity.voter)
            if entry is None or not viewer.may_know(entry.poll, joined=entry.held.joined):
                raise PollNotFound
            if room.revision <= entry.poll.revision and entry.held.watch.place.epoch == entry.poll.epoch:
                return entry
        raise Unavailable("This poll is changing right now. Try again.")

    def _admit(self, room: Room, viewer: Viewer, entry: PollEntry) -> RoomSnapshot:
        meet(room, entry.poll)
        snapshot = let_in(room, viewer, entry)
        if viewer.edition != room.edition:
            self._send_newest(room)
        return snapshot

    def _room_of(self, poll: int) -> Room:
        room = self._rooms.get(poll)
        if room is None:
            room = self._rooms[poll] = Room(poll)
        return room

    def _drop_if_empty(self, room: Room) -> None:
        if room.empty and self._rooms.get(room.id) is room:
            del self._rooms[room.id]
            self._chores.start("unsubscribe", room, self._unsubscribe(room))

    async def _unsubscribe(self, room: Room) -> None:
        poll = room.id
        if poll not in self._rooms:
            await self._attendance.end(room)
        if poll not in self._rooms:
            await self._bus.unsubscribe(poll_topic(poll))
        if poll in self._rooms:
            await self._bus.subscribe(poll_topic(poll))  # somebody came while we were leaving

    def _send_newest(self, room: Room, *, urgent: bool = False) -> None:
        """Send the room's newest state, after reading what must be known first."""
        if room.outdated:
            self._chores.start("refresh", room, self._refresh(room))
        elif room.doubtful:
            self._chores.start("verify", room, self._verify(room))
        self._fanout.send_soon(room, urgent=urgent)

    async def _refresh(self, room: Room) -> None:
        """Read the poll again; viewers for whom it no longer exists are removed."""
        for _ in range(REFRESHES):
            state = await self._tallies.poll(room.id)
            if state is None:
                self.learned(room.id, None)
                self._remove(room, list(room.viewers))
                return
            # Who enters meanwhile with what was read before this is read again.
            room.revision = max(room.revision, state.revision)
            hosts_changed = room.poll is not None and rules_of(room.poll).whose != rules_of(state).whose
            if hosts_changed or (not state.is_public and room.public_at > room.evicted_at):
                await self._evict(room, state, list(room.viewers))
                if not state.is_public:  # while it is public, strangers may stay
                    room.evicted_at = state.revision
            room.learn(state)
            for viewer in room.viewers if hosts_changed else ():
                room.recast(viewer, role_in(viewer.identity, rules_of(state)))
            self.learned(room.id, state)
            self._tallies.mark_unconfirmed(state.totals())
            if not room.outdated:
                break
        if room.doubtful:
            await self._verify(room)
        self._fanout.send_soon(room, urgent=True)

    async def _evict(self, room: Room, state: Poll, viewers: list[Viewer]) -> None:
        """Remove those of `viewers` who may no longer know of the poll, as when it has become private."""
        # All at once, so that they share queries: a room may hold thousands.
        found = await asyncio.gather(*(self._tallies.voter_state(room.id, viewer.identity.voter) for viewer in viewers))
        self._remove(
            room,
            [
                viewer
                for viewer, voter in zip(viewers, found, strict=True)
                if not viewer.may_know(state, joined=voter.joined)
            ],
        )

    def _remove(self, room: Room, viewers: list[Viewer]) -> None:
        frame = self._fanout.frames.deleted(room.id)
        for viewer in viewers:
            if viewer in room.viewers:  # else it has left meanwhile
                room.discard(viewer)
                viewer.sink.removed(room.id, frame)
        self._drop_if_empty(room)

    async def _verify(self, room: Room) -> None:
        await verify(room, self._ask_rights)
        self._fanout.send_soon(room)
