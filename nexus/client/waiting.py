"""Waiting for a poll that can't be seen yet (docs/contract.md, "Waiting"): by a socket that says no hello, else by
asking over HTTP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import msgspec

from nexus.client.close_codes import comes_back
from nexus.client.codec import encode
from nexus.client.connection import PING_S, PONG_S, pause
from nexus.client.errors import Refused, TurnedAway, Unreachable
from nexus.client.http import NO_CODE, post, socket_url
from nexus.client.link import Link, open_link
from nexus.client.messages import Error, Unasked

ASK_S = 5.0
"""Between two questions over HTTP, on average."""
BLOCKED_AFTER = 3
"""Handshakes in a row that fail, until HTTP is tried."""
SOCKET_AGAIN = 6
"""Questions over HTTP until a socket is tried again."""
PASSING = frozenset({"unavailable", "too_many_messages", NO_CODE})
"""The codes with which a wait is refused for now; a proxy that answers for the server says none."""


async def wait_for(base_url: str, code: str, *, waiting: Callable[[bool], None] | None = None) -> None:
    """Wait until the poll of `code` can be seen: one that is a draft or scheduled can't be yet.

    It stays connected through outages, for as long as it takes: bound it with `asyncio.timeout`, or cancel it. Where no
    WebSocket opens, it asks over HTTP. An audience that was told all at once should come over two seconds.

    Parameters:
        base_url: where the server is, such as http://127.0.0.1:8000.
        code: the code of the poll.
        waiting: called with True once the server has said that one has to wait, and with False while it can't be
            reached.

    Raises:
        Refused: the server refused, with code `poll_not_found` or the like; also if the poll is deleted meanwhile.
        TurnedAway: the server closed the socket for a reason that will not pass.
        ValueError: `base_url` is not an HTTP URL, or `code` is too long for a message.
    """
    await _AwaitedPoll(base_url, code, waiting or _nobody).ready()


def _nobody(_: bool) -> None: ...


class _AwaitedPoll:
    """One poll that is waited for."""

    def __init__(self, base_url: str, code: str, waiting: Callable[[bool], None]) -> None:
        self._base_url = base_url
        self._socket_url = socket_url(base_url)
        self._code = code
        self._message = encode("wait", code=code)
        self._waiting = waiting
        self._told: bool | None = None

    async def ready(self) -> None:
        """Return once the poll can be seen."""
        failures = unopened = 0
        while True:
            link = await self._open()
            unopened = 0 if link else unopened + 1
            if link is not None and await self._by_socket(link):
                return
            failures = 0 if self._told else failures
            if unopened < BLOCKED_AFTER:
                self._tell(reached=False)
            elif await self._by_http():
                return
            await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - no secret
            failures += 1

    async def _open(self) -> Link | None:
        """A socket; None where none opens, for whatever reason: then HTTP will tell."""
        try:
            return await open_link(self._socket_url, _unheard, lambda: self._tell(reached=True))
        except (Unreachable, TurnedAway):
            return None

    async def _by_socket(self, link: Link) -> bool:
        """Wait by one socket, to its end; returns whether the poll is ready."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = group.create_task(link.read()), group.create_task(_cut_if_dead(link))
                answer = await link.ask("wait", self._message)
                for task in tasks:
                    task.cancel()
        finally:
            await link.close()
        if isinstance(answer, Error):
            return _refuse(answer.code, answer.detail)
        if answer is None and not comes_back(link.close_code):
            raise TurnedAway(link.close_code, link.close_reason)
        return answer is not None

    async def _by_http(self) -> bool:
        """Ask over HTTP for a while; returns whether the poll is ready."""
        for _ in range(SOCKET_AGAIN):
            after_s = 0.0
            try:
                if not (await post(self._base_url, "/polls/waiting/", {"code": self._code}, _Answer)).waiting:
                    return True
                self._tell(reached=True)
            except Unreachable:
                self._tell(reached=False)
            except Refused as error:
                after_s = error.after_s
                self._tell(reached=False)
                if not after_s:
                    _refuse(error.code, error.detail)
            await asyncio.sleep(max(after_s, ASK_S * random.uniform(0.8, 1.2)))  # noqa: S311 - no secret
        return False

    def _tell(self, *, reached: bool) -> None:
        if reached is not self._told:
            self._told = reached
            self._waiting(reached)


class _Answer(msgspec.Struct):
    waiting: bool


def _refuse(code: str, detail: str) -> bool:
    """Raise `Refused`; for a refusal that will pass return that the poll is not ready."""
    if code not in PASSING:
        raise Refused(code, detail)
    return False


def _unheard(_: Unasked) -> None:
    """A socket that has said no hello is in no room."""


async def _cut_if_dead(link: Link) -> None:
    """Ping from time to time, until there is no answer."""
    while not link.lost:
        await asyncio.sleep(PING_S * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        try:
            async with asyncio.timeout(PONG_S):
                await link.ask("ping", encode("ping"))
        except TimeoutError:
            link.abort()
            return
