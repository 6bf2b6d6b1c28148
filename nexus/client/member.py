"""What a client does over its connection: rooms and acts."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from nexus.client.connection import Patience, Token, Upkeep
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
"""Acts under way at once, the others wait here: below what a server queues for one voter."""
SOONEST_S = 0.05
PASSING = frozenset({"unavailable", "too_many_messages"})
"""Refusals of a join that are no answer yet."""


class Nexus:
    """A client; `connect` makes it. Its methods may be called from any number of tasks of its event loop."""

    def __init__(self, url: str, token: Token, patience: Patience) -> None:
        self._patience = patience
        self._upkeep = Upkeep(url, token, patience, self._take, self._return)
        self._rooms: dict[int, Room] = {}
        self._acts: set[UUID] = set()
        self._window = asyncio.Semaphore(WINDOW)

    @property
    def voter(self) -> str:
        """Who the server takes this client for, such as user:12."""
        return self._upkeep.voter

    @property
    def connected(self) -> bool:
        """Whether there is a connection right now."""
        return self._upkeep.link is not None

    def server_now(self) -> datetime:
        """What the server's clock shows now, as far as can be known from here."""
        return self._upkeep.clock.at(time.monotonic())

    async def start(self) -> None:
        """Connect for the first time; `connect` does it."""
        await self._upkeep.start(self._end_rooms)

    async def close(self) -> None:
        """End, saying goodbye to the server; what still waits for it gets `Closed`. `connect` does it too."""
        self._end_rooms(None)
        await self._upkeep.stop(Closed("the client was closed"))

    # --- Rooms ----------------------------------------------------------------------------------------------

    async def join(self, poll: int | None = None, *, code: str | None = None) -> Room:
        """Enter the room of a poll, by its id or its code; a room that this client is in is given again.

        Raises `Refused` (`poll_not_found`, …), `Unreachable` after `join_s`, or the error with which the client ended.
        """
        if (poll is None) == (code is None):
            raise ValueError("a join names either a poll or a code")
        if poll is not None and poll in self._rooms:
            return self._rooms[poll]
        text = encode("join", poll=poll, code=code)
        try:
            async with asyncio.timeout(self._patience.join_s):
                while True:
                    joined = await _ask_join(await self._upkeep.linked(), text, self._enter)
                    if joined is not None and joined.poll.id in self._rooms:
                        return self._rooms[joined.poll.id]
        except TimeoutError as error:
            raise Unreachable(f"no answer to a join: {self._upkeep.trouble}") from error

    async def leave(self, poll: int) -> None:
        """Leave a room, if this client is in it; its readers come to an end."""
        room = self._rooms.pop(poll, None)
        if room is not None:
            room.end()
            if self._upkeep.link is not None:
                await self._upkeep.link.say(encode("leave", poll=poll))

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
        """Enter every room again, saying what is known of it."""
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
        """Vote for `options`, and give the receipt once the vote has committed.

        `op` is made here where it is None; with `epoch` the vote is for that round alone. Raises `Refused`,
        `VoteUnsettled` after `act_s`, or the error with which the client ended; ValueError for an op under way.
        """
        op = op or new_op()
        return await self._act(op, poll, encode("vote", op=op, poll=poll, options=list(options), epoch=epoch))

    async def retract(
        self, poll: int, ballot: UUID | None = None, *, op: UUID | None = None, epoch: int | None = None
    ) -> Receipt:
        """Take back one's ballots, or the one whose op is `ballot`; else as `vote`."""
        op = op or new_op()
        return await self._act(op, poll, encode("retract", op=op, poll=poll, ballot=ballot, epoch=epoch))

    async def _act(self, op: UUID, poll: int, text: str) -> Receipt:
        if op in self._acts:
            raise ValueError(f"the op {op} is under way")
        self._acts.add(op)
        sent = False
        try:
            async with asyncio.timeout(self._patience.act_s), self._window:
                while True:
                    link = await self._upkeep.linked()
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
    """What an answer comes to; None for another try, once it is time for it."""
    match verdict:
        case Reject(code=code, detail=detail):
            raise Refused(code, detail)
        case Retry(after_ms=after_ms):
            await asyncio.sleep(max(SOONEST_S, after_ms / 1000) * random.uniform(1.0, 1.5))  # noqa: S311 - no secret
            return None
    return verdict


async def _ask_join(link: Link, text: str, entered: Callable[[Joined], None]) -> Joined | None:
    """Ask to join once; None for another try. Raises `Refused`."""
    answer = await link.ask("join", text, entered=entered)
    match answer:
        case Joined():
            return answer
        case Error(code=code) if code in PASSING:
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        case Error(code=code, detail=detail):
            raise Refused(code, detail)
    return None
