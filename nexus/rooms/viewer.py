"""A viewer: one socket in the room of one poll. It remembers what it was sent last, and queues nothing."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Poll
from nexus.domain.rights import Role, may_know, rules_of
from nexus.rooms.frame import Frame

LOOK_CLOSELY = 0
"""The edition of a viewer of whom it must be found out what it lacks."""
NEVER = 2**62
"""The count of voters with which a viewer was sent theirs that is not to be told."""


class FrameSink(Protocol):
    """What a room writes frames to, such as a socket."""

    def write(self, frame: Frame) -> bool:
        """Take the frame. False where it refuses: it then asks for the newest state once it can take frames again."""

    def removed(self, poll: int, frame: Frame) -> None:
        """The room of `poll` is gone for this sink. `frame` says so, and must not be skipped: nothing follows it."""


class LastSent(NamedTuple):
    """What a viewer was sent last; at the same place, full totals are newer than turnout alone."""

    place: Place
    full: bool


class Viewer:
    """One socket in one room: it remembers what was sent last, and queues nothing."""

    __slots__ = (
        *(
            "behind",
            "counted",
            "counts",
            "edition",
            "full",
            "identity",
            "online",
            "revision",
            "right",
            "role",
            "shown",
            "sink",
        ),
        "write",
    )

    def __init__(self, sink: FrameSink, identity: Identity, *, counts: bool = True, told: bool = True) -> None:
        """`counts` is false for one that shows the poll to others, as a stage does: it is not among those who watch.
        One that is not `told` learns nothing of how many watch, as followers learn it of their event."""
        self.counts = counts
        self.sink = sink
        self.write = sink.write
        """The sink's, looked up once."""
        self.identity = identity
        self.role = Role.VOTER
        self.right: Place | None = None
        """Where a ballot of this voter was last known to stand, which is what `after_vote` asks for."""
        self.shown = LastSent(Place(0, 0), full=False)
        self.revision = 0
        self.online: int | None = None
        """The number of voters that was sent last."""
        self.counted = 0 if told else NEVER
        """The count of voters with which it was sent, or on entering the last one: each is sent once at most."""
        self.behind = False
        """A frame was not taken, so something newer than `shown` may be waiting."""
        self.edition = LOOK_CLOSELY
        """The edition of the room that it was sent wholly."""
        self.full = False
        """Which audience it was in then: that of the counts, or that of turnout alone."""

    def may_know(self, poll: Poll, *, joined: bool) -> bool:
        """Whether the poll in this state exists for the viewer, who has entered its code or not."""
        return may_know(self.identity, rules_of(poll), joined=joined)
