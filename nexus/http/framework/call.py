"""What a call is: an entry of the table of routes, from which it is answered and the documents are made."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from uuid import UUID, uuid4

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nexus.access.gate import Gate
from nexus.access.limits import Caps, Rate, address_key
from nexus.access.public_address import PublicAddress, public_of
from nexus.access.turns import TurnRules
from nexus.domain.definition import ID_MAX
from nexus.domain.identity import Identity
from nexus.errors import Invalid, NexusError, NotFound, TooMany, Unauthenticated
from nexus.http.framework.body import Upload, read_body, read_query
from nexus.http.framework.edge import limit_body, may_exceed
from nexus.http.framework.problem import BODY_BYTES, LARGE_BYTES, ActRefused, status_of
from nexus.http.framework.stream import Stream
from nexus.runtime.metrics import Metrics

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
AnswerT = TypeVar("AnswerT")
ServicesT = TypeVar("ServicesT", bound="CallServices")

LARGE = TurnRules(
    own="Another large body of yours is still being read. Try again when that is done.",
    all="Too many large bodies are being read. Try again later.",
    retry_s=5.0,
    turn_s=20.0,
)
"""Bodies of more than `LARGE_BYTES`: few at a time, so that they take little memory."""

LEFT = 499
"""As which a request counts whose client left before its answer: no fault of the server."""

_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(r"[0-9]{1,19}")


class CallServices(Protocol):
    """What answering a call takes by itself; the rest of the services is for the handlers alone."""

    @property
    def gate(self) -> Gate:
        """Says whom a token proves."""

    @property
    def large_bodies(self) -> Caps:
        """Bodies of more than `LARGE_BYTES` that are being read or acted upon, by who sent them."""

    @property
    def metrics(self) -> Metrics:
        """Told of every answer."""


class Nothing(msgspec.Struct, frozen=True):
    """No body, no parameters, or no answer."""


@dataclass(frozen=True, slots=True)
class TypedRequest(Generic[BodyT, QueryT]):
    """One request, typed: its body, its query, who asks, and the op of an act of voting; `raw` is Starlette's."""

    raw: Request
    body: BodyT
    query: QueryT
    identity: Identity | None
    op: UUID

    @property
    def by(self) -> Identity:
        """Who asks. Raises `Unauthenticated` in a call that needs no token."""
        if self.identity is None:
            raise Unauthenticated
        return self.identity

    @property
    def public(self) -> PublicAddress:
        """The address of the service, from which links are made."""
        return public_of(self.raw.scope)

    @property
    def address(self) -> str:
        """The client's address."""
        return "" if self.raw.client is None else self.raw.client.host

    def path_id(self, name: str, missing: NotFound) -> int:
        """The id at `name` in the path. Raises `missing` for what cannot be one."""
        text = str(self.raw.path_params[name])
        if not _ID.fullmatch(text) or not 0 < int(text) <= ID_MAX:
            raise missing
        return int(text)

    def take(self, rate: Rate) -> None:
        """Take one from `rate` for the client's address. Raises `TooMany`."""
        wait = rate.take(address_key(self.address))
        if wait:
            raise TooMany(after_s=wait)


@dataclass(frozen=True, slots=True)
class Reply(Generic[AnswerT]):
    """What a handler answers; None as `value` has no body."""

    value: AnswerT | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """As it is sent: no cache keeps it unless the handler's headers allow it."""
        headers = {"cache-control": "no-store", **self.headers}
        if self.value is None:
            return Response(status_code=self.status, headers=headers)
        body = msgspec.json.encode(self.value)
        return Response(body, self.status, headers, media_type="application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[ServicesT]):
    """One method of one path (written without its trailing slash, ids in braces), and the types that go in and out.

    `body`, `query` and `answer` are `Nothing` where there is none; a body that is an `Upload` is a file, of one of the
    types `takes`; an `optional` body may be absent, and every field of its type has a default; `statuses` are those of
    success; `raises` are the refusals of this call beside those that every call of its kind may end in; `public` calls
    need no token; `votes` marks the acts of voting, whose op is in every answer; `body_bytes` is the largest body of
    those who may host; `media` are the types an answer may have. `module` and `name` say which handler it is, `about`
    what it does. `respond` answers a request; it raises a `NexusError`, or `ActRefused` for an act of voting.
    """

    method: str
    path: str
    module: str
    name: str
    about: str
    body: type[object]
    optional: bool
    query: type[object]
    answer: type[object]
    statuses: tuple[int, ...]
    raises: tuple[type[NexusError], ...]
    public: bool
    votes: bool
    body_bytes: int
    media: tuple[str, ...]
    takes: tuple[str, ...]
    respond: Callable[[ServicesT, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Responder(Generic[BodyT, QueryT, AnswerT, ServicesT]):
    handler: Callable[[TypedRequest[BodyT, QueryT], ServicesT], Awaitable[Reply[AnswerT] | Stream]]
    body: type[BodyT]
    optional: bool
    query: type[QueryT]
    public: bool
    votes: bool
    body_bytes: int

    async def __call__(self, services: ServicesT, raw: Request) -> Response:
        if not self.votes:
            return await self._answer(services, raw, uuid4())
        op = op_of(raw)
        try:
            return await self._answer(services, raw, op)
        except NexusError as error:
            raise ActRefused(error, op) from error

    async def _answer(self, services: ServicesT, raw: Request, op: UUID) -> Response:
        # Who asks comes first: a stranger learns nothing of what a call would make of its body.
        identity = None if self.public else await services.gate.identify(bearer(raw))
        query = read_query(raw.query_params, self.query)
        if identity is not None and identity.may_host:  # nobody else can have more to write, or more memory
            limit_body(raw.scope, self.body_bytes)
            if self.body is not Upload and self.body_bytes > LARGE_BYTES and may_exceed(raw.scope, LARGE_BYTES):
                with LARGE.place(services.large_bodies, identity.voter):
                    return await self._handled(services, raw, query, identity, op)
        return await self._handled(services, raw, query, identity, op)

    async def _handled(
        self, services: ServicesT, raw: Request, query: QueryT, identity: Identity | None, op: UUID
    ) -> Response:
        body = self.body() if self.body is Nothing else await read_body(raw, self.body, optional=self.optional)
        return (await self.handler(TypedRequest(raw, body, query, identity, op), services)).response()


def call(
    method: str,
    path: str,
    handler: Callable[[TypedRequest[BodyT, QueryT], ServicesT], Awaitable[Reply[AnswerT] | Stream]],
    *,
    body: type[BodyT],
    query: type[QueryT],
    answer: type[AnswerT],
    optional: bool = False,
    statuses: tuple[int, ...] = (200,),
    raises: tuple[type[NexusError], ...] = (),
    public: bool = False,
    votes: bool = False,
    body_bytes: int = BODY_BYTES,
    media: tuple[str, ...] = ("application/json",),
    takes: tuple[str, ...] = ("application/json",),
) -> Call[ServicesT]:
    """An entry of the table: `handler` with the types that it takes and returns, checked against each other."""
    return Call(
        method=method,
        path=path,
        module=handler.__module__,
        name=handler.__name__,
        about=inspect.cleandoc(handler.__doc__ or ""),
        body=body,
        optional=optional,
        query=query,
        answer=answer,
        statuses=statuses,
        raises=raises,
        public=public,
        votes=votes,
        body_bytes=body_bytes,
        media=media,
        takes=takes,
        respond=_Responder(handler, body, optional, query, public, votes, body_bytes),
    )


class Resource(Generic[ServicesT]):
    """The calls of one path as an ASGI application. Its route lets every method through: a method that is not here is
    answered 405, and no later route, whose path has an id where this one has a word, gets to see it."""

    def __init__(self, services: ServicesT, calls: dict[str, Call[ServicesT]]) -> None:
        self._services = services
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises a 405 that names the methods there are."""
        raw = Request(scope, receive, send)
        call = self._calls.get("GET" if raw.method == "HEAD" else raw.method)
        if call is None:
            allowed = [*self._calls, *(["HEAD"] if "GET" in self._calls else [])]
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        response = await self._measured(call, raw)
        await response(scope, receive, send)

    async def _measured(self, call: Call[ServicesT], raw: Request) -> Response:
        began, status = time.perf_counter(), 500
        try:
            response = await call.respond(self._services, raw)
            status = response.status_code
        except NexusError as error:
            status = status_of(error)
            raise
        except ActRefused as refused:
            status = status_of(refused.error)
            raise
        except ClientDisconnect:
            status = LEFT
            raise
        finally:
            self._services.metrics.requested(call.method, call.path, status, time.perf_counter() - began)
        return response


def bearer(request: Request) -> str:
    """The token of the Authorization header (RFC 6750, section 2.1). Raises `Unauthenticated`."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if match is None:
        raise Unauthenticated
    return match[1]


def op_of(request: Request) -> UUID:
    """The op of an act of voting: the client's own, else a new one. Raises `Invalid`."""
    given = request.headers.get("idempotency-key")
    return uuid4() if given is None else uuid("Idempotency-Key", given.strip().strip('"'))


def uuid(name: str, text: str) -> UUID:
    """A UUID in its usual form, in upper or lower case. Raises `Invalid`."""
    if not _UUID.fullmatch(text):
        raise Invalid(errors=((name, "must be a UUID"),))
    return UUID(text)
