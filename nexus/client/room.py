"""A room as a client sees it: the newest of everything, however slowly it is read. No I/O."""

from __future__ import annotations

import asyncio
from typing import Self

from nexus.client.errors import ClientError
from nexus.client.messages import CastBallot, Deleted, Event, Joined, Poll, PollChanged, Presence, Totals


class Room:
    """A poll that is watched. Iterating over it gives its `Event`s as they come, beginning with the newest totals.

    Of each kind only the newest event is kept, so a slow reader skips and never lags, and nothing piles up.
    Every iterator sees the events by itself. The iteration ends after `Deleted`, and when the room is left or
    the client closed; it raises the `ClientError` with which the client itself ended.
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
        """The own standing ballots, as they were when the room was last entered."""
        return self._me

    @property
    def role(self) -> str:
        """What this voter is here: host, voter or screen."""
        return self._role

    @property
    def online(self) -> int | None:
        """How many sockets watch, None before the first presence."""
        return self._online

    def __aiter__(self) -> Events:
        return Events(self)

    # --- For the client -------------------------------------------------------------------------------------

    def enter(self, joined: Joined) -> None:
        """Take the snapshot of coming back."""
        self._me, self._role = joined.me, joined.role
        old, new = self._poll, joined.poll
        if (new.updated_at, new.status) != (old.updated_at, old.status):
            self.take(PollChanged(new))
        if joined.totals is not None:
            self.take(joined.totals)

    def take(self, event: Event) -> None:
        """Take what the server sent, unless it is not newer than what is here."""
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
        """Nothing more will come; readers get what is there, then `failure` or a plain end."""
        self._over, self._failure = True, failure
        self._wake.set()

    def _note(self, event: Event) -> None:
        self._serial += 1
        self._newest[type(event)] = (self._serial, event)
        self._wake.set()
        self._wake = asyncio.Event()

    def after(self, serial: int) -> tuple[int, Event] | None:
        """The oldest event kept that is newer than number `serial`, with its number."""
        return min((one for one in self._newest.values() if one[0] > serial), key=_number, default=None)

    async def change(self) -> bool:
        """Wait for more; False where nothing more will come. Raises the failure."""
        if not self._over:
            await self._wake.wait()
            return True
        if self._failure is not None:
            raise self._failure
        return False


def _number(one: tuple[int, Event]) -> int:
    return one[0]


class Events:
    """An iteration over a room. Giving up `anext` (a time-out) loses nothing: the next call goes on."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while (newer := self._room.after(self._seen)) is None:
            if not await self._room.change():
                raise StopAsyncIteration
        self._seen, event = newer
        return event
