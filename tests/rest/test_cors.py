"""Pages of other origins: those allowed read every answer, refusals and faults too; others none."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexus.access.origins import canonical_origins
from nexus.errors import Unavailable
from nexus.http.api.routes import CALLS, routes
from nexus.http.framework.cors import EXPOSED_HEADERS, METHODS, REQUEST_HEADERS
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from tests.support.rest import Rest, refused

PAGE = "https://vote.example"
OTHER = "https://evil.example"
ALLOWED = canonical_origins(f"{PAGE}, http://localhost:3000")


def serve(rest: Rest, origins: frozenset[str]) -> httpx.AsyncClient:
    """the REST application as it is served to pages of `origins`, with two paths that fail."""

    async def fault(_: Request) -> Response:
        raise RuntimeError("no good")

    async def unavailable(_: Request) -> Response:
        raise Unavailable

    app = Starlette(
        routes=[*routes(rest.services), Route("/fault", fault), Route("/unavailable", unavailable)],
        middleware=[Middleware(Edge, origins=origins)],
        exception_handlers=HANDLERS,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test")


@pytest.fixture
async def client(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(rest, ALLOWED) as opened:
        yield opened


def varies(answer: httpx.Response) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get("vary", "").split(",")} - {""}


def cors(answer: httpx.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


ANSWERS = [
    ("GET", "/health/live", {}, 200),
    ("GET", "/polls/", {}, 401),
    ("GET", "/nothing/", {}, 404),
    ("PUT", "/polls/", {}, 405),
    ("POST", "/auth/token/", {"json": {}}, 422),
    ("POST", "/auth/token/", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ("GET", "/unavailable", {}, 503),
    ("GET", "/fault", {}, 500),
]


async def test_allowed_page_reads_every_answer(client: httpx.AsyncClient) -> None:
    for method, path, arguments, status in ANSWERS:
        request = client.build_request(method, path, **arguments)  # type: ignore[arg-type]
        request.headers["Origin"] = PAGE
        answer = await client.send(request)
        assert answer.status_code == status, path
        assert answer.headers["access-control-allow-origin"] == PAGE, path
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert set(exposed) == set(EXPOSED_HEADERS)
        assert set(exposed) == {"Content-Disposition", "ETag", "Retry-After", "X-Request-ID", "X-Total-Count"}
        assert "origin" in varies(answer)
        assert "access-control-allow-credentials" not in answer.headers
        check_always(answer)


async def test_other_pages_read_none(client: httpx.AsyncClient) -> None:
    for origin in (
        OTHER,
        "null",
        "https://vote.example.evil.example",
        "http://vote.example",
        "https://vote.example:444",
    ):
        for method, path, arguments, status in ANSWERS:
            request = client.build_request(method, path, **arguments)  # type: ignore[arg-type]
            request.headers["Origin"] = origin
            answer = await client.send(request)
            assert (answer.status_code, cors(answer)) == (status, set()), (origin, path)
            assert "origin" in varies(answer)
            check_always(answer)


async def test_answer_to_no_page_varies_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")
    assert (cors(answer), varies(answer)) == (set(), {"origin"})


async def test_origin_is_one_in_any_of_its_forms(client: httpx.AsyncClient) -> None:
    for origin in (PAGE, "https://vote.example:443", "http://localhost:3000"):
        answer = await client.get("/health/live", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin


def preflight(method: str = "POST", headers: str = "", origin: str = PAGE) -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return asked | ({"Access-Control-Request-Headers": headers} if headers else {})


async def test_preflight_allows_what_the_interface_needs(client: httpx.AsyncClient) -> None:
    for method in METHODS:
        headers = preflight(method, ", ".join(REQUEST_HEADERS).lower())
        answer = await client.options("/polls/7/vote/", headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert set(answer.headers["access-control-allow-methods"].split(", ")) == {call.method for call in CALLS}
        assert {name.lower() for name in REQUEST_HEADERS} <= set(
            answer.headers["access-control-allow-headers"].lower().split(", ")
        )
        assert int(answer.headers["access-control-max-age"]) > 0
        assert {"origin", "access-control-request-method", "access-control-request-headers"} <= varies(answer)
        check_always(answer)


@pytest.mark.parametrize(
    "headers",
    [preflight(origin=OTHER), preflight("LINK"), preflight("GET", "X-Other"), preflight("GET", origin="null")],
)
async def test_preflight_refuses_the_rest(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.options("/polls/", headers=headers)
    assert refused(answer) == (400, "cors_refused")
    assert ("access-control-allow-origin" in answer.headers) == (headers["Origin"] == PAGE)
    assert "origin" in varies(answer)
    check_always(answer)


async def test_a_refused_preflight_says_what_is_not_allowed(client: httpx.AsyncClient) -> None:
    headers = preflight("LINK", "X-Other", OTHER)
    answer = await client.options("/polls/", headers={**headers, "Access-Control-Request-Private-Network": "true"})
    told = "This cross-origin request is not allowed because of its origin, method, headers and private network access."
    assert answer.json()["detail"] == told
    answer = await client.options("/polls/", headers=preflight("LINK"))
    assert answer.json()["detail"] == "This cross-origin request is not allowed because of its method."


async def test_without_origins_nothing_is_said(rest: Rest) -> None:
    async with serve(rest, frozenset()) as client:
        for method, path, arguments, status in ANSWERS:
            request = client.build_request(method, path, **arguments)  # type: ignore[arg-type]
            request.headers["Origin"] = PAGE
            answer = await client.send(request)
            assert (answer.status_code, cors(answer)) == (status, set())
            assert "origin" not in varies(answer)
            check_always(answer)
        answer = await client.options("/polls/", headers=preflight())
        assert refused(answer) == (405, "method_not_allowed")
        check_always(answer)


def check_always(answer: httpx.Response) -> None:
    """What stands on every response."""
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers["x-request-id"]
