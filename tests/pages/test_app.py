"""The start page kept like an app, and what other services show of a link (docs/screens.md, "As an app")."""

from __future__ import annotations

import re
import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest

from nexus.http.framework.static import WEB
from nexus.http.pages.manifest import ACCENT, PAPER
from tests.pages.test_pages import reading
from tests.support.icons import ICONS, SCREENS
from tests.support.rest import Rest

BROWSER = {"Accept": "text/html"}
META = re.compile(r'<meta (?:property|name)="((?:og|twitter):\w+|description)" content="([^"]*)">')
LINK = re.compile(r'<link rel="(canonical|manifest|apple-touch-icon)" href="([^"]*)">')
PUBLIC = "https://vote.example.org/events"


@pytest.fixture
async def reader(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(rest, PUBLIC) as opened:
        yield opened


def told(answer: httpx.Response) -> dict[str, str]:
    head = answer.text.partition("</head>")[0]
    return {name: unescape(text) for name, text in [*META.findall(head), *LINK.findall(head)]}


def size(png: bytes) -> tuple[int, int]:
    """The width and height that a PNG says (ISO/IEC 15948, section 11.2.2)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack("!II", png[16:24])
    return width, height


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_has_the_size_that_it_is_for(name: str) -> None:
    assert size((SCREENS / name).read_bytes()) == (ICONS[name].size,) * 2


@pytest.mark.parametrize("prefix", ["", "/nexus", "/a/b"])
async def test_the_manifest_leads_to_the_start_page_and_its_icons_below_any_path(rest: Rest, prefix: str) -> None:
    address = ""
    async with reading(rest, f"http://nexus.test{prefix}") as reader:
        for path in ("/", "/host", "/vote/ZZZZZZ", "/live"):
            page = await reader.get(f"{prefix}{path}", headers=BROWSER)
            address = urljoin(str(page.url), told(page)["manifest"])
            assert "manifest-src 'self'" in page.headers["content-security-policy"]
            apple = await reader.get(urljoin(str(page.url), told(page)["apple-touch-icon"]))
            assert size(apple.content) == (180, 180)
        answer = await reader.get(address)
        assert answer.headers["content-type"] == "application/manifest+json"
        manifest = answer.json()
        for key in ("start_url", "scope", "id"):
            assert httpx.URL(urljoin(address, manifest[key])).path == f"{prefix}/"
        assert (manifest["display"], manifest["name"]) == ("standalone", "Nexus")
        assert (manifest["background_color"], manifest["theme_color"]) == (PAPER, ACCENT)
        sizes = {}
        for icon in manifest["icons"]:
            served = await reader.get(urljoin(address, icon["src"]))
            assert served.headers["content-type"] == icon["type"]
            if icon["type"] == "image/png":
                sizes[icon["sizes"], icon["purpose"]] = size(served.content)
        assert sizes == {
            ("192x192", "any"): (192, 192),
            ("512x512", "any"): (512, 512),
            ("512x512", "maskable"): (512, 512),
        }


def test_the_colours_of_the_manifest_are_those_of_the_pages() -> None:
    tokens = (WEB / "screens" / "tokens.css").read_text()
    assert f"--paper: {PAPER};" in tokens
    assert f"--accent: {ACCENT};" in tokens


@pytest.mark.parametrize("screen", ["vote", "live"])
async def test_a_link_to_a_public_poll_shows_its_question(rest: Rest, reader: httpx.AsyncClient, screen: str) -> None:
    fields = {"question": "Where to?", "description": f"Sea\n or {'hills ' * 60}", "results": "host"}
    poll = await rest.poll(await rest.user(), **fields)
    code = poll["code"]
    for path in (f"/{screen}/{code}", f"/{screen}/{code.lower()}/", *([f"/{code}"] if screen == "vote" else [])):
        found = told(await reader.get(path, headers=BROWSER))
        assert found["og:title"] == "Where to?"
        assert found["og:site_name"] == "Nexus"
        assert found["canonical"] == found["og:url"] == f"{PUBLIC}/{screen}/{code}"
        assert found["description"] == found["og:description"]
        assert found["description"].startswith("Sea or hills hills")
        assert len(found["description"]) <= 200
        image = found["og:image"]
        assert image.startswith(f"{PUBLIC}/assets/v-")
        assert size((await reader.get(image.removeprefix(PUBLIC))).content) == (512, 512)


async def test_a_link_to_any_other_poll_shows_nothing_of_it(rest: Rest, reader: httpx.AsyncClient) -> None:
    host, soon = await rest.user(), (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    secret = {"question": "Which secret?", "description": "A secret."}
    hidden: list[dict[str, object]] = [
        {"is_public": False},
        {"status": "draft"},
        {"opens_at": soon},
        {"allow_guests": False},
    ]
    codes = [(await rest.poll(host, **secret, **fields))["code"] for fields in hidden]
    for code in [*codes, "ZZZZZZ"]:
        for screen in ("vote", "live"):
            answer = await reader.get(f"/{screen}/{code}", headers=BROWSER)
            found = told(answer)
            assert "secret" not in answer.text.partition("</head>")[0]
            assert (found["og:title"], found["og:site_name"]) == ("Nexus", "Nexus")
            assert "description" not in found
            assert found["canonical"] == f"{PUBLIC}/{screen}/{code}"


@pytest.mark.parametrize(
    "text", ['"><script>alert(1)</script>', "' onload='x", "</head><body>", "<!-- blocks -->", "&quot;"]
)
async def test_no_text_of_a_poll_leaves_its_place_in_the_head(rest: Rest, reader: httpx.AsyncClient, text: str) -> None:
    poll = await rest.poll(await rest.user(), question=text, description=text)
    answer = await reader.get(f"/vote/{poll['code']}", headers=BROWSER)
    head = answer.text.partition("</head>")[0]
    assert not [tag for tag in ("<script>", "<body", "<!-- blocks") if tag in head]
    assert told(answer)["og:title"] == told(answer)["description"] == text
    typed = await reader.get("/vote/%22%3E%3Cscript%3E", headers=BROWSER)
    assert "<script>" not in typed.text.partition("</head>")[0]


async def test_an_operators_brand_names_the_app_and_the_cards(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    answer = await rest("PUT", "/brand/", admin, json={"name": '"Agora" & <co>', "accent": "#0b6b3a", "stage": "auto"})
    assert answer.status_code == 200, answer.text
    async with reading(rest, PUBLIC) as reader:
        manifest = (await reader.get("/manifest.webmanifest")).json()
        assert (manifest["name"], manifest["theme_color"]) == ('"Agora" & <co>', "#0b6b3a")
        found = told(await reader.get("/vote/ZZZZZZ", headers=BROWSER))
        assert (found["og:title"], found["og:site_name"]) == ('"Agora" & <co>',) * 2
