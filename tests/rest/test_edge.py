"""What holds for every request: slashes, ids, bounds, and problem documents for whatever goes wrong."""

import asyncio
import json
import logging
import random
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Scope

from nexus.http.api.routes import CALLS
from nexus.http.dependencies import RestCall
from nexus.http.framework import edge
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import BODY_BYTES, HANDLERS
from tests.support.rest import NOBODY, Rest, refused


def names(call: RestCall) -> str:
    return f"{call.method} {call.path}"


def filled(call: RestCall, number: int = 1) -> str:
    return re.sub(r"{\w+}", str(number), call.path)


async def test_every_path_answers_with_and_without_its_slash(rest: Rest) -> None:
    ann = await rest.user()
    for call in CALLS:
        for who in (NOBODY, ann):
            plain = await rest(call.method, filled(call, 0), who)
            slashed = await rest(call.method, f"{filled(call, 0)}/", who)
            assert plain.status_code == slashed.status_code, names(call)
            assert not plain.is_redirect, names(call)
            assert plain.is_success or refused(plain)[1] == refused(slashed)[1] != "not_found", names(call)


async def test_every_call_but_the_public_ones_needs_a_token(rest: Rest) -> None:
    public = {names(call) for call in CALLS if call.public}
    assert public == {
        "POST /auth/register",
        "POST /auth/token",
        "POST /auth/token/refresh",
        "POST /auth/guest",
        "GET /health/live",
        "GET /health/ready",
        "POST /health/socket",
        "POST /auth/invitation",
        "POST /auth/invitation/read",
        "POST /auth/oidc/token",
        "POST /auth/screen",
        "POST /polls/waiting",
        "GET /brand",
        "GET /brand/colours",
    }
    for call in CALLS:
        answer = await rest(call.method, filled(call), json={})
        assert (answer.status_code == 401) == (not call.public), names(call)


async def test_unknown_path_is_not_found(rest: Rest) -> None:
    for path in ("/nothing/", "/", "/polls/1/nothing", "/nothing//", "/polls//1", "/polls/1/vote/x/"):
        assert refused(await rest("GET", path)) == (404, "not_found"), path


async def test_wrong_method_names_the_right_ones(rest: Rest) -> None:
    answer = await rest("PUT", "/polls/")
    assert refused(answer) == (405, "method_not_allowed")
    assert sorted(answer.headers["allow"].split(", ")) == ["GET", "HEAD", "POST"]
    assert refused(await rest("GET", "/auth/token/")) == (405, "method_not_allowed")


async def test_head_is_get(rest: Rest) -> None:
    assert (await rest("HEAD", "/health/live")).status_code == 200


async def test_request_id_is_the_clients_where_it_is_sane(rest: Rest) -> None:
    answer = await rest("GET", "/health/live", headers={"X-Request-ID": "abc-1.2_3"})
    assert answer.headers.get_list("x-request-id") == ["abc-1.2_3"]
    for bad in ("", "a b", "x" * 65, 'quote"', "ü"):
        answer = await rest("GET", "/health/live", headers={"X-Request-ID": bad.encode()})  # type: ignore[dict-item]
        assert answer.headers["x-request-id"] not in ("", bad)
    first, second = [await rest("GET", "/health/live") for _ in range(2)]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_answers_are_kept_by_no_cache(rest: Rest) -> None:
    ann = await rest.user()
    for answer in (await rest("GET", "/polls/", ann), await rest("GET", "/polls/9/", ann)):
        assert answer.headers["cache-control"] == "no-store"


def chunks(size: int) -> AsyncIterator[bytes]:
    async def each() -> AsyncIterator[bytes]:
        for start in range(0, size, 8192):
            yield b" " * min(8192, size - start)

    return each()


async def test_body_over_the_limit_is_refused_with_and_without_a_length(rest: Rest) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b" " * (BODY_BYTES + 1), chunks(BODY_BYTES + 1), chunks(10 * BODY_BYTES)):
        answer = await rest.client.post("/auth/token/", content=content, headers=headers)
        assert refused(answer) == (413, "body_too_large")
    for content in (b" " * BODY_BYTES, chunks(BODY_BYTES)):
        answer = await rest.client.post("/auth/token/", content=content, headers=headers)
        assert refused(answer) == (400, "malformed_json")


async def test_too_large_a_ballot_is_refused_with_its_op(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    op = "018f0000-0000-7000-8000-000000000001"
    body = json.dumps({"options": [1] * BODY_BYTES}).encode()
    headers = {"Content-Type": "application/json"}
    answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, op=op, content=body, headers=headers)
    assert refused(answer) == (413, "body_too_large")
    assert answer.json()["op"] == op


@pytest.fixture
async def small() -> AsyncIterator[httpx.AsyncClient]:
    """The edge around an application with faults."""

    async def body(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def fault(_: Request) -> Response:
        raise RuntimeError("the secret of the house")

    async def half(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            raise RuntimeError("no second part")

        return StreamingResponse(parts())

    app = Starlette(
        routes=[Route("/body", body, methods=["POST"]), Route("/fault", fault), Route("/half", half)],
        middleware=[Middleware(Edge)],
        exception_handlers=HANDLERS,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test") as client:
        yield client


async def test_fault_is_logged_and_shows_nothing(small: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = await small.get("/fault/?token=hidden", headers={"X-Request-ID": "r-1"})
    assert refused(answer) == (500, "internal_error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "r-1"
    assert "secret" not in answer.text
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "r-1" in record.getMessage()
    assert "hidden" not in caplog.text
    assert "the secret of the house" in caplog.text


async def test_fault_in_half_an_answer_is_no_whole_answer(small: httpx.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="no second part"):
        await small.get("/half")


async def exchange(messages: list[Message], *, then_wait: bool, length: bytes = b"") -> list[Message]:
    """Send a request's messages to an application that reads the body, and gather what it sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages and then_wait:
            await asyncio.Event().wait()
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def body(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(
        routes=[Route("/", body, methods=["POST"])], middleware=[Middleware(Edge)], exception_handlers=HANDLERS
    )
    headers = [(b"content-length", length)] if length else []
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    await asyncio.wait_for(app(scope, receive, send), 30)
    return sent


async def test_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "BODY_S", 0.05)
    start, end = await exchange([{"type": "http.request", "body": b"{", "more_body": True}], then_wait=True)
    assert start["status"] == 408
    assert (b"connection", b"close") in start["headers"]
    assert b"request_timeout" in end["body"]


async def test_body_that_says_it_is_too_large_is_not_waited_for() -> None:
    for length in (b"%d" % (BODY_BYTES + 1), b"9" * 5000):
        start, _ = await exchange([], then_wait=True, length=length)
        assert start["status"] == 413


async def test_client_that_leaves_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    sent = await exchange([{"type": "http.request", "body": b"{", "more_body": True}], then_wait=False)
    assert sent == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def answering(body: bytes) -> Edge:
    async def answer(_: Request) -> Response:
        return Response(body)

    return Edge(Starlette(routes=[Route("/", answer)]))


async def sent_by(app: Edge, *, reads: int) -> list[Message]:
    """What is sent to a client that takes no more than `reads` messages of its answer."""
    taken: list[Message] = []

    async def send(message: Message) -> None:
        if len(taken) >= reads:
            await asyncio.Event().wait()
        taken.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await asyncio.wait_for(app(scope, receive, send), 10)
    return taken


async def test_an_answer_that_nobody_reads_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(edge, "UNREAD_S", 0.01)
    with caplog.at_level(logging.INFO):
        taken = await sent_by(answering(bytes(10 * edge.PIECE_BYTES)), reads=3)
    assert len(taken) == 3 and all(part.get("more_body", True) for part in taken)  # no half an answer ends as a whole
    assert "nothing of its answer was read" in caplog.text


async def test_a_long_answer_goes_out_whole_and_in_pieces() -> None:
    body = random.Random(1).randbytes(3 * edge.PIECE_BYTES + 1)
    start, *parts = await sent_by(answering(body), reads=100)
    assert b"".join(part["body"] for part in parts) == body
    assert (b"content-length", str(len(body)).encode()) in start["headers"]
    assert [len(part["body"]) for part in parts] == [*[edge.PIECE_BYTES] * 3, 1, 0]
    assert [part["more_body"] for part in parts] == [True] * 4 + [False]
