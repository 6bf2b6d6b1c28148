"""One pub/sub connection to Redis: it reconnects by itself, and its own beat tells it whether it is alive.

redis-py's `PubSub` reconnects on its own terms and notices nothing while the server is frozen; here the
connection is read directly, so that there is one reader, one place that reconnects, and one truth about
what is subscribed (`Subscriptions`).
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from redis.exceptions import RedisError, ResponseError

from nexus.bus.redis.bounds import CALL_S, CONNECT_S, TROUBLE, until_one_ends, within
from nexus.bus.redis.subscriptions import Subscriptions

logger = logging.getLogger(__name__)

BEAT_S = 1.0
"""Between two beats."""
LOST_BEATS = 3
"""After this many beats in a row that did not come back the connection is lost."""
HEALTHY_S = LOST_BEATS * BEAT_S
FIRST_PAUSE_S = 0.1
"""Before the first attempt to reconnect; it doubles with each that fails."""
LONGEST_PAUSE_S = 2.0


class Verbs(NamedTuple):
    """The vocabulary of plain or of sharded pub/sub: three commands, and the kinds of three answers."""

    subscribe: str
    unsubscribe: str
    publish: str
    subscribed: bytes
    unsubscribed: bytes
    message: bytes


PLAIN = Verbs("SUBSCRIBE", "UNSUBSCRIBE", "PUBLISH", b"subscribe", b"unsubscribe", b"message")
SHARDED = Verbs("SSUBSCRIBE", "SUNSUBSCRIBE", "SPUBLISH", b"ssubscribe", b"sunsubscribe", b"smessage")


class RawConnection(Protocol):
    """What a link uses of a redis-py connection."""

    async def connect(self) -> None:
        """Connect and authenticate."""

    async def disconnect(self) -> None:
        """Close."""

    def pack_commands(self, commands: Iterable[Iterable[str]]) -> list[bytes]:
        """Encode commands, to be written as one."""

    async def send_packed_command(self, command: Iterable[bytes], check_health: bool) -> None:
        """Write what was packed."""

    async def read_response(self, *, timeout: float) -> object:  # noqa: ASYNC109 (redis-py's name)
        """The next answer; raises `ResponseError` for an error answer."""


class Owner(Protocol):
    """What a link tells, and asks of, its node. Only `send_beat` waits."""

    async def send_beat(self, channel: str) -> None:
        """Publish an empty message on `channel` over another connection, within `CALL_S` or an error."""

    def heard(self, channel: str, body: bytes) -> None:
        """A message arrived."""

    def came_up(self) -> None:
        """A beat came back: everything wanted when the connection was made is subscribed."""

    def went_down(self, error: BaseException) -> None:
        """The connection is lost or could not be made; called again for each attempt that fails."""

    def gone(self, channel: str, error: ResponseError | None) -> None:
        """The server refused `channel`, or ended it without being asked (error None)."""


class PubSubLink:
    """Keeps one pub/sub connection and the channels wanted on it; `run` until cancelled."""

    def __init__(self, dial: Callable[[], RawConnection], verbs: Verbs, beat: str, owner: Owner) -> None:
        self._dial = dial
        self._verbs = verbs
        self._beat = beat
        self._owner = owner
        self._subscriptions = Subscriptions()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._stirred = asyncio.Event()
        self._unanswered = 0
        self._doubt: RedisError | None = None
        self._heard_at = -math.inf
        self._failures = 0
        self.up = asyncio.Event()
        self.beat_on(beat)

    @property
    def beat(self) -> str:
        """The channel this link beats on."""
        return self._beat

    @property
    def healthy(self) -> bool:
        """Whether a beat came back on the present connection within the last few seconds."""
        return self.up.is_set() and time.monotonic() - self._heard_at < HEALTHY_S

    def want(self, channel: str) -> None:
        """Serve `channel` from now on, on later connections too."""
        self._subscriptions.want(channel)
        self._stirred.set()

    def unwant(self, channel: str) -> None:
        """Serve `channel` no longer."""
        self._subscriptions.unwant(channel)
        self._settle(channel)
        self._stirred.set()

    def beat_on(self, channel: str) -> None:
        """Beat on another channel from now on."""
        if channel != self._beat:
            self.unwant(self._beat)
        self._beat = channel
        self.want(channel)

    def doubt(self, error: RedisError) -> None:
        """Give up this connection at its next beat: `error` shows that it leads to the wrong server."""
        self._doubt = error

    async def confirmed(self, channel: str, within: float = CALL_S) -> None:
        """Wait until the server has confirmed or refused `channel`, or cannot; at most `within` seconds."""
        if self._subscriptions.holds(channel):
            return
        waiting = self._waiting.get(channel)
        if waiting is None:
            waiting = self._waiting[channel] = asyncio.get_running_loop().create_future()
        await asyncio.wait({waiting}, timeout=within)

    async def run(self) -> None:
        """Connect, serve, and start over after a jittered back-off, whatever happens; never returns."""
        while True:
            try:
                await self._serve()
            except TROUBLE as error:
                self._owner.went_down(error)
            except Exception:
                logger.exception("unexpected error on the pub/sub connection; reconnecting")
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failures, 10))
            self._failures += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 (jitter, no secret)

    async def _serve(self) -> None:
        """One connection's life; ends with an exception."""
        raw = self._dial()
        try:
            await within(CONNECT_S, raw.connect())
            self._subscriptions.start_over(self._beat)
            self._unanswered, self._doubt = 0, None
            await until_one_ends(self._read(raw), self._ask(raw), self._keep_beating())
        finally:
            self.up.clear()
            for channel in list(self._waiting):
                self._settle(channel)
            await _close(raw)

    async def _read(self, raw: RawConnection) -> None:
        while True:
            try:
                answer = await raw.read_response(timeout=math.inf)
            except ResponseError as error:
                self._refused(error)
            else:
                self._take(answer)

    def _take(self, answer: object) -> None:
        match answer:
            case [self._verbs.message, bytes(channel), bytes(body)]:
                if channel == self._beat.encode():
                    self._beat_came()
                else:
                    self._owner.heard(channel.decode(errors="replace"), body)
            case [self._verbs.subscribed, bytes(channel), _]:
                self._answered(channel.decode(), held=True)
            case [self._verbs.unsubscribed, bytes(channel), _]:
                self._answered(channel.decode(), held=False)
            case _:
                logger.debug("unknown kind of answer on the pub/sub connection: %.100r", answer)

    def _answered(self, channel: str, *, held: bool) -> None:
        unasked = not held and self._subscriptions.holds(channel)
        self._subscriptions.answered(channel, held=held)
        if unasked:
            self._owner.gone(channel, None)
        if self._subscriptions.holds(channel):
            self._settle(channel)
        self._stirred.set()

    def _refused(self, error: ResponseError) -> None:
        channel = self._subscriptions.refused()
        if channel is not None:
            self._settle(channel)
            self._owner.gone(channel, error)

    def _settle(self, channel: str) -> None:
        waiting = self._waiting.pop(channel, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _ask(self, raw: RawConnection) -> None:
        """Send what is due; the next batch gathers while one is written."""
        words = {True: self._verbs.subscribe, False: self._verbs.unsubscribe}
        while True:
            self._stirred.clear()
            # One command a channel: a cluster takes no command over several slots.
            due = [(words[wanted], channel) for wanted, channel in self._subscriptions.due()]
            if due:
                await raw.send_packed_command(raw.pack_commands(due), check_health=False)
            await self._stirred.wait()

    async def _keep_beating(self) -> None:
        """Beats are counted, not timed: a stall of this process's event loop costs no connection."""
        await self.confirmed(self._beat)
        trouble: BaseException | None = None
        while self._doubt is None and self._unanswered < LOST_BEATS:
            next_beat = time.monotonic() + BEAT_S
            self._unanswered += 1
            try:
                await self._owner.send_beat(self._beat)
            except TROUBLE as error:
                trouble = error
            self._subscriptions.retry()
            self._stirred.set()
            await asyncio.sleep(next_beat - time.monotonic())
        raise self._doubt or TimeoutError(f"no beat came back in {LOST_BEATS} tries") from trouble

    def _beat_came(self) -> None:
        self._unanswered = 0
        self._heard_at = time.monotonic()
        self._failures = 0
        self.up.set()
        self._owner.came_up()


async def _close(raw: RawConnection) -> None:
    try:
        await raw.disconnect()
    except TROUBLE as error:
        logger.debug("an abandoned connection did not close in time: %s", error)
