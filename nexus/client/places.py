"""Where a client is: the polls that it has joined and the events that it follows, kept by what the server says of them.
No I/O."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from nexus.client.errors import ClientError
from nexus.client.event_room import EventRoom
from nexus.client.messages import (
    CastBallot,
    Deleted,
    Entered,
    Joined,
    Poll,
    PollChanged,
    Presence,
    ShownFrame,
    Totals,
    Unasked,
    Update,
)
from nexus.client.room import Room


class Places:
    """The rooms of one client.

    `lacks` is given an event of which something is missing here, such as the room of a poll that was left at the moment
    in which the event came to show it: it has to be entered again.
    """

    def __init__(self, lacks: Callable[[EventRoom], None]) -> None:
        self._lacks = lacks
        self._rooms: dict[int, Room] = {}
        self._joined: set[int] = set()
        self._events: dict[int, EventRoom] = {}

    # --- What is where --------------------------------------------------------------------------------------

    @property
    def rooms(self) -> list[Room]:
        """The rooms that were joined, and not only come with an event."""
        return [room for poll, room in self._rooms.items() if poll in self._joined]

    @property
    def events(self) -> list[EventRoom]:
        """The events that are followed."""
        return list(self._events.values())

    def joined(self, poll: int) -> Room | None:
        """The room of a poll, if it was joined."""
        return self._rooms.get(poll) if poll in self._joined else None

    def event(self, event: int) -> EventRoom | None:
        """The event, if it is followed."""
        return self._events.get(event)

    def leave(self, poll: int, failure: ClientError | None = None) -> bool:
        """Leave a poll; returns whether it was joined. Its readers get `failure` raised, or end; but while an event
        that is followed shows it, its room goes on."""
        room = self.joined(poll)
        if room is None:
            return False
        self._joined.discard(poll)
        if all(place.room is not room for place in self._events.values()):
            self._drop(room, failure)
        return True

    def leave_event(self, event: int, failure: ClientError | None = None) -> bool:
        """Leave an event; returns whether it was followed. Its readers get `failure` raised, or end."""
        place = self._events.pop(event, None)
        if place is None:
            return False
        place.end(failure)
        self._drop(place.room, failure)
        return True

    def end(self, failure: ClientError | None) -> None:
        """The client has ended: no room says anything more."""
        for place in self._events.values():
            place.end(failure)
        for room in self._rooms.values():
            room.end(failure)
        self._events.clear()
        self._rooms.clear()
        self._joined.clear()

    # --- What the server says -------------------------------------------------------------------------------

    def take_joined(self, joined: Joined) -> None:
        """A poll has been joined."""
        if self._room(joined.poll, joined.totals, joined.me, joined.role) is not None:
            self._joined.add(joined.poll.id)

    def take_entered(self, entered: Entered) -> bool:
        """An event has been entered. Returns False where something is missing here."""
        event, poll = entered.event, entered.poll
        place = self._events.get(event.id)
        if place is not None and event.revision < place.event.revision:
            return True
        room = None if poll is None else self._room(poll, entered.totals, entered.me, entered.role)
        if poll is not None and room is None:
            return False
        if place is None:
            self._events[event.id] = EventRoom(event, room, entered.role)
        else:
            before = place.room
            place.enter(event, room, entered.role)
            self._leave_behind(place, before)
        return True

    def take(self, message: Unasked) -> None:
        """Take what the server says by itself; what is of no place here is passed over."""
        match message:
            case ShownFrame():
                self._move(message)
            case Presence(event=int(event)) | Deleted(event=int(event)):
                self._take_in_event(event, message)
            case PollChanged(poll=poll):
                self._take_in_room(poll.id, message)
            case Totals(poll=int(poll_id)) | Presence(poll=int(poll_id)) | Deleted(poll=int(poll_id)):
                self._take_in_room(poll_id, message)

    def _move(self, shown: ShownFrame) -> None:
        event, poll = shown.event, shown.poll
        place = self._events.get(event.id)
        if place is None or event.revision < place.event.revision:
            return
        before = place.room
        if poll is UNSET:
            room = before
        else:
            room = None if poll is None else self._room(poll, shown.totals, shown.me, place.role)
        if event.shown != (room and room.id):
            self._lacks(place)
            return
        place.show(event, room)
        self._leave_behind(place, before)

    def _take_in_event(self, event: int, update: Presence | Deleted) -> None:
        place = self._events.get(event)
        if place is None:
            return
        place.take(update)
        if isinstance(update, Deleted):
            del self._events[event]
            self._drop(place.room)

    def _take_in_room(self, poll: int, update: Update) -> None:
        room = self._rooms.get(poll)
        if room is None:
            return
        room.take(update)
        if isinstance(update, Deleted):
            del self._rooms[poll]
            self._joined.discard(poll)

    def _room(self, poll: Poll, totals: Totals | None, me: tuple[CastBallot, ...], role: str) -> Room | None:
        """The room of a snapshot; None where it comes without the totals, and they are not here."""
        room = self._rooms.get(poll.id)
        if room is not None:
            room.enter(poll, totals, me, role)
        elif totals is not None:
            room = self._rooms[poll.id] = Room(poll, totals, me, role)
        return room

    def _leave_behind(self, place: EventRoom, room: Room | None) -> None:
        if place.room is not room:
            self._drop(room)

    def _drop(self, room: Room | None, failure: ClientError | None = None) -> None:
        """A room that nothing leads to any more says no more."""
        if room is not None and room.id not in self._joined and self._rooms.get(room.id) is room:
            del self._rooms[room.id]
            room.end(failure)
