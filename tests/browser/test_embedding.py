"""Polls in frames of another site's pages: only where the operator allows it, and nothing else of the service ever."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Frame, Page, Route, expect

from tests.support.audience import Audience, audience_of
from tests.support.browser import Chromium, Visitor, axe, picture
from tests.support.host_page import hosting
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.vote_page import ROOM, WAIT_MS, said

pytestmark = pytest.mark.asyncio(loop_scope="session")

ELSEWHERE = (r"another origin: http://", r"frame-ancestors", r"status of 40[14]")


class OtherSite:
    """A page of another origin that frames what it is told to."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.port = 0

    @property
    def far(self) -> str:
        """Its origin by a name that makes it another site to a browser than the servers: frames get no storage here."""
        return f"http://localhost:{self.port}"

    @property
    def near(self) -> str:
        """Its origin by the address of the servers, at another port: frames get storage."""
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request with the page."""
        await reader.readuntil(b"\r\n\r\n")
        body = f"<!doctype html><html lang=en><title>Course</title><main><h1>Course</h1>{''.join(self.frames)}</main>"
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body.encode())}\r\nconnection: close"
        )
        writer.write(f"{head}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    def shows(self, *urls: str) -> None:
        """Frame these addresses from now on."""
        self.frames = [
            f'<iframe src="{html.escape(url)}" title="{n}" allow="fullscreen"></iframe>' for n, url in enumerate(urls)
        ]


@asynccontextmanager
async def other_site() -> AsyncIterator[OtherSite]:
    site = OtherSite()
    async with await asyncio.start_server(site.answer, "127.0.0.1", 0) as listening:
        site.port = listening.sockets[0].getsockname()[1]
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[OtherSite]:
    async with other_site() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(
    site: OtherSite, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    settings = {**ROOM, "NEXUS_EMBED_ORIGINS": f"https://courses.example.org, {site.far}, {site.near}"}
    async with serving(tmp_path_factory.mktemp("server"), module_database_url, **settings) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def audience(server: Server) -> AsyncIterator[Audience]:
    async with audience_of(server) as opened:
        yield opened


async def framed(visitor: Visitor, address: str) -> tuple[Page, list[Frame]]:
    """The other site's page, and what it frames."""
    page = await visitor.context.new_page()
    await page.goto(address)
    return page, page.main_frame.child_frames


async def refused(frame: Frame) -> bool:
    """Whether the browser shows nothing of the service in a frame."""
    return await frame.evaluate("location.origin") == "null" or frame.url.startswith("chrome-error:")


@SLOW
async def test_a_poll_is_shown_where_it_is_allowed_and_voting_works(
    chromium: Chromium, server: Server, site: OtherSite, audience: Audience
) -> None:
    poll = await audience.host.poll("Yes", "No", description="See https://example.org/a")
    code = poll["code"]
    site.shows(*(f"{server.url}/{path}" for path in (f"join/{code}", f"live/{code}", code)))
    async with chromium.visit(server.url, allowed=ELSEWHERE) as visitor:
        page, (voting, stage, short) = await framed(visitor, site.far)
        for frame in (voting, short):
            await expect(frame.locator("#said")).to_have_text(said("vote.tap"), timeout=WAIT_MS)
        await vote_in(voting)
        await expect(stage.locator("#results .count").first).to_have_text("1", timeout=WAIT_MS)
        assert await stage.evaluate("document.fullscreenEnabled")
        for link in await voting.get_by_role("link").all() + await stage.get_by_role("link").all():
            await expect(link).to_have_attribute("target", "_blank")
        await expect(voting.get_by_text(said("vote.fleeting"))).to_be_visible()
        await picture(page, "embedded")
        await axe(page)
        site.shows(f"{server.url}/vote/{code}")
        page, (voting,) = await framed(visitor, site.near)
        await vote_in(voting)
        await page.reload()
        voting = page.main_frame.child_frames[0]
        await expect(voting.locator("#said")).to_have_text(said("vote.recorded_change"), timeout=WAIT_MS)
        results = await audience.host.get(f"/polls/{poll['id']}/results/")
        assert [one["votes_count"] for one in results["options"]] == [2, 0]  # each site has its own guest


async def vote_in(frame: Frame) -> None:
    """Tap the first option, and see the vote recorded."""
    await frame.locator("button.choice").first.click()
    await expect(frame.locator("#said")).to_have_text(said("vote.recorded_change"), timeout=WAIT_MS)


@SLOW
async def test_nobody_logs_in_inside_a_frame(
    chromium: Chromium, server: Server, site: OtherSite, audience: Audience
) -> None:
    members = await audience.host.poll("Yes", "No", allow_guests=False)
    draft, guests = await audience.host.poll("Yes", "No", status="draft"), await audience.host.poll("Yes", "No")
    paths = (f"vote/{members['code']}", f"live/{guests['code']}", f"live/{draft['code']}", f"live/{members['code']}")
    site.shows(*(f"{server.url}/{path}" for path in paths))
    async with chromium.visit(server.url, allowed=[*ELSEWHERE, "status of 403"]) as visitor:
        page, (voting, stage, *closed) = await framed(visitor, site.far)
        outside = voting.get_by_role("link", name=said("vote.open_outside"))
        await expect(outside).to_have_attribute("href", f"{server.url}/vote/{members['code']}", timeout=WAIT_MS)
        await expect(outside).to_have_attribute("target", "_blank")
        await expect(stage.locator("#turnout")).to_be_visible(timeout=WAIT_MS)
        await stage.locator("#question").click()
        for key in ("l", "?"):
            await page.keyboard.press(key)
        await expect(stage.get_by_role("dialog").locator("kbd")).to_have_text([*"OCRT→←JABDF?"])
        await axe(page)
        await expect(closed[0].locator(".lobby .code")).to_have_text(draft["code"], timeout=WAIT_MS)
        await expect(closed[0].get_by_role("button")).to_have_count(0)
        await expect(closed[1].locator("#why")).to_be_visible(timeout=WAIT_MS)
        for frame in (voting, stage, *closed):
            await expect(frame.locator("input[type=password]")).to_have_count(0)


@SLOW
async def test_a_login_runs_no_poll_from_inside_a_frame(chromium: Chromium, server: Server, site: OtherSite) -> None:
    async with hosting(chromium, server.url, allowed=ELSEWHERE) as host:
        poll = await host.make("Tea?", "Yes", "No")
        stage = await host.visitor.open(f"/live/{poll['code']}")
        await expect(stage.locator("[data-act=close]")).to_be_attached(timeout=WAIT_MS)
        site.shows(f"{server.url}/live/{poll['code']}")
        page, (frame,) = await framed(host.visitor, site.near)
        await expect(frame.locator("#turnout")).to_be_visible(timeout=WAIT_MS)
        for name in ("join", "full", "help"):
            await expect(frame.locator(f"[data-act={name}]")).to_have_js_property("hidden", value=False)
        for name in ("open", "close", "reveal", "timer", "login"):
            await expect(frame.locator(f"[data-act={name}]")).to_have_count(0)
        await frame.locator("#question").click()
        await page.keyboard.press("c")
        assert (await host.poll(poll["id"]))["status"] == "open"


async def test_nothing_else_is_shown_and_nothing_where_it_is_not_allowed(
    chromium: Chromium, server: Server, site: OtherSite, audience: Audience
) -> None:
    poll = await audience.host.poll("Yes", "No")
    async with chromium.visit(server.url, allowed=[*ELSEWHERE, "chrome-error", "Frame"]) as visitor:
        others = ("host", "", "live", "nothing", "polls/1", "api/docs/", "api/ws/")
        site.shows(*(f"{server.url}/{path}" for path in others))
        _, frames = await framed(visitor, site.far)
        assert [await refused(frame) for frame in frames] == [True] * len(others)
        async with other_site() as unlisted:
            unlisted.shows(*(f"{server.url}/{path}{poll['code']}" for path in ("vote/", "live/", "")))
            _, frames = await framed(visitor, unlisted.far)
            assert [await refused(frame) for frame in frames] == [True] * 3


async def publicly(route: Route) -> None:
    """The hosts' page of a server that has NEXUS_PUBLIC_URL."""
    answer = await route.fetch()
    told, public = r'(id="place">)[^<]*', "https://vote.example.org/nexus/"
    whole = re.sub(told, rf'\g<1>{{"at":"{public}","invite":"{public}"}}', await answer.text())
    await route.fulfill(response=answer, body=whole)


@SLOW
async def test_the_code_to_embed_is_copied_where_embedding_is_allowed(
    chromium: Chromium, server: Server, site: OtherSite
) -> None:
    # A browser does not know where the page that `publicly` answers is from, and lets it reach no local address.
    async with hosting(chromium, server.url, allowed=["LOCAL_NETWORK_ACCESS"]) as host:
        poll = await host.make("\"><img src=x>\n& 'Tea'?", "Yes", "No")
        await host.page.goto(f"{server.url}/host#/poll/{poll['id']}")
        card = host.page.get_by_role("region", name="Share this poll")
        await card.get_by_text("Embed", exact=True).click(timeout=WAIT_MS)
        await axe(host.page)
        codes = await card.locator("code").all_text_contents()
        await host.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await host.button("Copy: Embed code for voting").click()
        await expect(host.page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
        assert await host.page.evaluate("navigator.clipboard.readText()") == codes[0]
        public = await host.visitor.context.new_page()
        await public.route("**/host", publicly)
        await public.goto(f"{server.url}/host#/poll/{poll['id']}")
        told = public.get_by_role("region", name="Share this poll").locator("code").first
        await expect(told).to_contain_text(f'src="https://vote.example.org/nexus/vote/{poll["code"]}"', timeout=WAIT_MS)
    async with chromium.visit(server.url, allowed=ELSEWHERE) as visitor:
        site.frames = codes
        page, frames = await framed(visitor, site.far)
        for frame, kind in zip(frames, ("vote", "live"), strict=True):
            await frame.wait_for_url(f"{server.url}/{kind}/{poll['code']}")
            await expect(frame.get_by_role("heading", level=1)).to_be_visible()
        titles = await page.locator("iframe").evaluate_all("(all) => all.map((one) => [one.title, one.allow])")
        assert titles == [[f"{kind}: \"><img src=x> & 'Tea'?", "fullscreen"] for kind in ("Vote", "Results")]
        await expect(page.locator("img")).to_have_count(0)
