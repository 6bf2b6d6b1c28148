"""By which address a page invites: never by one that leads nowhere, and the picture leads where the text does."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from nexus.access.forwarded import TrustedHops
from nexus.access.public_address import read_address
from nexus.http.framework.arrival import Arrival
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.http.pages.qr import qr_svg
from nexus.http.pages.screens import Pages
from nexus.http.pages.site import Site
from tests.pages.test_pages import blocks
from tests.support.rest import Rest

PUBLIC = "https://example.org:8443/nexus"
LAN = "http://192.168.1.20:8000/"


def reading(rest: Rest, *, public: str = "", near: str | None = None, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    """A browser at `peer`, and a server on port 8000 that other devices reach at `near`."""
    site = Site(near=lambda: near)
    pages = Pages(rest.services.codes, rest.services.tallies, site, rest.services.looks, rest.services.words)
    address = read_address(public) if public else None
    arrival = Middleware(Arrival, public=address, trusted=TrustedHops("127.0.0.1"), names=frozenset())
    app = Starlette(
        routes=pages.routes(),
        middleware=[arrival, Middleware(Edge, error_page=pages.refusals)],
        exception_handlers=HANDLERS,
    )
    transport = httpx.ASGITransport(app, client=(peer, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("host", "near", "peer", "place"),
    [
        ("127.0.0.1:8000", "192.168.1.20", "127.0.0.1", {"at": "http://127.0.0.1:8000/", "invite": LAN}),
        ("localhost:8000", "192.168.1.20", "127.0.0.1", {"at": "http://localhost:8000/", "invite": LAN}),
        ("[::1]:8000", "192.168.1.20", "::1", {"at": "http://[::1]:8000/", "invite": LAN}),
        ("127.0.0.1:8000", None, "127.0.0.1", {"at": "http://127.0.0.1:8000/", "invite": None}),
        # Another machine's loopback, or another port of this one: what leads here is not known.
        ("127.0.0.1:8000", "172.17.0.2", "172.17.0.1", {"at": "http://127.0.0.1:8000/", "invite": None}),
        ("localhost:9000", "192.168.1.20", "127.0.0.1", {"at": "http://localhost:9000/", "invite": None}),
        ("192.168.1.20:8000", "192.168.1.20", "192.168.1.30", {"at": LAN}),
        ("votes.example", None, "127.0.0.1", {"at": "http://votes.example/"}),
    ],
)
@pytest.mark.parametrize("path", ["/live/K7M2QP", "/host"])
async def test_a_page_is_told_how_others_get_in(
    rest: Rest, path: str, host: str, near: str | None, peer: str, place: dict[str, str | None]
) -> None:
    async with reading(rest, near=near, peer=peer) as reader:
        answer = await reader.get(path, headers={"Host": host})
        drawn = await reader.get("/vote/K7M2QP/qr.svg", headers={"Host": host})
    assert blocks(answer)["place"] == place
    assert drawn.content == qr_svg(f"{place.get('invite') or place['at']}vote/K7M2QP")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "192.168.1.20:8000", "evil.example"])
async def test_the_setting_is_the_address_by_which_all_are_invited(rest: Rest, host: str) -> None:
    async with reading(rest, public=PUBLIC, near="192.168.1.20") as reader:
        answer = await reader.get("/live/K7M2QP", headers={"Host": host})
        drawn = await reader.get("/vote/K7M2QP/qr.svg", headers={"Host": host})
    assert blocks(answer)["place"] == {"at": f"{PUBLIC}/", "invite": f"{PUBLIC}/"}
    assert drawn.content == qr_svg(f"{PUBLIC}/vote/K7M2QP")


@pytest.mark.parametrize(
    "at", ["http://votes.example:8080/", "https://votes.example/nexus/", "http://[2001:db8::1]/a/b/"]
)
async def test_a_picture_is_drawn_for_the_page_that_asks(rest: Rest, at: str) -> None:
    """Behind a proxy that says nothing the server knows an inner address only."""
    async with reading(rest) as reader:
        origin = read_address(at).origin
        drawn = await reader.post("/vote/k7m-2qp/qr.svg", params={"at": at}, headers={"Origin": origin})
    assert drawn.content == qr_svg(f"{at}vote/K7M2QP")


@pytest.mark.parametrize(
    ("at", "origin"),
    [
        ("https://evil.example/", "https://votes.example"),
        ("https://votes.example/", "https://votes.example:8443"),
        ("https://votes.example/", "null"),
        ("https://votes.example/", None),
        ("https://votes.example@evil.example/", "https://votes.example"),
        ("https://votes.example/?x", "https://votes.example"),
        ("https://votes.example//evil.example/", "https://votes.example"),
        ("javascript:alert(1)", "https://votes.example"),
        ("", "https://votes.example"),
        (f"https://votes.example/{'a' * 400}/", "https://votes.example"),
    ],
)
async def test_a_picture_is_drawn_for_no_other_page(rest: Rest, at: str, origin: str | None) -> None:
    async with reading(rest) as reader:
        headers = {} if origin is None else {"Origin": origin}
        answer = await reader.post("/vote/K7M2QP/qr.svg", params={"at": at}, headers=headers)
    assert answer.status_code == 404


async def test_the_setting_rules_pictures_too(rest: Rest) -> None:
    async with reading(rest, public=PUBLIC) as reader:
        headers = {"Origin": "https://evil.example"}
        drawn = await reader.post("/vote/K7M2QP/qr.svg", params={"at": "https://evil.example/"}, headers=headers)
    assert drawn.content == qr_svg(f"{PUBLIC}/vote/K7M2QP")
