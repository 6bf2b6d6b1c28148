"""One socket's life: hello, rooms, votes, and its end. A session never blocks and never queues without a bound.

Votes go straight from `feed` to the ballot box. What may wait (a token of an external issuer, a join) goes through
one task a session, in order; while a hello waits, everything behind it does too.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from datetime import UTC, datetime
from functools import partial

from nexus.access.limits import Bucket
from nexus.domain.ballot import Act, Ballot, Receipt
from nexus.domain.definition import ID_MAX
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy
from nexus.domain.rights import Role
from nexus.domain.views import ballot_views, poll_view, stamp, totals_view
from nexus.errors import Invalid, NexusError, PollNotFound, TooMany, Unauthenticated, Unavailable
from nexus.rooms.frame import Frame
from nexus.rooms.room import Viewer
from nexus.ws import messages
from nexus.ws.deadlines import TOKEN_ENDED, Deadlines
from nexus.ws.line import Line
from nexus.ws.messages import ClientMessage, Hello, Join, Leave, Ping, Retract, ServerMessage, Vote
from nexus.ws.refusals import refusal, unreadable_refusal
from nexus.ws.services import SocketServices
from nexus.ws.unreadable import Unreadable

log = logging.getLogger("nexus.ws")

TOO_MANY = 4429
FORBIDDEN = 4503

CONTROLS = 64
"""Joins and the like that may wait; a socket has at most so many more rooms than answers."""
STRIKES, STRIKES_S = 100, 60
"""Messages over the rate within so many seconds before the socket is closed: until then each is answered."""


class Session:
    """One accepted socket of a worker. Feed it texts; call `end` once when the socket is gone."""

    def __init__(self, services: SocketServices, line: Line, address: str) -> None:
        self._services = services
        self._line = line
        self._address = address
        self._identity: Identity | None = None
        self._viewers: dict[int, Viewer] = {}
        self._rate = Bucket(services.messages_per_second, 2 * services.messages_per_second, clock=time.monotonic)
        self._strikes = Bucket(STRIKES / STRIKES_S, STRIKES, clock=time.monotonic)
        self._controls: deque[ClientMessage] = deque()
        self._task: asyncio.Task[None] | None = None
        self._clear = asyncio.Event()
        self._in_flight = 0
        self._shutting_down = False
        self._deadlines = Deadlines(line, services.hello_s)
        line.on_drain = self._drained
        line.on_shutdown = self._shut_down

    # --- What the room writes -------------------------------------------------------------------------------

    def write(self, frame: Frame) -> bool:
        """Hand a room's frame to the socket; False while its reader is behind."""
        return self._line.write(frame)

    def removed(self, poll: int, frame: Frame) -> None:
        """The room of `poll` is gone, and `frame` is the last of it."""
        self._viewers.pop(poll, None)
        self._line.push(frame)

    def _drained(self) -> None:
        self._clear.set()
        for poll, viewer in list(self._viewers.items()):
            self._services.hub.catch_up(poll, viewer)

    # --- Life -----------------------------------------------------------------------------------------------

    def greet(self, token: str) -> None:
        """Begin with the token of the handshake, as if it had come in a hello."""
        self._take(Hello(token))

    def expel(self) -> None:
        """End because the account is disabled, or its login has ended."""
        self._line.close(TOKEN_ENDED, "this account or login has ended")

    def end(self) -> None:
        """The socket is gone: leave every room and let go of everything."""
        self._deadlines.end()
        if self._task is not None:
            self._task.cancel()
        for poll, viewer in self._viewers.items():
            self._services.hub.leave(poll, viewer)
        self._viewers.clear()
        if self._identity is not None:
            self._services.sessions.discard(self._identity, self)

    def _shut_down(self) -> None:
        """The server goes: answer what is in flight, then the line may close."""
        self._shutting_down = True
        if not self._in_flight:
            self._line.ready_to_close()

    # --- Messages -------------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        """Take one text message; answers go to the line, now or later."""
        wait = self._rate.take()
        try:
            message = messages.decode(text)
        except Unreadable as error:
            self._push(unreadable_refusal(error))
            self._strike(wait)
            return
        if wait:
            self._too_fast(message, wait)
        else:
            self._take(message)

    def _take(self, message: ClientMessage) -> None:
        if self._task is not None and self._must_wait(message):
            self._queue(message)
            return
        try:
            if not self._now(message):
                self._queue(message)
        except NexusError as error:
            self._complain(message, error)

    def _must_wait(self, message: ClientMessage) -> bool:
        """Behind a hello everything waits, behind a join the next join or leave."""
        return self._identity is None or isinstance(message, Hello | Join | Leave)

    def _now(self, message: ClientMessage) -> bool:
        """Handle what needs no waiting; False for what does."""
        match message:
            case Hello(token=token):
                return self._hello_now(token)
            case Vote() | Retract():
                self._vote(message)
            case Ping(id=id):
                self._require()
                self._push(messages.Pong(id, stamp(self._services.now())))
            case _:
                self._require()
                return False
        return True

    def _queue(self, message: ClientMessage) -> None:
        if len(self._controls) >= CONTROLS:
            self._complain(message, TooMany("Too many messages wait for their answer.", code="too_many_messages"))
            return
        self._controls.append(message)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="session")

    async def _work(self) -> None:
        try:
            while self._controls:
                message = self._controls.popleft()
                while self._line.clogged:  # a snapshot is large: none is read for a reader that is behind
                    self._clear.clear()
                    await self._clear.wait()
                try:
                    await self._later(message)
                except NexusError as error:
                    self._complain(message, error)
                except Exception:
                    log.exception("a %s failed", type(message).__name__)
                    self._complain(message, Unavailable())
        finally:
            self._task = None

    async def _later(self, message: ClientMessage) -> None:
        match message:
            case Hello(token=token):
                await self._hello(token)
            case Join():
                await self._join(message)
            case Leave(poll=poll):
                self._leave(poll)
            case _:
                self._now(message)

    def _require(self) -> Identity:
        if self._identity is None:
            raise Unauthenticated("Say hello first.")
        return self._identity

    # --- Hello ----------------------------------------------------------------------------------------------

    def _hello_now(self, token: str) -> bool:
        try:
            identity = self._services.gate.identify_now(token)
        except Unauthenticated as error:
            self._line.close(TOKEN_ENDED, error.detail)
            return True
        if identity is not None:
            self._welcome(identity)
        return identity is not None

    async def _hello(self, token: str) -> None:
        try:
            self._welcome(await self._services.gate.identify(token))
        except Unauthenticated as error:
            self._line.close(TOKEN_ENDED, error.detail)

    def _welcome(self, identity: Identity) -> None:
        if self._identity is not None and self._identity.voter != identity.voter:
            self._line.close(FORBIDDEN, "a socket keeps its subject")
            return
        if self._identity is not None:
            self._services.sessions.discard(self._identity, self)
        self._identity = identity
        self._services.sessions.add(identity, self)
        for poll, viewer in self._viewers.items():
            self._services.hub.renew(poll, viewer, identity)
        left_s = identity.expires_at - self._services.now().timestamp()
        self._deadlines.token_lasts(left_s)
        expires = datetime.fromtimestamp(identity.expires_at, UTC)
        self._push(messages.Welcome(identity.voter, stamp(expires), stamp(self._services.now())))

    # --- Rooms ----------------------------------------------------------------------------------------------

    async def _join(self, message: Join) -> None:
        identity = self._require()
        poll = await self._poll_of(message, identity)
        before = self._viewers.pop(poll, None)
        if before is not None:
            self._services.hub.leave(poll, before)
        if len(self._viewers) >= self._services.rooms_per_socket:
            raise TooMany(f"A socket may join {self._services.rooms_per_socket} rooms.", code="too_many_rooms")
        viewer = Viewer(self, identity)
        snapshot = await self._services.hub.enter(poll, viewer)
        # Nothing is awaited between the snapshot and this: what the room sends next is newer.
        self._viewers[poll] = viewer
        known = (message.epoch, message.version) == snapshot.poll.place
        settled = snapshot.role is not Role.VOTER or snapshot.poll.results is Policy.LIVE
        totals = None if known and settled else totals_view(snapshot.poll.totals(), snapshot.sees, self._services.now())
        self._push(
            messages.Joined(
                poll_view(snapshot.poll, snapshot.sees), totals, ballot_views(snapshot.votes), snapshot.role
            )
        )

    async def _poll_of(self, message: Join, identity: Identity) -> int:
        if isinstance(message.poll, int) == isinstance(message.code, str):
            raise Invalid("A join names either a poll or a code.")
        if isinstance(message.poll, int):
            if not 1 <= message.poll <= ID_MAX:
                raise PollNotFound
            return message.poll
        return await self._services.codes.redeem(str(message.code), identity, self._address)

    def _leave(self, poll: int) -> None:
        self._require()
        viewer = self._viewers.pop(poll, None)
        if viewer is not None:
            self._services.hub.leave(poll, viewer)
        self._push(messages.Left(poll))

    # --- Votes ----------------------------------------------------------------------------------------------

    def _vote(self, message: Vote | Retract) -> None:
        identity = self._require()
        if not 1 <= message.poll <= ID_MAX:
            raise PollNotFound
        wait = self._services.votes.take(identity.voter)
        if wait:
            self._push(messages.Retry(message.op, message.poll, math.ceil(wait * 1000)))
            return
        op, poll, epoch = message.op, message.poll, message.epoch
        if isinstance(message, Vote):
            ballot = Ballot(op, poll, identity, options=tuple(message.options), epoch=epoch)
        else:
            ballot = Ballot(op, poll, identity, act=Act.RETRACT, epoch=epoch, ballot=message.ballot)
        self._in_flight += 1
        try:
            self._services.ballots.submit(ballot, partial(self._answered, message))
        except NexusError:
            self._in_flight -= 1
            raise

    def _answered(self, message: Vote | Retract, answer: Receipt | NexusError) -> None:
        self._in_flight -= 1
        if isinstance(answer, NexusError):
            self._complain(message, answer)
        else:
            self._line.push(messages.ack(answer))
        if self._shutting_down and not self._in_flight:
            self._line.ready_to_close()

    # --- Refusals -------------------------------------------------------------------------------------------

    def _complain(self, message: ClientMessage, error: NexusError) -> None:
        self._push(refusal(message, error))

    def _too_fast(self, message: ClientMessage, wait: float) -> None:
        self._complain(message, TooMany("Too many messages.", code="too_many_messages", after_s=wait))
        self._strike(wait)

    def _strike(self, wait: float) -> None:
        """Count a message over the rate; after enough of them the socket is closed."""
        if not wait:
            return
        if self._strikes.take():
            self._line.close(TOO_MANY, "too many messages")

    def _push(self, message: ServerMessage) -> None:
        self._line.push(messages.encode(message))
