"""One socket's life: hello, rooms, votes, and its end. A session never blocks and never queues without a bound.

Votes go straight from `feed` to the ballot box. What has to wait for something (a token of an external issuer, a
join) goes through one task per session, in order; while a hello waits, everything behind it waits too.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from datetime import UTC, datetime
from functools import partial

from nexus.access.work import BAD_BYTES
from nexus.domain.ballot import Act, Ballot, Receipt
from nexus.domain.definition import ID_MAX
from nexus.domain.identity import Identity
from nexus.domain.views import stamp
from nexus.errors import Invalid, NexusError, PollNotFound, TooMany, Unauthenticated, Unavailable
from nexus.ws import messages
from nexus.ws.close_codes import CloseCode
from nexus.ws.dependencies import SocketServices
from nexus.ws.line import Line
from nexus.ws.membership import Membership
from nexus.ws.messages import ClientMessage, Hello, Join, Leave, Ping, Retract, ServerMessage, Vote, Wait
from nexus.ws.refusals import LOGIN_ENDED, refusal, refused_token, unreadable_refusal
from nexus.ws.unreadable import Unreadable
from nexus.ws.waiting import SocketWait

logger = logging.getLogger(__name__)

MAX_WAITING = 64
"""Messages of a socket, such as joins, that may wait for their turn."""
WARNING_S = 60
"""How long before its end a client is told that its token is expiring."""


class Session:
    """One accepted socket of a worker, and who listens to its line; `address` is released when it ends."""

    __slots__ = (
        "_address",
        "_ends_at",
        "_identity",
        "_in_flight",
        "_line",
        "_messages_due",
        "_rooms",
        "_services",
        "_shutting_down",
        "_strikes_due",
        "_task",
        "_unclogged",
        "_wait",
        "_waiting",
        "_warned",
    )

    def __init__(self, services: SocketServices, line: Line, address: str) -> None:
        self._services = services
        self._line = line
        self._address = address
        self._identity: Identity | None = None
        self._rooms = Membership(services, line, address)
        self._wait: SocketWait | None = None
        self._messages_due = self._strikes_due = 0.0  # `MessageRate`
        # What waits for its turn, and for a clogged line: there only while something does.
        self._waiting: deque[ClientMessage] | None = None
        self._task: asyncio.Task[None] | None = None
        self._unclogged: asyncio.Event | None = None
        self._in_flight = 0
        self._shutting_down = False
        self._ends_at = 0.0
        self._warned = False
        line.wake(_loop_time() + services.hello_s)

    # --- Life -----------------------------------------------------------------------------------------------

    def greet(self, token: str) -> None:
        """Start with the token of the handshake, as if it had come in a hello."""
        self._handle(Hello(token))

    def expel(self) -> None:
        """Close with 4501: the account is disabled, or its login has ended."""
        self._line.close(CloseCode.TOKEN_ENDED, LOGIN_ENDED)

    def drained(self) -> None:
        """The reader is no longer behind: send what it missed, and go on with what waits."""
        if self._unclogged is not None:
            self._unclogged.set()
        self._rooms.catch_up()

    def alarm(self) -> None:
        """Close without a hello, unless it waits; else warn, and close once the token has expired."""
        if self._wait is not None and self._wait.going:
            return
        if self._identity is None:
            self._line.close(CloseCode.NO_HELLO, f"no hello within {self._services.hello_s:g} s")
        elif self._warned:
            self._line.close(CloseCode.TOKEN_ENDED, "token expired")
        else:
            self._warned = True
            self._send(messages.Expiring(max(0, round(self._ends_at - _loop_time()))))
            self._line.wake(self._ends_at)

    def shut_down(self) -> None:
        """The server is shutting down: answer what is in flight, then let the line close."""
        self._shutting_down = True
        if not self._in_flight:
            self._line.ready_to_close()

    def ended(self, code: int) -> None:
        """The socket is gone, whatever the `code`: leave every room and release everything."""
        if self._task is not None:
            self._task.cancel()
        self._rooms.end()
        self._stop_waiting()
        if self._identity is not None:
            self._services.sessions.discard(self._identity, self)
        self._services.open_sockets.release(self._address)

    # --- Messages -------------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        """Take one text message; answers go to the line, now or later."""
        now, rate = time.monotonic(), self._services.message_rate
        self._messages_due, wait_s = rate.messages.take(self._messages_due, now)
        try:
            message = messages.decode(text)
        except Unreadable as error:
            self._line.charge(len(text) // BAD_BYTES)
            self._send(unreadable_refusal(error))
        else:
            if not wait_s:
                self._handle(message)
            else:
                self._refuse(message, TooMany("Too many messages.", code="too_many_messages", after_s=wait_s))
        if wait_s:
            self._strikes_due, out = rate.strikes.take(self._strikes_due, now)
            if out:
                self._line.close(CloseCode.TOO_MANY_MESSAGES, "too many messages")

    def _handle(self, message: ClientMessage) -> None:
        if self._task is not None and self._must_wait(message):
            self._enqueue(message)
            return
        try:
            if not self._handle_now(message):
                self._enqueue(message)
        except NexusError as error:
            self._refuse(message, error)

    def _must_wait(self, message: ClientMessage) -> bool:
        """Behind a hello everything waits, behind a join the next join or leave."""
        return self._identity is None or isinstance(message, Hello | Join | Leave)

    def _handle_now(self, message: ClientMessage) -> bool:
        """Handle what can be handled without waiting. False for anything else."""
        match message:
            case Hello(token=token):
                identity = self._services.gate.identify_now(token)
                if identity is None:
                    return False
                self._welcome(identity)
            case Vote() | Retract():
                self._vote(message)
            case Ping(id=ping_id):
                if self._wait is None or not self._wait.going:
                    self._require_identity()
                self._send(messages.Pong(ping_id, stamp(self._services.now())))
            case Wait():
                return False
            case _:
                self._require_identity()
                return False
        return True

    def _enqueue(self, message: ClientMessage) -> None:
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= MAX_WAITING:
            self._refuse(message, TooMany("Too many messages are waiting for an answer.", code="too_many_messages"))
            return
        self._waiting.append(message)
        if self._task is None:
            self._task = asyncio.create_task(self._handle_waiting(), name="session")

    async def _handle_waiting(self) -> None:
        try:
            while self._waiting:
                message = self._waiting.popleft()
                while self._line.clogged:  # a snapshot is large: none is read for a reader that is behind
                    self._unclogged = asyncio.Event()
                    await self._unclogged.wait()
                try:
                    await self._handle_later(message)
                except NexusError as error:
                    self._refuse(message, error)
                except Exception:
                    logger.exception("a %s failed", type(message).__name__)
                    self._refuse(message, Unavailable())
        finally:
            self._task = self._waiting = self._unclogged = None

    async def _handle_later(self, message: ClientMessage) -> None:
        match message:
            case Hello(token=token):
                self._welcome(await self._services.gate.identify(token))
            case Wait(code=code):
                if self._identity is not None:
                    raise Invalid("After a hello there is nothing to wait for: join the poll.")
                self._wait = self._wait or SocketWait(self._services, self._line)
                await self._wait.begin(code, self._address)
            case Join():
                await self._rooms.join(message, self._require_identity())
            case Leave():
                self._require_identity()
                self._rooms.leave(message)
            case _:
                self._handle_now(message)

    def _require_identity(self) -> Identity:
        if self._identity is None:
            raise Unauthenticated("Send a hello first.")
        return self._identity

    def _stop_waiting(self) -> None:
        if self._wait is not None:
            self._wait.end()
            self._wait = None

    # --- Hello ----------------------------------------------------------------------------------------------

    def _welcome(self, identity: Identity) -> None:
        if self._identity is not None and self._identity.voter != identity.voter:
            self._line.close(CloseCode.SUBJECT_CHANGED, "token of another subject")
            return
        services = self._services
        if self._identity is None and services.sessions.held(identity.voter) >= services.sockets_per_voter:
            self._line.close(CloseCode.TOO_MANY_MESSAGES, "too many sockets of this voter")
            return
        self._stop_waiting()
        if self._identity is not None:
            self._services.sessions.discard(self._identity, self)
        self._identity = identity
        self._services.sessions.add(identity, self)
        self._rooms.renew(identity)
        left_s = identity.expires_at - self._services.now().timestamp()
        self._ends_at = _loop_time() + left_s
        self._warned = False
        self._line.wake(self._ends_at - WARNING_S)
        expires = datetime.fromtimestamp(identity.expires_at, UTC)
        self._send(messages.Welcome(identity.voter, stamp(expires), stamp(self._services.now())))

    # --- Votes ----------------------------------------------------------------------------------------------

    def _vote(self, message: Vote | Retract) -> None:
        identity = self._require_identity()
        if not 1 <= message.poll <= ID_MAX:
            raise PollNotFound
        wait_s = self._services.vote_rate.take(identity.voter)
        if wait_s:
            self._send(messages.Retry(message.op, message.poll, math.ceil(wait_s * 1000)))
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
            self._refuse(message, answer)
        else:
            self._line.push(messages.ack(answer))
        if self._shutting_down and not self._in_flight:
            self._line.ready_to_close()

    # --- Answers --------------------------------------------------------------------------------------------

    def _refuse(self, message: ClientMessage, error: NexusError) -> None:
        if isinstance(message, Hello) and isinstance(error, Unauthenticated):
            self._line.close(CloseCode.TOKEN_ENDED, refused_token(error))
        else:
            self._send(refusal(message, error))

    def _send(self, message: ServerMessage) -> None:
        self._line.push(messages.encode(message))


def _loop_time() -> float:
    """The clock of `Line.wake`."""
    return asyncio.get_running_loop().time()
