"""The rooms of one socket: it joins and leaves them, and what they write goes to its line."""

from __future__ import annotations

from msgspec import UNSET

from nexus.domain.definition import ID_MAX
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy
from nexus.domain.rights import Role
from nexus.domain.text import counted
from nexus.errors import Invalid, PollNotFound, TooMany
from nexus.rooms.frame import Frame
from nexus.rooms.room import Viewer
from nexus.ws import messages
from nexus.ws.dependencies import SocketServices
from nexus.ws.line import Line
from nexus.ws.messages import Join


class Membership:
    """The rooms that one socket is in: the sink of its viewers. Call `end` once when the socket is gone."""

    __slots__ = ("_address", "_line", "_services", "_viewers", "write")

    def __init__(self, services: SocketServices, line: Line, address: str) -> None:
        self._services = services
        self._line = line
        self._address = address
        self._viewers: dict[int, Viewer] = {}
        self.write = line.write
        """Hands a room's frame to the socket. False while its reader is behind."""

    def removed(self, poll: int, frame: Frame) -> None:
        """The room of `poll` is gone for this socket, and `frame` is its last."""
        self._viewers.pop(poll, None)
        self._line.push(frame)

    def catch_up(self) -> None:
        """The line takes frames again: ask each room for what it refused."""
        for poll, viewer in list(self._viewers.items()):
            self._services.hub.catch_up(poll, viewer)

    def renew(self, identity: Identity) -> None:
        """The socket has a new token of the same voter."""
        for poll, viewer in self._viewers.items():
            self._services.hub.renew(poll, viewer, identity)

    async def join(self, message: Join, identity: Identity) -> None:
        """Enter a room, or enter it again, and send its snapshot. Raises the `NexusError` that refuses it."""
        poll = await self._poll_of(message, identity)
        before = self._viewers.pop(poll, None)
        if before is not None:
            self._services.hub.leave(poll, before)
        if len(self._viewers) >= self._services.rooms_per_socket:
            rooms = counted(self._services.rooms_per_socket, "room")
            raise TooMany(f"A socket may be in at most {rooms}.", code="too_many_rooms")
        viewer = Viewer(self, identity, counts=message.as_ is UNSET)
        snapshot = await self._services.hub.enter(poll, viewer)
        # Nothing is awaited between the snapshot and the answer: what the room sends next is newer.
        self._viewers[poll] = viewer
        known = (message.epoch, message.version) == snapshot.poll.place
        settled = snapshot.role is not Role.VOTER or snapshot.poll.results is Policy.LIVE
        services = self._services
        self._line.push(services.snapshots.joined(snapshot, services.now(), known=known and settled))

    async def _poll_of(self, message: Join, identity: Identity) -> int:
        if isinstance(message.poll, int) == isinstance(message.code, str):
            raise Invalid("A join must have either a poll or a code.")
        if isinstance(message.poll, int):
            if not 1 <= message.poll <= ID_MAX:
                raise PollNotFound
            return message.poll
        return await self._services.codes.redeem(str(message.code), identity, self._address)

    def leave(self, poll: int) -> None:
        """Leave a room, whether or not the socket is in it, and say so."""
        viewer = self._viewers.pop(poll, None)
        if viewer is not None:
            self._services.hub.leave(poll, viewer)
        self._line.push(messages.encode(messages.Left(poll)))

    def end(self) -> None:
        """Leave every room."""
        for poll, viewer in self._viewers.items():
            self._services.hub.leave(poll, viewer)
        self._viewers.clear()
