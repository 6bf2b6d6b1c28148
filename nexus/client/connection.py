"""Keeping a client connected: hello, the token's renewal, signs of life, and coming back."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from nexus.client.close_codes import TOKEN_ENDED, comes_back
from nexus.client.errors import ClientError, TurnedAway, Unreachable
from nexus.client.link import Clock, Link, open_link
from nexus.client.messages import Error, Event, Pong, Welcome, encode

log = logging.getLogger("nexus.client")

Token = str | Callable[[], Awaitable[str]]
"""An access token, or what gives the newest one whenever one is needed; that may raise `Unreachable`."""

HELLO_S = 10.0
PING_S, PONG_S = 15.0, 10.0
RENEW_REST_S = 5.0
"""A token that lasts for less than the server's warning is not renewed without end."""
STEADY_S = 10.0
"""A connection that lasted so long ends a row of failures."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a client waits before it gives up."""

    connect_s: float = 10.0
    """For its first welcome."""
    join_s: float = 20.0
    """For the snapshot of a room."""
    act_s: float = 30.0
    """For the answer to a vote or retraction, over all its resends."""
    away_s: float = 600.0
    """For a welcome after a connection was lost; `math.inf`: for ever."""


def pause(failures: int, chance: float) -> float:
    """Seconds before the next attempt to connect, after so many in a row failed.

    `chance`, from 0 to 1, spreads an audience that was cut off at once over half of a time that doubles.
    """
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures, 10)) * (0.5 + chance / 2)


class Upkeep:
    """A connection that comes back: `take` gets what concerns rooms, `returned` each new link once it is welcome."""

    def __init__(
        self,
        url: str,
        token: Token,
        patience: Patience,
        take: Callable[[Event], None],
        returned: Callable[[Link], Coroutine[None, None, None]],
    ) -> None:
        self._url = url
        self._token = token
        self._patience = patience
        self._take = take
        self._returned = returned
        self._link: Link | None = None
        self._settled = asyncio.Event()  # set while there is a link, and for good once there is a failure
        self._failure: ClientError | None = None
        self._task: asyncio.Task[None] | None = None
        self._shown = ""
        self._turned: tuple[str, TurnedAway] | None = None
        self._welcomed = self._seen = time.monotonic()
        self.clock = Clock()
        self.voter = ""
        self.trouble = "the server does not answer"
        """What went wrong last, in words for people."""

    @property
    def link(self) -> Link | None:
        """The connection, if there is one right now."""
        return self._link

    async def linked(self) -> Link:
        """The connection, once there is one. Raises the error with which the client ended."""
        while self._link is None:
            if self._failure is not None:
                raise self._failure
            await self._settled.wait()
        return self._link

    async def start(self, failed: Callable[[ClientError], None]) -> None:
        """Connect, and stay so. Raises where that fails at first; `failed` is told when it fails later."""
        self._task = asyncio.create_task(self._run(failed), name="nexus client")
        try:
            async with asyncio.timeout(self._patience.connect_s):
                await self.linked()
        except TimeoutError as error:
            raise Unreachable(self.trouble) from error

    async def stop(self, reason: ClientError) -> None:
        """Say goodbye to the server, within a bound; who waits for a link gets `reason`."""
        self._fail(reason)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _fail(self, error: ClientError) -> None:
        self._failure = self._failure or error
        self._settled.set()

    async def _run(self, failed: Callable[[ClientError], None]) -> None:
        try:
            await self._stay()
        except Exception as error:  # noqa: BLE001 - raised wherever somebody waits for this client
            failure = error if isinstance(error, ClientError) else ClientError(f"the client broke: {error!r}")
            if failure is not error:
                failure.__cause__ = error
            self._fail(failure)
            failed(failure)

    async def _stay(self) -> None:
        """Connect over and over; ends only with an exception."""
        failures = 0
        while True:
            self._welcomed = 0.0
            try:
                await self._live()
            except Unreachable as error:
                self.trouble = str(error)
            now = time.monotonic()
            if self._welcomed:
                self._seen = now
            failures = 0 if self._welcomed and now - self._welcomed >= STEADY_S else failures + 1
            if now - self._seen >= self._patience.away_s:
                raise Unreachable(self.trouble)
            await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - no secret

    async def _live(self) -> None:
        """One link, from its opening to its end. Raises `Unreachable`, or `TurnedAway` where that is the end."""
        token = await self._fetch()
        if self._turned is not None and self._turned[0] == token:
            raise self._turned[1]
        link = await open_link(self._url, self._take)
        try:
            async with asyncio.TaskGroup() as group:
                tending = group.create_task(self._tend(link, token))
                await link.read()
                self._unlink()
                tending.cancel()
        finally:
            self._unlink()
            await link.close()
        self._judge(link.close_code, link.close_reason)

    def _judge(self, code: int, reason: str) -> None:
        """What the end of a link means for the next."""
        self.trouble = f"the server closed the connection: {reason or 'no reason given'} ({code})"
        if comes_back(code):
            return
        turned = TurnedAway(code, reason)
        if code != TOKEN_ENDED or isinstance(self._token, str):
            raise turned
        self._turned = (self._shown, turned)  # until the token has changed

    def _unlink(self) -> None:
        self._link = None
        if self._failure is None:
            self._settled.clear()

    async def _fetch(self) -> str:
        return self._token if isinstance(self._token, str) else await self._token()

    async def _tend(self, link: Link, token: str) -> None:
        if not await self._greet(link, token):
            link.abort()
            return
        self._welcomed = time.monotonic()
        self._link = link
        self._settled.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._returned(link))
            await self._look_after(link)

    async def _greet(self, link: Link, token: str) -> bool:
        """Say hello; False where there was no welcome."""
        self._shown = token
        try:
            async with asyncio.timeout(HELLO_S):
                answer = await link.ask_time("hello", encode("hello", token=token), self.clock)
        except TimeoutError:
            answer = None
        if isinstance(answer, Error):
            self.trouble = f"{answer.detail} ({answer.code})"
        if not isinstance(answer, Welcome):
            return False
        self.voter = answer.voter
        return True

    async def _look_after(self, link: Link) -> None:
        """Ask for a sign of life now and then, and renew the token when it is time; until the link is dead."""
        while True:
            try:
                async with asyncio.timeout(PING_S * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
                    await link.expiring.wait()
            except TimeoutError:
                if not await self._lives(link):
                    self.trouble = "the server did not answer a ping"
                    link.abort()
                    return
            else:
                link.expiring.clear()
                await self._renew(link)
                await asyncio.sleep(RENEW_REST_S)

    async def _lives(self, link: Link) -> bool:
        try:
            async with asyncio.timeout(PONG_S):
                return isinstance(await link.ask_time("ping", encode("ping"), self.clock), Pong | Error)
        except TimeoutError:
            return False

    async def _renew(self, link: Link) -> None:
        """Show a newer token. Where that fails the link ends with its old one, and the next begins with a new."""
        try:
            token = await self._fetch()
        except ClientError as error:
            log.info("no newer token: %s", error)
            return
        if token != self._shown and not await self._greet(link, token):
            log.info("the newer token was not welcome: %s", self.trouble)
