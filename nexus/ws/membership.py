"""The rooms of one socket: the polls that it joins and the events that it follows; what they write goes to its line."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from nexus.domain.definition import ID_MAX
from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy
from nexus.domain.rights import Role
from nexus.domain.text import counted
from nexus.errors import EventNotFound, Invalid, NotFound, PollNotFound, TooMany, Unavailable
from nexus.rooms.follower import Follower
from nexus.rooms.frame import Frame
from nexus.rooms.room import RoomSnapshot
from nexus.rooms.viewer import Viewer
from nexus.ws import messages
from nexus.ws.dependencies import SocketServices
from nexus.ws.line import Line
from nexus.ws.messages import Join, Leave

ENTRIES = 5
"""Entries in a row for a join of a poll to which an event moves the socket meanwhile."""


class Membership:
    """The polls that one socket has joined, and the events that it follows: the sink of its viewers and followers.
    Call `end` once when the socket is gone."""

    __slots__ = ("_address", "_followers", "_line", "_services", "_viewers", "write")

    def __init__(self, services: SocketServices, line: Line, address: str) -> None:
        self._services = services
        self._line = line
        self._address = address
        self._viewers: dict[int, Viewer] = {}
        self._followers: dict[int, Follower] | None = None  # there only while it follows
        self.write = line.write
        """Hands a room's frame to the socket. False while its reader is behind."""

    # --- For rooms ------------------------------------------------------------------------------------------

    def removed(self, poll: int, frame: Frame) -> None:
        """The room of `poll` is gone for this socket, and `frame` is its last."""
        self._viewers.pop(poll, None)
        self._line.push(frame)

    def viewer_in(self, poll: int) -> Viewer | None:
        """The viewer with which the socket has itself joined `poll`, if it has."""
        return self._viewers.get(poll)

    def event_gone(self, event: int, frame: Frame) -> None:
        """The event is gone for this socket, and `frame` is its last."""
        self._forget(event)
        self._line.push(frame)

    # --- For the session ------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """The line takes frames again: ask each room for what it refused."""
        for poll, viewer in list(self._viewers.items()):
            self._services.hub.catch_up(poll, viewer)
        for event, follower in list(self._followed()):
            if follower.shown is not None and follower.viewer is not None:
                self._services.hub.catch_up(follower.shown, follower.viewer)
            self._services.following.catch_up(event, follower)

    def renew(self, identity: Identity) -> None:
        """The socket has a new token of the same voter."""
        for poll, viewer in self._viewers.items():
            self._services.hub.renew(poll, viewer, identity)
        for event, follower in list(self._followed()):
            self._services.following.renew(event, follower, identity)

    async def join(self, message: Join, identity: Identity) -> None:
        """Enter a room, or enter it again, and send its snapshot. Raises the `NexusError` that refuses it."""
        poll, event, code = message.poll, message.event, message.code
        if [poll, event, code].count(UNSET) != 2:
            raise Invalid("A join must have either a poll, an event or a code.")
        if isinstance(code, str):
            found = await self._services.codes.redeem_either(code, identity, self._address)
            poll, event = (UNSET, found.id) if isinstance(found, Event) else (found.id, UNSET)
        if isinstance(event, int):
            await self._follow(_checked(event, EventNotFound()), message, identity)
        else:
            await self._watch(_checked(poll, PollNotFound()), message, identity)

    def leave(self, message: Leave) -> None:
        """Leave a room, whether or not the socket is in it, and say so."""
        poll, event = message.poll, message.event
        if isinstance(poll, int) == isinstance(event, int):
            raise Invalid("A leave must have either a poll or an event.")
        if isinstance(poll, int):
            viewer = self._viewers.pop(poll, None)
            if viewer is not None and not self._keeps(poll, viewer):
                self._services.hub.leave(poll, viewer)
        elif isinstance(event, int):
            self._unfollow(event)
        self._line.push(messages.encode(messages.Left(poll, event)))

    def end(self) -> None:
        """Leave every room."""
        for event, follower in list(self._followed()):
            self._services.following.leave(event, follower)
        self._followers = None
        for poll, viewer in self._viewers.items():
            self._services.hub.leave(poll, viewer)
        self._viewers.clear()

    # --- Polls ----------------------------------------------------------------------------------------------

    async def _watch(self, poll: int, message: Join, identity: Identity) -> None:
        before = self._viewers.pop(poll, None)
        if before is not None and not self._keeps(poll, before):
            self._services.hub.leave(poll, before)
        self._require_room()
        viewer = Viewer(self, identity, counts=message.as_ is UNSET)
        snapshot = await self._enter(poll, viewer)
        # Nothing is awaited between the snapshot and the answer: what the room sends next is newer.
        self._viewers[poll] = viewer
        for _, follower in self._followed():
            if follower.shown == poll:
                follower.viewer = viewer
        known = (message.epoch, message.version) == snapshot.poll.place
        settled = snapshot.role is not Role.VOTER or snapshot.poll.results is Policy.LIVE
        services = self._services
        self._line.push(services.snapshots.joined(snapshot, services.now(), known=known and settled))

    async def _enter(self, poll: int, viewer: Viewer) -> RoomSnapshot:
        """Enter the room of a poll. Where an event has moved the socket there, it is taken out first, each time again:
        what it is sent could be newer than what is read for the join."""
        try:
            for _ in range(ENTRIES):
                self._move_out(poll)
                snapshot = await self._services.hub.enter(poll, viewer)
                if not self._is_in(poll):
                    return snapshot
                self._services.hub.leave(poll, viewer)
        except BaseException:
            self._move_again(poll)
            raise
        self._move_again(poll)
        raise Unavailable("This poll is changing right now. Try again.")

    def _keeps(self, poll: int, viewer: Viewer) -> bool:
        """Whether an event keeps this viewer in the poll, for as long as it shows it."""
        return any(one.shown == poll and one.viewer is viewer for _, one in self._followed())

    def _is_in(self, poll: int) -> bool:
        return any(one.shown == poll and one.viewer is not None for _, one in self._followed())

    def _move_out(self, poll: int) -> None:
        for _, follower in self._followed():
            if follower.shown == poll and follower.viewer is not None:
                self._services.hub.leave(poll, follower.viewer)
                follower.viewer = None

    def _move_again(self, poll: int) -> None:
        """The join has failed: where an event shows the poll, the socket is moved there again."""
        for event, follower in self._followed():
            if follower.shown == poll and follower.viewer is None:
                self._services.following.move_again(event, follower)

    # --- Events ---------------------------------------------------------------------------------------------

    async def _follow(self, event: int, message: Join, identity: Identity) -> None:
        self._unfollow(event)
        self._require_room()
        follower = Follower(self, identity, counts=message.as_ is UNSET)
        services = self._services
        snapshot = await services.following.enter(event, follower)
        # Nothing is awaited between the snapshot and the answer: what the event sends next is newer.
        if self._followers is None:
            self._followers = {}
        self._followers[event] = follower
        self._line.push(services.event_frames.entered(snapshot))

    def _followed(self) -> Iterable[tuple[int, Follower]]:
        return self._followers.items() if self._followers is not None else ()

    def _unfollow(self, event: int) -> None:
        follower = self._forget(event)
        if follower is not None:
            self._services.following.leave(event, follower)

    def _forget(self, event: int) -> Follower | None:
        follower = self._followers.pop(event, None) if self._followers is not None else None
        if not self._followers:
            self._followers = None
        return follower

    def _require_room(self) -> None:
        """An event counts as one room, whatever it shows. Raises `TooMany` where there is no room for another."""
        most = self._services.rooms_per_socket
        if len(self._viewers) + len(self._followers or ()) >= most:
            raise TooMany(f"A socket may be in at most {counted(most, 'room')}.", code="too_many_rooms")


def _checked(number: int | UnsetType, otherwise: NotFound) -> int:
    if isinstance(number, int) and 1 <= number <= ID_MAX:
        return number
    raise otherwise
