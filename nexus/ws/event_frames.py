"""What followers of events are sent, encoded once for all who are shown the same: a move goes to thousands at once, and
only a voter's own ballots are encoded for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.event import Event
from nexus.domain.poll import Poll
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, ballot_views, event_view, poll_view, totals_view
from nexus.rooms.following import EventSnapshot
from nexus.rooms.frame import Frame
from nexus.rooms.room import RoomSnapshot
from nexus.ws.messages import Deleted, Presence
from nexus.ws.messages import encode as encode_message
from nexus.ws.snapshots import FRESH

EVENTS = 64
"""Events whose frames are kept; beyond that the one that was sent first goes."""

_encode = msgspec.json.Encoder().encode
_NULL = msgspec.Raw(b"null")

_PollParts = tuple[msgspec.Raw, msgspec.Raw, list[BallotView]]


class _Shown(msgspec.Struct, frozen=True, tag="shown"):
    """`nexus.ws.messages.Shown`, of which what many share is encoded already."""

    event: msgspec.Raw
    poll: msgspec.Raw | UnsetType = UNSET
    totals: msgspec.Raw | UnsetType = UNSET
    me: list[BallotView] | UnsetType = UNSET


class _Entered(msgspec.Struct, frozen=True, tag="entered"):
    """`nexus.ws.messages.Entered`, in the same way."""

    event: msgspec.Raw
    role: Role
    poll: msgspec.Raw
    totals: msgspec.Raw
    me: list[BallotView]


class _Encoded:
    """One state of an event, with one of the poll that it shows; each part is made when first asked for."""

    def __init__(self, event: Event, poll: Poll | None, at: datetime) -> None:
        self.event = event
        self.poll = poll
        self.at = at
        self._parts: dict[tuple[object, ...], msgspec.Raw] = {}
        self._frames: dict[tuple[object, ...], Frame] = {}

    def shown(self, role: Role) -> Frame:
        key = ("shown", _sees_drafts(role))
        return self._frames.get(key) or self._keep(key, _Shown(self._event(role)))

    def moved(self, role: Role, inside: RoomSnapshot | None, *, known: bool) -> Frame:
        key = ("moved", _sees_drafts(role), inside and inside.sees, known)
        if inside is not None and inside.votes:
            return Frame(_encode(_Shown(self._event(role), *self._parts_of(inside, known=known))))
        return self._frames.get(key) or self._keep(key, _Shown(self._event(role), *self._parts_of(inside, known=known)))

    def entered(self, role: Role, inside: RoomSnapshot | None, *, known: bool) -> Frame:
        key = ("entered", role, inside and inside.sees, known)
        if inside is not None and inside.votes:
            return Frame(_encode(_Entered(self._event(role), role, *self._parts_of(inside, known=known))))
        return self._frames.get(key) or self._keep(
            key, _Entered(self._event(role), role, *self._parts_of(inside, known=known))
        )

    def _keep(self, key: tuple[object, ...], message: _Shown | _Entered) -> Frame:
        frame = self._frames[key] = Frame(_encode(message))
        return frame

    def _event(self, role: Role) -> msgspec.Raw:
        return self._part(("event", _sees_drafts(role)), lambda: event_view(self.event, role))

    def _parts_of(self, inside: RoomSnapshot | None, *, known: bool) -> _PollParts:
        if inside is None:
            return _NULL, _NULL, []
        poll, sees = inside.poll, inside.sees
        shown = self._part(("poll", sees), lambda: poll_view(poll, sees))
        totals = self._part(("totals", sees), lambda: totals_view(poll.totals(), sees, self.at))
        return shown, _NULL if known else totals, ballot_views(inside.votes)

    def _part(self, key: tuple[object, ...], make: Callable[[], object]) -> msgspec.Raw:
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = msgspec.Raw(_encode(make()))
        return part


def _sees_drafts(role: Role) -> bool:
    return role is not Role.VOTER


class EncodedEvents:
    """Encodes what followers are sent; `now` is the clock of `server_now`, which is up to `FRESH` old."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._of_event: dict[int, _Encoded] = {}

    def shown(self, event: Event, role: Role) -> Frame:
        """The event, where the same poll is shown as before."""
        kept = self._of_event.get(event.id)
        if kept is not None and kept.event is event:
            return kept.shown(role)
        return self._newest(event, None).shown(role)

    def moved(self, event: Event, role: Role, inside: RoomSnapshot | None, *, known: bool) -> Frame:
        """The event, and the poll that is shown now, if any; without its totals where they are `known`."""
        return self._newest(event, inside.poll if inside else None).moved(role, inside, known=known)

    def entered(self, snapshot: EventSnapshot) -> Frame:
        """The answer to somebody who enters: `nexus.ws.messages.Entered`."""
        inside = snapshot.inside
        encoded = self._newest(snapshot.event, inside.poll if inside else None)
        return encoded.entered(snapshot.role, inside, known=snapshot.known)

    def event_presence(self, event: int, online: int) -> Frame:
        """How many voters follow."""
        return encode_message(Presence(event=event, online=online))

    def event_deleted(self, event: int) -> Frame:
        """The event no longer exists."""
        return encode_message(Deleted(event=event))

    def _newest(self, event: Event, poll: Poll | None) -> _Encoded:
        kept, now = self._of_event.get(event.id), self._now()
        if kept is None or kept.event is not event or kept.poll is not poll or abs(now - kept.at) > FRESH:
            kept = self._of_event[event.id] = _Encoded(event, poll, now)
            if len(self._of_event) > EVENTS:
                del self._of_event[next(iter(self._of_event))]
        return kept
