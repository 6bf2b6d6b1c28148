"""The client: its rooms, and its votes and retractions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from nexus.client.connection import Connection, Patience, Token
from nexus.client.errors import ClientError, Closed, Refused, Unreachable, VoteUnsettled
from nexus.client.link import Link
from nexus.client.messages import (
    Deleted,
    Error,
    Event,
    Joined,
    PollChanged,
    Receipt,
    Reject,
    Retry,
    Verdict,
    encode,
    new_op,
)
from nexus.client.room import Room

WINDOW = 32
"""Votes and retractions under way at once: fewer than a server queues for one voter. The others wait here."""
SHORTEST_WAIT_S = 0.05
"""Before a vote is sent again, at least."""
PASSING = frozenset({"unavailable", "too_many_messages"})
"""The codes with which a join is refused for now, and tried again."""


class Nexus:
    """A client of one server, as one voter.

    `connect` makes it, starts it and closes it; construct none yourself. All methods may be called from any number of
    tasks of the event loop in which it was made. Once the client has ended by itself (its token was refused, or it was
    away for longer than `Patience.away_s`), every method that needs the server raises the `ClientError` that ended it.
    """

    def __init__(self, url: str, token: Token, patience: Patience) -> None:
        self._patience = patience
        self._connection = Connection(url, token, patience, self._take, self._return)
        self._rooms: dict[int, Room] = {}
        self._acts: set[UUID] = set()
        self._window = asyncio.Semaphore(WINDOW)

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
        await self._connection.start(self._end_rooms)

    async def close(self) -> None:
        """Close the client. Calls that are still waiting raise `Closed`, or `VoteUnsettled`. `connect` calls this."""
        self._end_rooms(None)
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
            Refused: the server refused, with code `poll_not_found` (also for a poll this voter may not know of),
                `too_many_rooms` or the like.
            Unreachable: there was no answer within `Patience.join_s`.
            ClientError: the one with which the client ended.
        """
        if (poll is None) == (code is None):
            raise ValueError("join needs either a poll or a code")
        if poll is not None and poll in self._rooms:
            return self._rooms[poll]
        text = encode("join", poll=poll, code=code)
        try:
            async with asyncio.timeout(self._patience.join_s):
                while True:
                    joined = await _ask_join(await self._connection.linked(), text, self._enter)
                    if joined is not None and joined.poll.id in self._rooms:
                        return self._rooms[joined.poll.id]
        except TimeoutError as error:
            raise Unreachable(f"no answer to a join: {self._connection.trouble}") from error

    async def leave(self, poll: int) -> None:
        """Leave the room of `poll`, if this client is in it. Iterations over the room end."""
        room = self._rooms.pop(poll, None)
        if room is not None:
            room.end()
            if self._connection.link is not None:
                await self._connection.link.send(encode("leave", poll=poll))

    def _enter(self, joined: Joined) -> None:
        room = self._rooms.get(joined.poll.id)
        if room is not None:
            room.enter(joined)
        elif joined.totals is not None:
            self._rooms[joined.poll.id] = Room(joined, joined.totals)

    def _take(self, event: Event) -> None:
        poll = event.poll.id if isinstance(event, PollChanged) else event.poll
        room = self._rooms.get(poll)
        if room is None:
            return
        room.take(event)
        if isinstance(event, Deleted):
            del self._rooms[poll]

    async def _return(self, link: Link) -> None:
        """Enter every room again, with the place of its newest totals."""
        for room in list(self._rooms.values()):
            try:
                await self._reenter(link, room)
            except Refused as error:
                if self._rooms.pop(room.id, None) is None:
                    continue
                if error.code == "poll_not_found":
                    room.take(Deleted(room.id))
                else:
                    room.end(error)

    async def _reenter(self, link: Link, room: Room) -> None:
        while not link.lost and self._rooms.get(room.id) is room:
            place = {"epoch": room.totals.epoch, "version": room.totals.version}
            if await _ask_join(link, encode("join", poll=room.id, **place), room.enter) is not None:
                return

    def _end_rooms(self, failure: ClientError | None) -> None:
        for room in self._rooms.values():
            room.end(failure)
        self._rooms.clear()

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
        return await self._act(op, poll, encode("vote", op=op, poll=poll, options=list(options), epoch=epoch))

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
        return await self._act(op, poll, encode("retract", op=op, poll=poll, ballot=ballot, epoch=epoch))

    async def _act(self, op: UUID, poll: int, text: str) -> Receipt:
        if op in self._acts:
            raise ValueError(f"the op {op} is already under way")
        self._acts.add(op)
        sent = False
        try:
            async with asyncio.timeout(self._patience.act_s), self._window:
                while True:
                    link = await self._connection.linked()
                    sent = True
                    receipt = await _receipt(await link.exchange(op, text))
                    if receipt is not None:
                        return receipt
        except TimeoutError as error:
            raise VoteUnsettled(poll, op) from error
        except ClientError as error:
            if sent and not isinstance(error, Refused):
                raise VoteUnsettled(poll, op) from error
            raise
        finally:
            self._acts.discard(op)


async def _receipt(verdict: Verdict | None) -> Receipt | None:
    """Returns the receipt, or None when it is time to try again. Raises `Refused`."""
    match verdict:
        case Reject(code=code, detail=detail):
            raise Refused(code, detail)
        case Retry(after_ms=after_ms):
            await asyncio.sleep(max(SHORTEST_WAIT_S, after_ms / 1000) * random.uniform(1.0, 1.5))  # noqa: S311 - no secret
            return None
    return verdict


async def _ask_join(link: Link, text: str, on_joined: Callable[[Joined], None]) -> Joined | None:
    """Ask to join once. Returns None when it is time to try again. Raises `Refused`."""
    answer = await link.ask("join", text, on_joined=on_joined)
    match answer:
        case Joined():
            return answer
        case Error(code=code) if code in PASSING:
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        case Error(code=code, detail=detail):
            raise Refused(code, detail)
    return None
