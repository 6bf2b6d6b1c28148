"""Staying connected: hello, renewal of the token, pings, and reconnecting."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from nexus.client.close_codes import TOKEN_ENDED, comes_back
from nexus.client.codec import encode
from nexus.client.errors import ClientError, TurnedAway, Unreachable
from nexus.client.link import Clock, Link, open_link
from nexus.client.messages import Error, Pong, Unasked, Welcome

logger = logging.getLogger(__name__)

Token = str | Callable[[], Awaitable[str]]
"""An access token, or an async function that returns the newest one whenever one is needed.

If the function raises `Unreachable`, the client tries again later; any other error ends the client.
"""

HELLO_S = 10.0
"""How long to wait for the answer to a hello."""
PING_S = 15.0
"""Between two pings, on average."""
PONG_S = 10.0
"""How long to wait for the answer to a ping."""
RENEW_PAUSE_S = 5.0
"""After each renewal of the token: the server may warn of a short-lived one again at once."""
STEADY_S = 10.0
"""A connection that lasted this long was no failure."""
FIRST_PAUSE_S = 0.5
"""Before the first attempt to reconnect, at most; each failure doubles it."""
LONGEST_PAUSE_S = 15.0
"""Before any attempt to reconnect, at most."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a client waits before it gives up.

    Parameters:
        connect_s: for its first welcome; then `connect` raises `Unreachable`.
        join_s: for the snapshot of a room; then `Nexus.join` raises `Unreachable`.
        act_s: for the answer to a vote or retraction, over all its resends; then those raise `VoteUnsettled`.
        away_s: for a welcome after a connection was lost, `math.inf` for ever; then the client ends with `Unreachable`.
    """

    connect_s: float = 10.0
    join_s: float = 20.0
    act_s: float = 30.0
    away_s: float = 600.0


def pause(failures: int, chance: float) -> float:
    """Returns the seconds before the next attempt to connect, after so many `failures` in a row.

    The time doubles with each failure. `chance`, from 0 to 1, spreads an audience that lost its connections all at once
    over the second half of it.
    """
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures, 10)) * (0.5 + chance / 2)


class Connection:
    """A connection that is opened again whenever it is lost.

    `take` is given what the server says of rooms, `returned` each new link once the server has accepted the token.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        patience: Patience,
        take: Callable[[Unasked], None],
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
        self._token_sent = ""
        self._refusal: tuple[str, TurnedAway] | None = None
        self._welcomed_at = self._last_seen = time.monotonic()
        self.clock = Clock()
        self.voter = ""
        self.trouble = "the server does not answer"
        """What went wrong last, as a text for people."""

    @property
    def link(self) -> Link | None:
        """The open link, or None while there is none."""
        return self._link

    async def linked(self) -> Link:
        """Wait for an open link. Raises the error with which the client ended."""
        while self._link is None:
            if self._failure is not None:
                raise self._failure
            await self._settled.wait()
        return self._link

    async def start(self, failed: Callable[[ClientError], None]) -> None:
        """Connect, and stay connected. Raises if that fails at first; `failed` is called if it fails later."""
        self._task = asyncio.create_task(self._run(failed), name="nexus client")
        try:
            async with asyncio.timeout(self._patience.connect_s):
                await self.linked()
        except TimeoutError as error:
            raise Unreachable(self.trouble) from error

    async def stop(self, reason: ClientError) -> None:
        """Close the link within a bound. Anything that waits for a link gets `reason` raised."""
        self._fail(reason)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _fail(self, error: ClientError) -> None:
        self._failure = self._failure or error
        self._settled.set()

    async def _run(self, failed: Callable[[ClientError], None]) -> None:
        try:
            await self._stay_connected()
        except Exception as error:  # noqa: BLE001 - raised wherever something waits for this client
            failure = error if isinstance(error, ClientError) else ClientError(f"the client broke: {error!r}")
            if failure is not error:
                failure.__cause__ = error
            self._fail(failure)
            failed(failure)

    async def _stay_connected(self) -> None:
        """Connect again and again; ends only with an exception."""
        failures = 0
        while True:
            self._welcomed_at = 0.0
            try:
                await self._use_one_link()
            except Unreachable as error:
                self.trouble = str(error)
            now = time.monotonic()
            if self._welcomed_at:
                self._last_seen = now
            failures = 0 if self._welcomed_at and now - self._welcomed_at >= STEADY_S else failures + 1
            if now - self._last_seen >= self._patience.away_s:
                raise Unreachable(self.trouble)
            await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - no secret

    async def _use_one_link(self) -> None:
        """One link from opening to end. Raises `Unreachable`, or `TurnedAway` where the client must not come back."""
        token = await self._newest_token()
        if self._refusal is not None and self._refusal[0] == token:
            raise self._refusal[1]
        link = await open_link(self._url, self._take)
        try:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(self._serve(link, token))
                await link.read()
                self._unlink()
                serving.cancel()
        finally:
            self._unlink()
            await link.close()
        self._check_end(link.close_code, link.close_reason)

    def _check_end(self, code: int, reason: str) -> None:
        """Decide from how a link ended whether another may be opened. Raises `TurnedAway` if not."""
        self.trouble = f"the server closed the connection: {reason or 'no reason given'} ({code})"
        if comes_back(code):
            return
        turned = TurnedAway(code, reason)
        if code != TOKEN_ENDED or isinstance(self._token, str):
            raise turned
        self._refusal = (self._token_sent, turned)  # raised unless the next token is another

    def _unlink(self) -> None:
        self._link = None
        if self._failure is None:
            self._settled.clear()

    async def _newest_token(self) -> str:
        return self._token if isinstance(self._token, str) else await self._token()

    async def _serve(self, link: Link, token: str) -> None:
        if not await self._greet(link, token):
            link.abort()
            return
        self._welcomed_at = time.monotonic()
        self._link = link
        self._settled.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._returned(link))
            await self._keep_alive(link)

    async def _greet(self, link: Link, token: str) -> bool:
        """Send a hello. Returns whether the server accepted the token."""
        self._token_sent = token
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

    async def _keep_alive(self, link: Link) -> None:
        """Ping from time to time, and renew the token when it is about to expire, until the link is dead."""
        while True:
            try:
                async with asyncio.timeout(PING_S * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
                    await link.expiring.wait()
            except TimeoutError:
                if not await self._is_alive(link):
                    self.trouble = "the server did not answer a ping"
                    link.abort()
                    return
            else:
                link.expiring.clear()
                await self._renew(link)
                await asyncio.sleep(RENEW_PAUSE_S)

    async def _is_alive(self, link: Link) -> bool:
        try:
            async with asyncio.timeout(PONG_S):
                return isinstance(await link.ask_time("ping", encode("ping"), self.clock), Pong | Error)
        except TimeoutError:
            return False

    async def _renew(self, link: Link) -> None:
        """Send a newer token. If that fails, the link ends with its old one, and the next starts with a new one."""
        try:
            token = await self._newest_token()
        except ClientError as error:
            logger.info("could not get a newer token: %s", error)
            return
        if token != self._token_sent and not await self._greet(link, token):
            logger.info("the server refused the newer token: %s", self.trouble)
