"""A follower: one socket that has entered an event. It remembers what it was sent last, and queues nothing."""

from __future__ import annotations

from typing import Protocol

from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.rights import Role, event_rules, may_know
from nexus.rooms.frame import Frame
from nexus.rooms.viewer import FrameSink, Viewer

NOWHERE = 0
"""What is shown to a follower that has lost its place: no poll, and not nothing either, so that it is moved anew."""


class FollowerSink(FrameSink, Protocol):
    """What follows an event, such as a socket."""

    def viewer_in(self, poll: int) -> Viewer | None:
        """The viewer with which it has itself joined `poll`, if it has."""

    def event_gone(self, event: int, frame: Frame) -> None:
        """The event is gone for this sink. `frame` says so, and must not be skipped: nothing follows it."""


class Follower:
    """One socket that follows one event: the newest of it in one slot, never a queue."""

    __slots__ = (
        *("counted", "counts", "identity", "member", "online", "revision", "role", "viewer", "shown", "sink"),
        "write",
    )

    def __init__(self, sink: FollowerSink, identity: Identity, *, counts: bool = True) -> None:
        """`counts` is false for one that shows the event to others, as a stage does: it is not among those present."""
        self.sink = sink
        self.write = sink.write
        """The sink's, looked up once."""
        self.identity = identity
        self.counts = counts
        self.role = Role.VOTER
        self.member = False
        """Whether its voter is known to have entered the event's code."""
        self.revision = 0
        """The state of the event that was sent last."""
        self.shown: int | None = None
        """The poll that was shown in it."""
        self.viewer: Viewer | None = None
        """What watches that poll for this socket: moved in by the server, or its own where it has joined the poll."""
        self.online: int | None = None
        """The number of voters that was sent last."""
        self.counted = 0
        """The count of voters with which it was sent, or on entering the last one: each is sent once at most."""

    @property
    def voter(self) -> str:
        """Whose socket it is."""
        return self.identity.voter

    def may_know(self, event: Event) -> bool:
        """Whether the event in this state exists for the follower, as far as is known."""
        return may_know(self.identity, event_rules(event), joined=self.member)
