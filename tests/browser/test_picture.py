"""Results outside the pages: as a picture of the chart, as a table, and on paper."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Page, expect

from tests.support.browser import Chromium
from tests.support.host_page import Host, hosting
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.values import Json

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "Tea & <script>alert(1)</script>?"
OPTIONS = ("Tea", "Coffee <b>bold</b>", "شاي")
ALL = "{http://www.w3.org/2000/svg}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("picture"), module_database_url) as started:
        yield started


async def saved(page: Page, kind: str) -> tuple[str, bytes]:
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Save…").press("ArrowDown")
        await page.get_by_role("button", name=f"Picture ({kind})").press("Enter")
    await expect(page.get_by_role("button", name="Save…")).to_be_focused()
    found = await download.value
    return found.suggested_filename, Path(await found.path()).read_bytes()  # noqa: ASYNC240 - a small file of this test


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def texts(svg: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{ALL}text")]  # noqa: S314 - of this test


@pytest.mark.parametrize("chart", ["bars", *(pytest.param(one, marks=SLOW) for one in ("columns", "donut"))])
async def test_results_are_a_picture_of_the_poll_s_chart(chromium: Chromium, server: Server, chart: str) -> None:
    async with hosting(chromium, server.url) as host:
        poll = await voted(host, chart)
        page = host.page
        await page.goto(f"{server.url}/host#/poll/{poll['id']}")
        name, svg = await saved(page, "SVG")
        assert re.fullmatch(r"tea-script-alert-1-script-\d{4}-\d\d-\d\d\.svg", name)
        shown = texts(svg)
        assert {QUESTION, *OPTIONS, "67%", "33%", "0%", "3 people voted", "Nexus", "Open"} <= set(shown)
        assert b"<script" not in svg
        assert b"foreignObject" not in svg
        assert b"http" not in svg.replace(b"http://www.w3.org/", b""), "it loads nothing"
        name, png = await saved(page, "PNG")
        assert name.endswith(".png")
        assert Image.open(BytesIO(png)).size == (3200, 1800)


async def voted(host: Host, chart: str) -> Json:
    """A poll with three votes, of guests."""
    poll = await host.make(QUESTION, *OPTIONS, chart=chart)
    for place in (0, 0, 1):
        guest = (await host.http.post("/auth/guest/", json={"code": poll["code"]})).json()
        body, token = {"option": poll["options"][place]["id"]}, {"Authorization": f"Bearer {guest['access']}"}
        answer = await host.http.post(f"/polls/{poll['id']}/vote/", json=body, headers=token)
        assert answer.status_code == 201, answer.text
    return poll


async def test_hidden_counts_are_in_no_picture(chromium: Chromium, server: Server) -> None:
    async with hosting(chromium, server.url) as host:
        poll = await voted(host, "columns")
        await host.page.goto(f"{server.url}/host#/poll/{poll['id']}")
        await expect(host.page.get_by_role("button", name="Copy picture")).to_be_visible()
        drawn = await host.page.evaluate(
            """async ([poll, module]) => {
                const { picture } = await import(module);
                const options = poll.options.map(({ id }) => ({ id, votes_count: null }));
                const totals = { options, total_votes: null, voters: 3, status: "open", final: false };
                const look = { name: "Nexus", logo: null, light: null, dark: null };
                return new XMLSerializer().serializeToString(picture({ poll, totals, look, scheme: "light" }));
            }""",
            [poll, f"{server.url}/assets/screens/host/picture.js"],
        )
        shown = texts(drawn.encode())
        assert {QUESTION, *OPTIONS, "3 people voted"} <= set(shown)
        assert not [one for one in shown if "%" in one]
        assert not {"0", "1", "2"} & set(shown)


@SLOW
async def test_on_paper_a_poll_takes_one_page_without_buttons(chromium: Chromium, server: Server) -> None:
    async with hosting(chromium, server.url) as host:
        poll = await voted(host, "bars")
        page = host.page
        await page.goto(f"{server.url}/host#/poll/{poll['id']}")
        await expect(page.get_by_role("button", name="Save…")).to_be_visible()
        assert pages(await page.pdf()) == 1
        await page.emulate_media(media="print")
        await expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
        await expect(page.locator(".results .fill").first).to_be_visible()
        assert await page.locator("button:visible, select:visible, nav:visible").count() == 0
        await page.emulate_media(media="null")
        await page.goto(f"{server.url}/live/{poll['code']}")
        await expect(page.locator("#results li")).to_have_count(3)
        assert pages(await page.pdf(prefer_css_page_size=True)) == 1
        await page.emulate_media(media="print")
        await expect(page.locator("#question")).to_be_visible()
        assert await page.locator("button:visible, select:visible, aside:visible").count() == 0
