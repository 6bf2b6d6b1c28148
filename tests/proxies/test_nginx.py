"""Behind Debian's nginx: another port outside, TLS, below a path, with the usual headers and without any. Page, socket,
QR code and links work, or the operator is told in a clear word what to set."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urljoin

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from nexus.client import GuestPass, socket_url
from nexus.client import connect as connected
from nexus.http.pages.qr import qr_svg
from tests.support.audience import audience_of
from tests.support.browser import Chromium
from tests.support.nginx import NAME, Certificate, documented, find_nginx, running
from tests.support.redis_server import free_port
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.values import Json

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORD_S = 30.0
"""How long a page may take to fall back to HTTP, and the operator to be told."""
HEADERS = re.compile(r"^\s*proxy_set_header (\S+) .*;\n", re.MULTILINE)
REFERENCE = re.compile(r'(?:src|href)="(?!data:)([^"]+)"')
PLAIN = ["WebSocket connection to", "Cross-Origin-Opener-Policy"]
"""What a browser says where no socket opens, and of pages without TLS."""


@dataclass(frozen=True)
class Way:
    """A way of standing before Nexus: how browsers begin an address there, whether sockets open, what links begin with,
    and what the operator is told where that is not the same."""

    name: str
    scheme: str
    path: str = ""
    socket: bool = True
    links: str = "{base}"
    word: str = ""
    port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        """The origin of its pages."""
        return f"{self.scheme}://{NAME}:{self.port}"

    @property
    def base(self) -> str:
        """What browsers put before a path."""
        return self.origin + self.path

    @property
    def near(self) -> str:
        """The same on loopback, for clients that know no such name."""
        return f"{self.scheme}://127.0.0.1:{self.port}{self.path}"


UNKNOWN = "people use another address than links name; set NEXUS_PUBLIC_URL"
REFUSED = "refused a page a socket; NEXUS_PUBLIC_URL"
WAYS = (
    Way("documented", "https"),
    Way("below", "https", "/nexus"),
    Way("kept", "http", "/nexus"),
    Way("bare", "http", "/deep/nexus", links="http://votes.example:{port}/", word=UNKNOWN),
    Way("portless", "https", links="https://votes.example/", word=UNKNOWN),
    Way("upgrading", "http", socket=False, links="http://127.0.0.1:{inner}/", word=REFUSED),
    Way("silent", "https", socket=False, links="http://127.0.0.1:{inner}/", word=UNKNOWN),
)
"""Of docs/deploy.md as they are: `documented`, and `below` with the setting it asks for. `kept` leaves the path in and
names it in a header; `bare` removes it and names it nowhere; `portless` passes `$host`; `upgrading` sets no header but
those of the upgrade, `silent` none at all."""


def configuration(way: Way, inner: int, certificate: Certificate) -> str:
    """The server of nginx for a way to the Nexus on the port `inner`."""
    whole, below = documented()
    upgrade, server = whole.split("server {", 1)
    body = "server {" + server
    if way.name == "kept":
        below = below.replace(":8000/;", ":8000;\n    proxy_set_header X-Forwarded-Prefix /nexus;")
    if way.path:
        inside = below.replace("/nexus", way.path)
        body = body[: body.index("    location / {")] + inside + "}\n"
    if way.name == "portless":
        body = body.replace("$http_host", "$host")
    if way.name in ("upgrading", "silent"):
        kept = ("Upgrade", "Connection") if way.name == "upgrading" else ()
        body = HEADERS.sub(lambda found: found[0] if found[1] in kept else "", body)
    if way.scheme == "http":
        body = re.sub(r"^\s*ssl_.*\n", "", body.replace("443 ssl", "443"), flags=re.MULTILINE)
    body = body.replace("listen 443", f"listen 127.0.0.1:{way.port}").replace("127.0.0.1:8000", f"127.0.0.1:{inner}")
    body = body.replace("/etc/ssl/vote.example.org.pem", str(certificate.certificate))
    body = body.replace("/etc/ssl/vote.example.org.key", str(certificate.key)).replace("vote.example.org", NAME)
    return (upgrade if way.name == "documented" else "") + body


@dataclass(frozen=True)
class Street:
    """nginx, the servers behind it, and a poll in each."""

    servers: dict[str, Server]
    polls: dict[str, Json]
    certificate: Certificate

    def of(self, way: Way) -> tuple[Server, Json]:
        """The server behind a way, and its poll."""
        name = "set" if way.name == "below" else "unset"
        return self.servers[name], self.polls[name]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def street(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    find_nginx()
    folder = tmp_path_factory.mktemp("nginx")
    certificate = Certificate(folder)
    (below,) = (way for way in WAYS if way.name == "below")
    async with AsyncExitStack() as stack:
        unset = await stack.enter_async_context(serving(folder / "unset", module_database_url))
        given = serving(folder / "set", module_database_url, NEXUS_PUBLIC_URL=below.base)
        servers = {"unset": unset, "set": await stack.enter_async_context(given)}
        polls = {}
        for name, server in servers.items():
            async with audience_of(server) as audience:
                host = audience.device("user:1", "user")
                polls[name] = [await host.poll("Yes", "No") for _ in range(2)][-1]
        street = Street(servers, polls, certificate)
        told = "".join(configuration(way, street.of(way)[0].port, certificate) for way in WAYS)
        stack.enter_context(running(folder, told, WAYS[-2].port))
        yield street


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_pages_links_and_sockets_behind_nginx(street: Street, way: Way) -> None:
    server, poll = street.of(way)
    token = {"Authorization": f"Bearer {server.token('user:1', 'user')}"}
    host = {"Host": f"{NAME}:{way.port}"}
    async with httpx.AsyncClient(verify=street.certificate.trusted, headers=host) as client:
        for path in ("/", "/host", f"/vote/{poll['code']}", f"/live/{poll['code']}/", "/api/docs/"):
            page = await client.get(way.near + path)
            assert page.status_code == 200, path
            for one in REFERENCE.findall(page.text)[:4]:
                assert (await client.get(urljoin(way.near + path, one))).status_code == 200, one
        links = (await client.get(f"{way.near}/polls/?page_size=1", headers=token)).json()["next"]
        expected = way.links.format(base=way.base, port=way.port, inner=server.port).rstrip("/")
        assert links.startswith(f"{expected}/polls/?"), links
        assert (await client.get(f"{way.near}/metrics")).status_code in (403, 404)
        own = await client.get(f"http://127.0.0.1:{server.port}/health/live", headers={"Origin": way.origin})
        assert own.headers.get("access-control-allow-origin") == (way.origin if way.name == "below" else None)
    await check_the_socket(street, way, poll)


async def check_the_socket(street: Street, way: Way, poll: Json) -> None:
    """A socket with the Origin that a browser sends opens, if any does, and one with another's is refused."""
    server, _ = street.of(way)
    tls = street.certificate.trusted if way.scheme == "https" else None

    async def joined(origin: str) -> Json:
        address = f"{way.base.replace('http', 'ws', 1)}/ws"
        async with connect(address, host="127.0.0.1", port=way.port, ssl=tls, origin=origin, proxy=None) as socket:  # type: ignore[arg-type]
            await socket.send(json.dumps({"type": "hello", "token": server.token("user:7", "user")}))
            await socket.send(json.dumps({"type": "join", "poll": poll["id"]}))
            answers: list[Json] = [json.loads(await socket.recv()) for _ in range(2)]
            return answers[-1]

    if way.socket:
        assert (await joined(way.origin))["type"] == "joined"
    else:
        with pytest.raises(InvalidStatus):
            await joined(way.origin)
    for foreign in ("https://evil.example", f"https://{NAME}.evil.example:{way.port}", "null"):
        with pytest.raises(InvalidStatus):
            await joined(foreign)


@pytest.mark.parametrize("name", ["kept", "bare"])
async def test_the_python_client_votes_below_a_path(street: Street, name: str) -> None:
    (way,) = (way for way in WAYS if way.name == name)
    _, poll = street.of(way)
    async with connected(socket_url(way.near), GuestPass(way.near, poll["code"])) as client:
        receipt = await client.vote(poll["id"], [poll["options"][0]["id"]])
    assert receipt.status == "recorded"


async def drawn(page: Page) -> bytes:
    """The QR code of a stage, as an SVG."""
    await expect(page.locator("#qr")).to_have_attribute("src", re.compile(".+"))
    source = await page.locator("#qr").get_attribute("src") or ""
    if source.startswith("data:"):
        return unquote_to_bytes(source.partition(",")[2])
    text: str = await page.evaluate("(source) => fetch(source).then((one) => one.text())", source)
    return text.encode()


@SLOW
async def test_a_stage_behind_nginx_is_live_and_its_picture_leads_to_it(street: Street, chromium: Chromium) -> None:
    for way in WAYS:
        server, poll = street.of(way)
        async with chromium.visit(way.origin, ignore_https_errors=True, allowed=PLAIN) as visitor:
            page = await visitor.context.new_page()
            await page.goto(f"{way.base}/live/{poll['code']}")
            touch = "good" if way.socket else "late"
            await expect(page.locator(f"body[data-touch={touch}]")).to_be_attached(timeout=WORD_S * 1000)
            address = f"{way.base}/vote/{poll['code']}"
            await expect(page.locator(".join strong")).to_have_text(way.base.partition("://")[2])
            await expect(page.locator("#qr")).to_have_attribute("alt", re.compile(re.escape(address)))
            assert await drawn(page) == qr_svg(address), way.name
        if way.word:
            await server.until_logged(way.word, within_s=WORD_S)  # at most once a minute for all of them
