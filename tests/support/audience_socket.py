"""One WebSocket of a simulated voter, which checks every frame as it comes against what screens are promised
(docs/contract.md, "Promises"); what breaks a promise is kept in `breaches`."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import msgspec

from tests.support.audience_acts import WAIT_S, Answer, SentAct, answer_of
from tests.support.frame_checker import FrameChecker
from tests.support.line_app import CLOSE, PING, PONG, TEXT, masked
from tests.support.values import Json

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: nexus.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: nexus.v1\r\n\r\n"
)
ANSWERS = ("ack", "reject", "retry")


Where = Callable[[Json], bool]


class ShownPlace(NamedTuple):
    """What a socket was shown of a poll; a full view is newer than a turnout one of the same place."""

    epoch: int
    version: int
    full: bool

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the order of totals."""
        return self.epoch, self.version


class Socket(asyncio.Protocol):
    """One WebSocket of one device.

    `frames` holds what came, in order, unless a crowd has no use for that; `totals` the newest of each poll. `opened`
    is the status of the handshake.
    """

    def __init__(self, checker: FrameChecker, *, keep: bool = True) -> None:
        self.frames: list[Json] = []
        self.totals: dict[int, Json] = {}
        self.voter: str | None = None
        self.shown: dict[int, ShownPlace] = {}
        self.breaches: list[str] = []
        self.rooms: set[int] = set()
        self.close_code: int | None = None
        self._keep = keep
        self._checker = checker
        self._buffer = b""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answers: dict[str, deque[asyncio.Future[Answer]]] = defaultdict(deque)
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.opened: asyncio.Future[int] = self._loop.create_future()
        self.lost: asyncio.Future[None] = self._loop.create_future()

    # --- What a device does ---------------------------------------------------------------------------------

    def send(self, **message: object) -> None:
        """Send one message."""
        self._write(msgspec.json.encode(message))

    async def act(self, act: SentAct) -> Answer:
        """Send an act, and wait for its answer."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answers[act.op.lower()].append(answer)
        self.send(**act.message())
        return await asyncio.wait_for(answer, WAIT_S)

    async def join(self, poll: int, **known: int) -> Json:
        """Join the room of a poll: the `joined` frame."""
        self.send(type="join", poll=poll, **known)
        return await self.next("joined", poll)

    async def next(self, kind: str, poll: int | None = None, where: Where | None = None) -> Json:
        """The next frame of a kind, of those that come from now on; fails where none does."""
        return await self._find(len(self.frames), kind, poll, where)

    async def had(self, kind: str, where: Where | None = None) -> Json:
        """The first frame of a kind, of those that came and those to come; fails where none does."""
        return await self._find(0, kind, None, where)

    async def _find(self, start: int, kind: str, poll: int | None, where: Where | None) -> Json:
        def found() -> Json | None:
            fit = (one for one in self.frames[start:] if one["type"] == kind and poll in (None, poll_of(one)))
            return next((one for one in fit if where is None or where(one)), None)

        await self.until(lambda: found() is not None, f"{kind} of {poll}")
        frame = found()
        assert frame is not None
        return frame

    async def until(self, condition: Callable[[], bool], what: str = "", within_s: float = WAIT_S) -> None:
        """Return as soon as frames have made `condition` true; fails after `within_s`."""
        if condition():
            return
        waiting: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((condition, waiting))
        try:
            await asyncio.wait_for(waiting, within_s)
        except TimeoutError:
            raise AssertionError(f"waited for {what}; the last frames: {self.frames[-10:]}") from None

    async def sync(self) -> None:
        """Return once all that the server had sent before it read this has come."""
        mark = uuid4().hex
        self.send(type="ping", id=mark)
        await self.next("pong", where=lambda frame: frame["id"] == mark)

    async def close(self) -> None:
        """Close in order."""
        if not self.lost.done():
            self._write((1000).to_bytes(2), CLOSE)
            await asyncio.wait_for(self.lost, WAIT_S)

    def abort(self) -> None:
        """Be gone."""
        if self._transport is not None:
            self._transport.abort()

    # --- What comes -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade (RFC 6455, section 4.1)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(UPGRADE)

    def data_received(self, data: bytes) -> None:
        """Read what came; a server's frames are short here, and never in parts."""
        self._buffer += data
        if not self.opened.done():
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self.opened.set_result(int(head.split()[1]))
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == TEXT:
                self._take(self._checker.read(payload))
            elif opcode == PING:
                self._write(payload, PONG)
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(payload[:2])
                self._write(payload, CLOSE)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end: everyone who waits for an answer is told."""
        error = ConnectionError(f"closed with {self.close_code}")
        if not self.opened.done():
            self.opened.set_exception(error)
        for future in (future for futures in self._answers.values() for future in futures if not future.done()):
            future.set_exception(error)
        self.lost.set_result(None)
        self._wake()

    def _frame(self) -> tuple[int, bytes] | None:
        """Take one frame from the buffer, once it is whole (RFC 6455, section 5.2)."""
        buffer, start = self._buffer, 2
        if len(buffer) < 4:
            return None if len(buffer) < 2 or buffer[1] else self._cut(2, 2)
        length = buffer[1]
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:start])
        return self._cut(start, start + length) if len(buffer) >= start + length else None

    def _cut(self, start: int, end: int) -> tuple[int, bytes]:
        opcode, payload = self._buffer[0] & 0x0F, self._buffer[start:end]
        self._buffer = self._buffer[end:]
        return opcode, payload

    def _write(self, payload: bytes, opcode: int = TEXT) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(masked(payload, opcode))

    def _take(self, frame: Json) -> None:
        kind = frame["type"]
        if self._keep:
            self.frames.append(frame)
        if kind in ANSWERS:
            self._answered(frame)
        else:
            self._watch(kind, frame)
        self._wake()

    def _wake(self) -> None:
        for one in list(self._waiting):
            condition, waiting = one
            if waiting.done():
                self._waiting.remove(one)
            elif condition():
                self._waiting.remove(one)
                waiting.set_result(None)

    def _answered(self, frame: Json) -> None:
        futures = self._answers[frame["op"]]
        if not futures:
            self.breaches.append(f"an answer nobody waits for: {frame}")
            return
        future = futures.popleft()
        if not future.done():
            future.set_result(answer_of(frame))

    # --- What screens are promised --------------------------------------------------------------------------

    def _watch(self, kind: str, frame: Json) -> None:
        poll = poll_of(frame)
        if kind == "welcome":
            self.voter = frame["voter"]
        if poll is None:
            return
        if kind == "joined":
            self.rooms.add(poll)
        elif kind != "error" and poll not in self.rooms and kind != "left":
            self.breaches.append(f"not in this room: {frame}")
        if kind in ("left", "deleted"):
            self.rooms.discard(poll)
        if kind == "poll":
            self._compare(ShownPlace(frame["poll"]["epoch"], frame["poll"]["version"], full=True), frame, whole=False)
        view = frame.get("totals") if kind == "joined" else frame if kind == "totals" else None
        if view is not None:
            now = ShownPlace(view["epoch"], view["version"], view["visibility"] == "full")
            self._compare(now, view, whole=True)
            self.totals[poll] = view

    def _compare(self, now: ShownPlace, frame: Json, *, whole: bool) -> None:
        poll = frame["poll"] if whole else frame["poll"]["id"]
        before = self.shown.get(poll)
        if before is not None and (now < before if whole else now.place < before.place):
            self.breaches.append(f"{before}, and then {now}: {frame}")
        if whole:
            self.shown[poll] = now


def poll_of(frame: Json) -> int | None:
    """The poll that a frame is about; None where it is about none."""
    poll = frame.get("poll")
    if isinstance(poll, dict):
        poll = poll["id"]
    return poll if isinstance(poll, int) else None
