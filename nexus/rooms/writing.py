"""Writing a room's newest state to its viewers: quickly to those who lack nothing but totals, closely to the rest.

Nearly always everybody has all but the newest totals, and each audience gets one frame. For those viewers there is one
comparison, one call and three notes of what was sent: the rest of a viewer's 4 µs to 12 µs is send(2). Everything else
(a new definition, a right gained or lost or in doubt, a refused frame, presence) is looked at viewer by viewer in
`deliver`, which needs no memory of what happened: it compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from nexus.domain.poll import Visibility
from nexus.rooms.encoded import EncodedState
from nexus.rooms.frame import Frame
from nexus.rooms.room import Room
from nexus.rooms.viewer import LOOK_CLOSELY, LastSent, Viewer

STRIDE = 32
"""Viewers between two looks at the clock."""

_AUDIENCES = (Visibility.TURNOUT, Visibility.FULL)


class Pass:
    """One pass over the viewers who are in a room when it starts. Who comes later has been told on entering.

    `changed_at` is when the oldest totals that it shows arrived, None where it shows none.
    """

    def __init__(self, room: Room, changed_at: float | None) -> None:
        self.room = room
        self.changed_at = changed_at
        self.failed = 0
        self.error: Exception | None = None
        self._viewers = iter(list(room.viewers))

    def write_some(self, encoded: EncodedState) -> bool:
        """Write to the next viewers, the newest of what the room has by now. Returns whether any may be left."""
        room = self.room
        if room.outdated:
            return False  # the hub has it sent again once it knows the definition
        some = list(islice(self._viewers, STRIDE))
        viewers = iter(some)
        while True:
            try:
                write_totals(room, viewers, encoded)
            except Exception as error:  # noqa: BLE001 - one viewer's: the others are written to, and fan-out logs it
                self.failed += 1
                self.error = error
            else:
                return len(some) == STRIDE


def write_totals(room: Room, viewers: Iterable[Viewer], encoded: EncodedState) -> None:
    """Write the room's newest state to `viewers`, as far as they lack it."""
    newest, totals = room.edition, room.totals
    if totals is None:
        return
    plain_since = newest if room.doubtful else room.plain_since
    place = totals.place
    shown = (LastSent(place, full=False), LastSent(place, full=True))
    frames: list[Frame | None] = [None, None]
    for viewer in viewers:
        edition = viewer.edition
        if edition == newest:
            continue
        if edition < plain_since:
            deliver(room, viewer, encoded)
            continue
        full = viewer.full
        frame = frames[full]
        if frame is None:
            frame = frames[full] = encoded.totals(totals, _AUDIENCES[full])
        if viewer.write(frame):
            viewer.shown = shown[full]
            viewer.edition = newest
        else:
            viewer.behind = True
            viewer.edition = LOOK_CLOSELY


def deliver(room: Room, viewer: Viewer, encoded: EncodedState) -> None:
    """Write to one viewer whatever it lacks; what its sink refuses is not queued, and in doubt nothing is written."""
    poll, totals = room.poll, room.totals
    if poll is None or totals is None or viewer not in room.viewers:
        return
    if viewer.right is not None and room.doubtful:
        return  # the hub has the room sent again once it knows
    sees = room.sees(viewer, totals)
    viewer.behind = True
    viewer.edition = LOOK_CLOSELY
    if viewer.revision < poll.revision:
        if not viewer.write(encoded.poll(poll, sees)):
            return
        viewer.revision = poll.revision
    newest = LastSent(totals.place, sees is Visibility.FULL)
    if viewer.shown < newest:
        if not viewer.write(encoded.totals(totals, sees)):
            return
        viewer.shown = newest
    online = room.gathering.online
    if online is not None and viewer.online != online and viewer.counted < room.counted:
        if not viewer.write(encoded.presence(online)):
            return
        viewer.online, viewer.counted = online, room.counted
    viewer.behind = False
    viewer.full = newest.full
    viewer.edition = room.edition
