"""By which address a request came, and what is made of it: links, and the client that limits count."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from nexus.access.forwarded import TrustedHops
from nexus.access.public_address import PublicAddress, public_of, read_address
from nexus.http.framework.arrival import Arrival, root_of

NAMES = frozenset({"vote", "polls", "api"})
USUAL = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https", "host": "vote.example.org"}


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    public, request = public_of(scope), Request(scope)
    told = {
        "url": public.url("/"),
        "source": public.source,
        "client": request.client.host if request.client else None,
        "scheme": scope["scheme"],
        "path": scope["path"],
        "raw": scope["raw_path"].decode(),
        "root": root_of(scope),
    }
    await JSONResponse(told)(scope, receive, send)


async def arrive(
    path: str = "/", headers: dict[str, str] | None = None, *, public: str = "", peer: str = "127.0.0.1"
) -> dict[str, str]:
    """What the application is told of a request from `peer`."""
    setting: PublicAddress | None = read_address(public) if public else None
    app = Arrival(_echo, setting, TrustedHops("127.0.0.1"), NAMES)
    transport = httpx.ASGITransport(app, client=(peer, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver:8000") as client:
        told: dict[str, str] = (await client.get(path, headers=headers or {})).json()
    return told


@pytest.mark.parametrize(
    ("headers", "url", "source"),
    [
        ({}, "http://testserver:8000/", "host"),
        ({"host": "vote.example.org"}, "http://vote.example.org/", "host"),
        ({"host": "[2001:db8::1]:8000"}, "http://[2001:db8::1]:8000/", "host"),
        ({"host": "not/valid"}, "http://testserver:8000/", "host"),
        (USUAL, "https://vote.example.org/", "host"),
        ({**USUAL, "x-forwarded-port": "8443"}, "https://vote.example.org:8443/", "host"),
        ({**USUAL, "x-forwarded-port": "80"}, "https://vote.example.org/", "host"),
        ({**USUAL, "x-forwarded-host": "a.example:444"}, "https://a.example:444/", "forwarded"),
        ({**USUAL, "x-forwarded-host": "a.example", "x-forwarded-port": "444"}, "https://a.example:444/", "forwarded"),
        ({**USUAL, "x-forwarded-prefix": "/nexus"}, "https://vote.example.org/nexus/", "host"),
        ({"forwarded": 'proto=https;host="a.example:444"'}, "https://a.example:444/", "forwarded"),
    ],
)
async def test_the_address_is_what_trusted_proxies_say_else_the_host(
    headers: dict[str, str], url: str, source: str
) -> None:
    told = await arrive("/", headers)
    assert (told["url"], told["source"]) == (url, source)


async def test_the_setting_rules_whatever_a_request_says() -> None:
    told = await arrive("/", {**USUAL, "x-forwarded-host": "evil.example"}, public="https://example.org:444/nexus")
    assert (told["url"], told["source"]) == ("https://example.org:444/nexus/", "setting")


async def test_a_client_says_nothing_of_the_address_or_itself() -> None:
    told = await arrive("/", {**USUAL, "x-forwarded-host": "evil.example"}, peer="198.51.100.5")
    assert (told["url"], told["client"], told["scheme"]) == ("http://vote.example.org/", "198.51.100.5", "http")


async def test_an_ipv4_client_is_one_over_ipv6_too() -> None:
    told = await arrive("/", USUAL, peer="::ffff:127.0.0.1")
    assert (told["url"], told["client"]) == ("https://vote.example.org/", "203.0.113.7")


async def test_an_untrusted_proxy_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    app = Arrival(_echo, None, TrustedHops("127.0.0.1"), NAMES)
    with caplog.at_level(logging.WARNING):
        for host in ("10.0.0.1", "10.0.0.1", *(f"192.0.2.{n}" for n in range(50))):
            transport = httpx.ASGITransport(app, client=(host, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                await client.get("/", headers=USUAL)
    lines = [record.getMessage() for record in caplog.records]
    assert "10.0.0.1 says whose requests it passes on, but FORWARDED_ALLOW_IPS" in lines[0]
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("asked", "path", "raw", "root"),
    [
        ("/", "/", "/", "./"),
        ("/host", "/host", "/host", "./"),
        ("/host/", "/host/", "/host/", "../"),
        ("/vote/AB", "/vote/AB", "/vote/AB", "../"),
        ("/vote/AB/", "/vote/AB/", "/vote/AB/", "../../"),
        ("/vote/AB///", "/vote/AB///", "/vote/AB///", "../../../../"),
        ("/vote/a%2Fb", "/vote/a/b", "/vote/a%2Fb", "../"),
        ("/nexus/vote/AB", "/vote/AB", "/vote/AB", "../"),
        ("/nexus/vote/a%2Fb", "/vote/a/b", "/vote/a%2Fb", "../"),
        ("/n%65xus/vote/AB", "/vote/AB", "/vote/AB", "../"),
        ("/nexus/", "/", "/", "./"),
        ("/nexus", "/", "/", "nexus/"),
        ("/nexusx/vote/AB", "/nexusx/vote/AB", "/nexusx/vote/AB", "../../"),
    ],
)
async def test_the_path_of_the_address_is_removed_where_a_proxy_left_it(
    asked: str, path: str, raw: str, root: str
) -> None:
    told = await arrive(asked, public="https://example.org/nexus")
    assert (told["path"], told["raw"], told["root"]) == (path, raw, root)


async def test_a_path_like_one_of_the_services_own_is_left_alone() -> None:
    told = await arrive("/vote/AB", public="https://example.org/vote")
    assert (told["path"], told["root"]) == ("/vote/AB", "../")


async def test_a_prefix_of_a_trusted_proxy_is_removed_too() -> None:
    headers = {"x-forwarded-prefix": "/a/b"}
    assert (await arrive("/a/b/vote/AB", headers))["path"] == "/vote/AB"
    assert (await arrive("/a/b/vote/AB", headers, peer="198.51.100.5"))["path"] == "/a/b/vote/AB"
