"""The client: its rooms, and its votes and retractions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from nexus.client.acts import Acts
from nexus.client.codec import encode
from nexus.client.connection import Connection, Patience, Token
from nexus.client.errors import Closed, Refused, Unreachable
from nexus.client.event_room import EventRoom
from nexus.client.link import Link
from nexus.client.messages import Deleted, Entered, Error, Joined, Receipt, new_op
from nexus.client.places import Places
from nexus.client.room import Room

PASSING = frozenset({"unavailable", "too_many_messages"})
"""The codes with which a join is refused for now, and tried again."""
IN_AN_EVENT = "This code is not a poll's but an event's: it is entered, not joined."


class Nexus:
    """A client of one server, as one voter.

    `connect` makes it, starts it and closes it; construct none yourself. All methods may be called from any number of
    tasks of the event loop in which it was made. Once the client has ended by itself (its token was refused, or it was
    away for longer than `Patience.away_s`), every method that needs the server raises the `ClientError` that ended it.
    """

    def __init__(self, url: str, token: Token, patience: Patience) -> None:
        self._patience = patience
        self._places = Places(self._enter_again)
        self._connection = Connection(url, token, patience, self._places.take, self._return)
        self._acts = Acts(self._connection, patience.act_s)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def voter(self) -> str:
        """Who the server takes this client for, such as `user:12`."""
        return self._connection.voter

    @property
    def connected(self) -> bool:
        """Whether there is an open connection now."""
        return self._connection.link is not None

    def server_now(self) -> datetime:
        """The server's time, estimated from its answers: compare `opens_at` and `expires_at` of a poll with it."""
        return self._connection.clock.at(time.monotonic())

    async def start(self) -> None:
        """Connect for the first time. `connect` calls this."""
        await self._connection.start(self._places.end)

    async def close(self) -> None:
        """Close the client. Calls that are still waiting raise `Closed`, or `VoteUnsettled`. `connect` calls this."""
        self._places.end(None)
        for task in self._tasks:
            task.cancel()
        await self._connection.stop(Closed("the client was closed"))

    # --- Rooms ----------------------------------------------------------------------------------------------

    async def join(self, poll: int | None = None, *, code: str | None = None) -> Room:
        """Enter the room of a poll, to watch it. Voting does not need a room.

        Parameters:
            poll: the id of the poll.
            code: its code, instead of the id, in upper or lower case, with or without dashes.

        Returns:
            The room, which stays up to date until it is left. If this client is in the room already, the same one.

        Raises:
            ValueError: both or neither of `poll` and `code` were given.
            Refused: the server refused, with code `poll_not_found` (also for a poll this voter may not know of, and for
                the code of an event: `enter` takes both), `too_many_rooms` or the like.
            Unreachable: there was no answer within `Patience.join_s`.
            ClientError: the one with which the client ended.
        """
        if (poll is None) == (code is None):
            raise ValueError("join needs either a poll or a code")
        room = None if poll is None else self._places.joined(poll)
        text = encode("join", poll=poll, code=code)
        async with self._in_time():
            while room is None:
                answer = await _ask_join(await self._connection.linked(), text, self._take_joined)
                if isinstance(answer, Entered):
                    raise Refused("poll_not_found", IN_AN_EVENT)
                room = self._places.joined(answer.poll.id) if answer is not None else None
        return room

    async def enter(self, code: str) -> Room | EventRoom:
        """Enter a poll or an event by its code.

        Parameters:
            code: the code, in upper or lower case, with or without dashes.

        Returns:
            The room of the poll, as from `join`; or the event, which stays up to date, with the room of what it shows,
            until it is left. If this client is there already, the same one.

        Raises:
            The same errors as `join`.
        """
        place: Room | EventRoom | None = None
        text = encode("join", code=code)
        async with self._in_time():
            while place is None:
                match await _ask_join(await self._connection.linked(), text, self._take_place):
                    case Joined(poll=poll):
                        place = self._places.joined(poll.id)
                    case Entered(event=event):
                        place = self._places.event(event.id)
        return place

    async def leave(self, poll: int | None = None, *, event: int | None = None) -> None:
        """Leave a poll or an event, if this client is there. Iterations over it end; where a poll that was joined is
        shown by an event as well, its room goes on until the event shows another one.

        Parameters:
            poll: the id of the poll.
            event: the id of the event, instead.

        Raises:
            ValueError: both or neither of `poll` and `event` were given.
        """
        if (poll is None) == (event is None):
            raise ValueError("leave needs either a poll or an event")
        left = self._places.leave(poll) if poll is not None else event is not None and self._places.leave_event(event)
        if left and self._connection.link is not None:
            await self._connection.link.send(encode("leave", poll=poll, event=event))

    # --- Acts -----------------------------------------------------------------------------------------------

    async def vote(
        self, poll: int, options: Sequence[int], *, op: UUID | None = None, epoch: int | None = None
    ) -> Receipt:
        """Cast a ballot, and wait until it is committed. The same op is sent again until it is answered.

        Parameters:
            poll: the id of the poll; its room need not be entered.
            options: the ids of the chosen options.
            op: the name of this act, a new one by default. After `VoteUnsettled`, pass the same op to try again.
            epoch: the round that the vote is for; if another round has begun, the vote is refused. By default the
                vote is for the current round.

        Returns:
            The receipt. Its `status` is `recorded`, `changed`, `unchanged`, or `replayed` if the op had already been
            committed; its `stands` says whether the ballot counts.

        Raises:
            Refused: the server refused the vote, with code `poll_closed`, `already_voted` or the like. Nothing changed.
            VoteUnsettled: the vote was sent, and was not answered within `Patience.act_s`, or the client ended before.
            ClientError: the one with which the client ended, if the vote was never sent.
            ValueError: the op is under way already, or there are more options than fit into one message.
        """
        op = op or new_op()
        return await self._acts.settle(op, poll, encode("vote", op=op, poll=poll, options=list(options), epoch=epoch))

    async def retract(
        self, poll: int, ballot: UUID | None = None, *, op: UUID | None = None, epoch: int | None = None
    ) -> Receipt:
        """Withdraw this voter's ballots in a poll, and wait until that is committed.

        Parameters:
            poll: the id of the poll.
            ballot: the op of the only ballot to withdraw. By default all are withdrawn.
            op: the name of this act, as for `vote`.
            epoch: the round, as for `vote`.

        Returns:
            The receipt, with the `status` `retracted`, `unchanged` if there was nothing to withdraw, or `replayed`.

        Raises:
            The same errors as `vote`.
        """
        op = op or new_op()
        return await self._acts.settle(op, poll, encode("retract", op=op, poll=poll, ballot=ballot, epoch=epoch))

    # --- Entering -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience.join_s):
                yield
        except TimeoutError as error:
            raise Unreachable(f"no answer to a join: {self._connection.trouble}") from error

    def _take_joined(self, answer: Joined | Entered) -> None:
        """The answer to a join of a poll. An event that its code has led into is left again."""
        if isinstance(answer, Joined) or self._places.event(answer.event.id) is not None:
            self._take_place(answer)
        elif self._connection.link is not None:
            self._start(self._connection.link.send(encode("leave", event=answer.event.id)))

    def _take_place(self, answer: Joined | Entered) -> None:
        if isinstance(answer, Joined):
            self._places.take_joined(answer)
        else:
            self._places.take_entered(answer)

    async def _return(self, link: Link) -> None:
        """Enter every room again: polls with the place of their newest totals, events with their revision."""
        for room in self._places.rooms:
            await self._rejoin(link, room)
        for place in self._places.events:
            await self._reenter(link, place)

    async def _rejoin(self, link: Link, room: Room) -> None:
        def take(answer: Joined | Entered) -> None:
            if isinstance(answer, Joined) and self._places.joined(room.id) is room:
                self._places.take_joined(answer)

        try:
            while not link.lost and self._places.joined(room.id) is room:
                place = {"epoch": room.totals.epoch, "version": room.totals.version}
                if await _ask_join(link, encode("join", poll=room.id, **place), take) is not None:
                    return
        except Refused as error:
            if self._places.joined(room.id) is not room:
                return
            if error.code == "poll_not_found":
                self._places.take(Deleted(poll=room.id))
            else:
                self._places.leave(room.id, error)

    async def _reenter(self, link: Link, place: EventRoom) -> None:
        there = True

        def take(answer: Joined | Entered) -> None:
            nonlocal there
            if isinstance(answer, Entered) and self._places.event(place.id) is place:
                there = self._places.take_entered(answer)

        try:
            while not link.lost and self._places.event(place.id) is place:
                text = encode("join", event=place.id, revision=place.event.revision)
                if await _ask_join(link, text, take) is not None and there:
                    return
        except Refused as error:
            if self._places.event(place.id) is not place:
                return
            if error.code == "event_not_found":
                self._places.take(Deleted(event=place.id))
            else:
                self._places.leave_event(place.id, error)

    def _enter_again(self, place: EventRoom) -> None:
        """Something of an event is missing here: its snapshot has all. Without a link the return will bring it."""
        if self._connection.link is not None:
            self._start(self._reenter(self._connection.link, place))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="nexus client rooms")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _ask_join(link: Link, text: str, take: Callable[[Joined | Entered], None]) -> Joined | Entered | None:
    """Ask to join once. Returns None when it is time to try again. Raises `Refused`."""
    answer = await link.ask("join", text, on_place=take)
    match answer:
        case Joined() | Entered():
            return answer
        case Error(code=code) if code in PASSING:
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        case Error(code=code, detail=detail):
            raise Refused(code, detail)
    return None
