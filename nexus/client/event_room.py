"""An event as a client sees it: what it shows, however slowly its updates are read. No I/O."""

from __future__ import annotations

import msgspec

from nexus.client.errors import ClientError
from nexus.client.messages import Deleted, Event, Presence
from nexus.client.room import Room
from nexus.client.updates import Reader, Updates


class Shown(msgspec.Struct, frozen=True):
    """An event has changed; `room` is that of the poll that it shows now, the same as before while that is the same
    poll, and None where it shows nothing."""

    event: Event
    room: Room | None


EventUpdate = Shown | Presence | Deleted
"""What happens in an event."""


class EventRoom:
    """An event that is followed; `Nexus.enter` makes it. `async for` over it yields its updates, first what it shows.

    An update is `Shown`, `Presence` or `Deleted`. As in a `Room`, of each kind only the newest is kept: a slow reader
    skips polls that are no longer shown. Any number of tasks may iterate, each by itself. Votes are cast in what is
    shown by its id, `event.shown`.

    The server moves the client from poll to poll. The room of the poll before gets its last totals, and ends; a new
    room begins. An iteration ends after `Deleted`, and when the event is left or the client is closed; it raises as one
    over a `Room` does.
    """

    def __init__(self, event: Event, room: Room | None, role: str) -> None:
        self._event = event
        self._room = room
        self._role = role
        self._online: int | None = None
        self._updates = Updates[EventUpdate]()
        self._updates.note(Shown(event, room))

    @property
    def id(self) -> int:
        """The event's id."""
        return self._event.id

    @property
    def event(self) -> Event:
        """The newest revision of the event."""
        return self._event

    @property
    def room(self) -> Room | None:
        """The room of the poll that the event shows; None where it shows nothing."""
        return self._room

    @property
    def role(self) -> str:
        """What this voter is in the event: `host`, `voter` or `screen`."""
        return self._role

    @property
    def online(self) -> int | None:
        """How many voters follow, hosts and screens not counted; None before the server has said so."""
        return self._online

    def __aiter__(self) -> Reader[EventUpdate]:
        return Reader(self._updates)

    # --- For the client -------------------------------------------------------------------------------------

    def show(self, event: Event, room: Room | None) -> None:
        """Take a revision of the event that is not older than the one here, and the room of what it shows."""
        changed = (event, room) != (self._event, self._room)
        self._event, self._room = event, room
        if changed:
            self._updates.note(Shown(event, room))

    def enter(self, event: Event, room: Room | None, role: str) -> None:
        """Take the snapshot of entering again."""
        self._role = role
        self.show(event, room)

    def take(self, update: Presence | Deleted) -> None:
        """Take how many follow, or that the event is gone."""
        if isinstance(update, Presence):
            self._online = update.online
        self._updates.note(update)
        if isinstance(update, Deleted):
            self._updates.end()

    def end(self, failure: ClientError | None = None) -> None:
        """No more updates will come. Readers get those that are there; then `failure` is raised, or they end."""
        self._updates.end(failure)
