"""A room as a client sees it: the newest state, however slowly its updates are read. No I/O."""

from __future__ import annotations

from nexus.client.errors import ClientError
from nexus.client.messages import CastBallot, Deleted, Poll, PollChanged, Presence, Totals, Update
from nexus.client.updates import Reader, Updates


class Room:
    """A poll that is watched. `async for` over it yields its updates, first the newest totals.

    `Nexus.join` makes it, and `Nexus.enter`; or it is that of what an event shows (`EventRoom.room`). An update is
    `Totals`, `PollChanged`, `Presence` or `Deleted`. Of each kind only the newest is kept, so a slow reader skips
    updates, never falls behind, and needs no memory for them. Any number of tasks may iterate, each by itself.

    An iteration ends after `Deleted`, when the room is left or the client is closed, and when the event that shows the
    poll moves on, unless the room was joined as well. It raises the `ClientError` with which the client ended by
    itself, and `Refused` if the server did not let the client back into this room.
    """

    def __init__(self, poll: Poll, totals: Totals, me: tuple[CastBallot, ...], role: str) -> None:
        self._poll = poll
        self._totals = totals
        self._me = me
        self._role = role
        self._online: int | None = None
        self._updates = Updates[Update]()
        self._updates.note(totals)

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
        """How many voters are watching, hosts and screens not counted; None before the server has said so, which it
        does of a room that was joined. How many follow an event is in its `EventRoom`."""
        return self._online

    def __aiter__(self) -> Reader[Update]:
        return Reader(self._updates)

    # --- For the client -------------------------------------------------------------------------------------

    def enter(self, poll: Poll, totals: Totals | None, me: tuple[CastBallot, ...], role: str) -> None:
        """Take the snapshot of entering again; `totals` is None where they are here already."""
        self._me, self._role = me, role
        if (poll.updated_at, poll.status) != (self._poll.updated_at, self._poll.status):
            self.take(PollChanged(poll))
        if totals is not None:
            self.take(totals)

    def take(self, update: Update) -> None:
        """Take an update of the server, unless it is not newer than what is here."""
        match update:
            case Totals():
                if update.rank <= self._totals.rank:
                    return
                self._totals = update
            case PollChanged(poll=poll):
                if (poll.epoch, poll.version) < (self._poll.epoch, self._poll.version):
                    return
                self._poll = poll
            case Presence(online=online):
                self._online = online
        self._updates.note(update)
        if isinstance(update, Deleted):
            self._updates.end()

    def end(self, failure: ClientError | None = None) -> None:
        """No more updates will come. Readers get those that are there; then `failure` is raised, or they end."""
        self._updates.end(failure)
