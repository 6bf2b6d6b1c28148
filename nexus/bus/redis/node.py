"""One Redis server as a worker uses it: bounded commands, a link for news, and whether it is in reach."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from redis.asyncio import Redis
from redis.exceptions import AskError, NoScriptError, ReadOnlyError, ResponseError

from nexus.bus.redis.bounds import CALL_S, TROUBLE, within
from nexus.bus.redis.connections import Source
from nexus.bus.redis.link import PubSubLink, RawConnection, Verbs
from nexus.bus.redis.news import Script
from nexus.runtime.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

T = TypeVar("T")

COMMANDS_AT_ONCE = 16
"""Commands under way to one server; the others wait for their turn."""


class Client(Protocol):
    """What a node uses of a redis-py client."""

    def execute_command(self, *args: str | bytes | int) -> Awaitable[object]:
        """Send one command."""

    def pipeline(self, transaction: bool) -> Pipeline:
        """Gather commands."""


class Pipeline(Protocol):
    """What a node uses of a redis-py pipeline."""

    def execute_command(self, *args: str | bytes | int) -> object:
        """Add a command."""

    def execute(self, raise_on_error: bool) -> Awaitable[list[object]]:
        """Send them all; the answers in their order, errors among them."""


class Node:
    """A server, or whichever one the sentinels call the primary; no call raises because it is out of reach.

    While it is known to be out of reach, calls return at once: only the link tries to connect, with its back-off, and
    only its beat tries a command, once a second.
    """

    def __init__(
        self,
        source: Source,
        verbs: Verbs,
        beat: str,
        hear: Callable[[str, bytes], None],
        moved: Callable[[], None] | None = None,
    ) -> None:
        """`hear` takes (channel, body); `moved` is called when a slot of the cluster is found elsewhere."""
        self.verbs = verbs
        self._name = source.name
        self._source = source
        self._client: Client = Redis(connection_pool=source.pool)
        self._hear = hear
        self._moved = moved
        self._link = PubSubLink(self._dial, verbs, beat, self)
        self._running: asyncio.Task[None] | None = None
        self._turns = asyncio.Semaphore(COMMANDS_AT_ONCE)
        self._commands_work = True
        self._down_since: float | None = None
        self._refusal = LogThrottle(logger, f"Redis at {source.name} refused a command")

    def in_reach(self) -> bool:
        """Whether a command is worth trying."""
        return self._link.up.is_set() and self._commands_work

    @property
    def healthy(self) -> bool:
        """Whether a beat came back within the last few seconds."""
        return self._link.healthy

    @property
    def beat(self) -> str:
        """The channel this node's link beats on."""
        return self._link.beat

    def start(self) -> None:
        """Connect and stay connected."""
        self._running = asyncio.create_task(self._link.run(), name=f"bus at {self._name}")

    async def ready(self) -> None:
        """Wait until a beat has come back, at most `CALL_S`."""
        with suppress(TimeoutError):
            await within(CALL_S, self._link.up.wait())

    async def stop(self) -> None:
        """Let the commands under way end, then close every connection; each within `CALL_S`."""
        running, self._running = self._running, None
        if running is None:
            return
        with suppress(TimeoutError):
            await within(CALL_S, self._take_every_turn())
        running.cancel()
        await asyncio.wait({running}, timeout=CALL_S)
        await self._source.aclose()

    def add(self, channel: str) -> None:
        """Serve `channel` from now on, soon."""
        self._link.want(channel)

    async def want(self, channel: str) -> None:
        """Serve `channel` from now on; returns when that is confirmed, at once where it cannot be."""
        self._link.want(channel)
        if self.in_reach():
            await self._link.confirmed(channel)

    def unwant(self, channel: str) -> None:
        """Serve `channel` no longer."""
        self._link.unwant(channel)

    def beat_on(self, channel: str) -> None:
        """Beat on another channel from now on."""
        self._link.beat_on(channel)

    async def call(self, do: Callable[[Client], Awaitable[T]]) -> T | None:
        """The result of `do` within `CALL_S`; None if it failed, or if its outcome is unknown."""
        if not self.in_reach():
            return None
        try:
            return await within(CALL_S, self._in_turn(do))
        except AskError as error:  # MovedError is one
            self._elsewhere(error)
        except ResponseError as error:
            # Redis 6 wraps what a script met in an error of the script.
            if isinstance(error, ReadOnlyError) or "-READONLY " in str(error):
                await self._leave(error)
            else:
                self._refusal(error)
        except TROUBLE as error:
            self.went_down(error)
        return None

    async def run_script(self, script: Script, key: str, *args: str | bytes | int) -> None:
        """Run `script` on `key`; its text is sent only to a server that does not know it yet."""

        async def run(client: Client) -> object:
            try:
                return await client.execute_command("EVALSHA", script.sha, 1, key, *args)
            except NoScriptError:
                return await client.execute_command("EVAL", script.text, 1, key, *args)

        await self.call(run)

    async def send_beat(self, channel: str) -> None:
        """Publish a beat; the only command that is tried while all others are held back."""
        await within(CALL_S, self._client.execute_command(self.verbs.publish, channel, b""))

    def heard(self, channel: str, body: bytes) -> None:
        """Pass on a message; a listener that fails does not cost the others the connection."""
        try:
            self._hear(channel, body)
        except Exception:
            logger.exception("a listener failed on a message on %s", channel)

    def came_up(self) -> None:
        """A beat came back: commands work, and so does the link."""
        self._commands_work = True
        if self._down_since is not None:
            logger.info("Redis at %s is back after %.1f s", self._name, time.monotonic() - self._down_since)
            self._down_since = None

    def went_down(self, error: BaseException) -> None:
        """Hold commands back until a beat comes back; logged once per outage."""
        self._commands_work = False
        if self._down_since is None:
            self._down_since = time.monotonic()
            logger.warning("Redis at %s is out of reach: %s", self._name, str(error) or "no answer in time")

    def gone(self, channel: str, error: ResponseError | None) -> None:
        """A channel is served elsewhere, or cannot be served."""
        if error is None or isinstance(error, AskError):
            self._elsewhere(error or f"{channel} has left")
        else:
            self._refusal(error)

    async def _in_turn(self, do: Callable[[Client], Awaitable[T]]) -> T | None:
        async with self._turns:
            # What waited for its turn while the server was lost need not find that out again.
            return await do(self._client) if self.in_reach() else None

    def _elsewhere(self, what: object) -> None:
        if self._moved is not None:
            self._moved()
        else:  # a node of a cluster under a URL that names a single server
            self._refusal(what)

    async def _take_every_turn(self) -> None:
        """Let those who wait have their turn first; nobody gets one afterwards."""
        for _ in range(COMMANDS_AT_ONCE):
            await self._turns.acquire()

    async def _leave(self, error: ResponseError) -> None:
        """The primary has become a replica: leave it, since the name may lead to the new primary by now."""
        self.went_down(error)
        self._link.doubt(error)
        await self._source.drop_idle()

    def _dial(self) -> RawConnection:
        raw: RawConnection = self._source.connection()
        return raw
