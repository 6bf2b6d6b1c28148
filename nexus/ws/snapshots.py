"""The answer to a join, encoded once for all who are shown the same at that moment.

When an audience comes in, or comes back after a restart, thousands are sent the same poll and totals within a moment:
encoding those took half of a join's time. Only a voter's own ballots are encoded for each.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from nexus.domain.poll import Poll
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, ballot_views, poll_view, totals_view
from nexus.rooms.frame import Frame
from nexus.rooms.room import RoomSnapshot

FRESH = timedelta(milliseconds=50)
"""How old the `server_now` of a snapshot may be."""
POLLS = 64
"""Polls whose snapshots are kept; beyond that the one that was entered first goes."""

_encode = msgspec.json.Encoder().encode


class _Joined(msgspec.Struct, frozen=True, tag="joined"):
    """`nexus.ws.messages.Joined`, of which what many share is encoded already."""

    poll: msgspec.Raw
    totals: msgspec.Raw
    me: list[BallotView]
    role: Role


class _Encoded:
    """One state of a poll as its audiences are shown it, each made when first asked for."""

    def __init__(self, state: Poll, at: datetime) -> None:
        self.state = state
        self.at = at
        self._shared: dict[tuple[object, ...], _Joined] = {}
        self._frames: dict[tuple[object, ...], Frame] = {}

    def frame(self, snapshot: RoomSnapshot, *, known: bool) -> Frame:
        key = (snapshot.role, snapshot.sees, known)
        frame = None if snapshot.votes else self._frames.get(key)
        if frame is not None:
            return frame
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = self._joined(snapshot, known=known)
        if snapshot.votes:
            return Frame(_encode(msgspec.structs.replace(shared, me=ballot_views(snapshot.votes))))
        frame = self._frames[key] = Frame(_encode(shared))
        return frame

    def _joined(self, snapshot: RoomSnapshot, *, known: bool) -> _Joined:
        poll, sees = snapshot.poll, snapshot.sees
        totals = None if known else totals_view(poll.totals(), sees, self.at)
        return _Joined(msgspec.Raw(_encode(poll_view(poll, sees))), msgspec.Raw(_encode(totals)), [], snapshot.role)


class Snapshots:
    """Encodes the snapshots of rooms."""

    def __init__(self) -> None:
        self._of_poll: dict[int, _Encoded] = {}

    def joined(self, snapshot: RoomSnapshot, now: datetime, *, known: bool) -> Frame:
        """The answer to a join: `nexus.ws.messages.Joined`, without totals where the client has them (`known`).

        `server_now` is `now`, or up to `FRESH` before.
        """
        encoded = self._of_poll.get(snapshot.poll.id)
        if encoded is None or encoded.state is not snapshot.poll or abs(now - encoded.at) > FRESH:
            encoded = self._of_poll[snapshot.poll.id] = _Encoded(snapshot.poll, now)
            if len(self._of_poll) > POLLS:
                del self._of_poll[next(iter(self._of_poll))]
        return encoded.frame(snapshot, known=known)
