"""A socket that waits for a poll, before any hello (docs/contract.md, "Waiting")."""

from __future__ import annotations

import asyncio

from nexus.domain.codes import normalize_code
from nexus.domain.poll import Poll
from nexus.domain.rights import UNSEEN
from nexus.errors import Invalid
from nexus.rooms.frame import Frame
from nexus.ws import messages
from nexus.ws.dependencies import SocketServices
from nexus.ws.line import Line


class SocketWait:
    """The wait of one socket: one at a time, and as many after each other as its rates allow. It is the lobby's
    `Waiter`."""

    __slots__ = ("_code", "_line", "_poll", "_services")

    def __init__(self, services: SocketServices, line: Line) -> None:
        self._services = services
        self._line = line
        self._poll = 0
        self._code = ""

    @property
    def going(self) -> bool:
        """Whether the socket waits now: then no hello is due."""
        return self._poll != 0

    async def begin(self, typed: str, address: str) -> None:
        """Wait for the poll of a code, or say at once that it is ready. Raises `PollNotFound` and `TooMany` for wrong
        codes, `Invalid` while a wait goes on, and `Unavailable`."""
        if self.going:
            raise Invalid("This socket is waiting already.")
        found = await self._services.codes.find_either(typed, address)
        code = normalize_code(typed)
        # An event can be entered at any time: nothing of it is hidden from who has its code.
        unseen = isinstance(found, Poll) and found.status in UNSEEN
        if unseen and await self._services.lobby.enter(found.id, code, self):
            self._poll, self._code = found.id, code
            self._line.push(messages.encode(messages.Waiting(code)))
        else:
            self._line.push(messages.encode(messages.Ready(code)))

    def answer(self, frame: Frame) -> None:
        """Say how the wait ended; from now on a hello is due again."""
        self._poll = 0
        self._line.push(frame)
        self._line.wake(asyncio.get_running_loop().time() + self._services.hello_s)

    def end(self) -> None:
        """Wait no longer: the socket is gone, or has said who it is."""
        if self.going:
            self._services.lobby.leave(self._poll, self._code, self)
            self._poll = 0
