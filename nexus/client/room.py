"""A room as a client sees it: the newest state, however slowly its events are read. No I/O."""

from __future__ import annotations

import asyncio
from typing import Self

from nexus.client.errors import ClientError
from nexus.client.messages import CastBallot, Deleted, Event, Joined, Poll, PollChanged, Presence, Totals


class Room:
    """A poll that is watched; `Nexus.join` makes it. `async for` over it yields its events, first the newest totals.

    An event is `Totals`, `PollChanged`, `Presence` or `Deleted`. Of each kind only the newest is kept, so a slow reader
    skips events, never falls behind, and needs no memory for them. Any number of tasks may iterate, each by itself.

    An iteration ends after `Deleted`, and when the room is left or the client is closed. It raises the `ClientError`
    with which the client ended by itself, and `Refused` if the server did not let the client back into this room.
    """

    def __init__(self, joined: Joined, totals: Totals) -> None:
        self._poll = joined.poll
        self._totals = totals
        self._me = joined.me
        self._role = joined.role
        self._online: int | None = None
        self._newest: dict[type, tuple[int, Event]] = {}
        self._serial = 0
        self._over = False
        self._failure: ClientError | None = None
        self._wake = asyncio.Event()
        self._note(totals)

    @property
    def id(self) -> int:
        """The poll's id."""
        return self._poll.id

    @property
    def poll(self) -> Poll:
        """The newest definition and status."""
        return self._poll

    @property
    def totals(self) -> Totals:
        """The newest counts."""
        return self._totals

    @property
    def me(self) -> tuple[CastBallot, ...]:
        """This voter's ballots that stood when the room was last entered; later votes are not among them."""
        return self._me

    @property
    def role(self) -> str:
        """What this voter is in the poll: `host`, `voter` or `screen`."""
        return self._role

    @property
    def online(self) -> int | None:
        """How many voters are watching, hosts and screens not counted; None before the server has said so."""
        return self._online

    def __aiter__(self) -> Events:
        return Events(self)

    # --- For the client -------------------------------------------------------------------------------------

    def enter(self, joined: Joined) -> None:
        """Take the snapshot of entering again."""
        self._me, self._role = joined.me, joined.role
        old, new = self._poll, joined.poll
        if (new.updated_at, new.status) != (old.updated_at, old.status):
            self.take(PollChanged(new))
        if joined.totals is not None:
            self.take(joined.totals)

    def take(self, event: Event) -> None:
        """Take an event of the server, unless it is not newer than what is here."""
        match event:
            case Totals():
                if event.rank <= self._totals.rank:
                    return
                self._totals = event
            case PollChanged(poll=poll):
                if (poll.epoch, poll.version) < (self._poll.epoch, self._poll.version):
                    return
                self._poll = poll
            case Presence(online=online):
                self._online = online
            case Deleted():
                self._over = True
        self._note(event)

    def end(self, failure: ClientError | None = None) -> None:
        """No more events will come. Readers get those that are there; then `failure` is raised, or they end."""
        self._over, self._failure = True, failure
        self._wake.set()

    def _note(self, event: Event) -> None:
        self._serial += 1
        self._newest[type(event)] = (self._serial, event)
        self._wake.set()
        self._wake = asyncio.Event()

    def newer_than(self, serial: int) -> tuple[int, Event] | None:
        """The oldest event kept with a number over `serial`, and its number; None if there is none."""
        return min((one for one in self._newest.values() if one[0] > serial), key=_number, default=None)

    async def wait_for_more(self) -> bool:
        """Wait for an event. Returns False if no more will come. Raises the failure given to `end`."""
        if not self._over:
            await self._wake.wait()
            return True
        if self._failure is not None:
            raise self._failure
        return False


def _number(one: tuple[int, Event]) -> int:
    return one[0]


class Events:
    """An iteration over a room. Cancelling `anext`, as a timeout does, loses no event."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while (newer := self._room.newer_than(self._seen)) is None:
            if not await self._room.wait_for_more():
                raise StopAsyncIteration
        self._seen, event = newer
        return event
