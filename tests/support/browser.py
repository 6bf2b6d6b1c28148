"""A real browser for tests: one Chromium per pytest worker, and for each visit a context that must cause no complaints.

The browser lives in the loop of the session, so its tests do too; servers are started and databases made as ever:

    pytestmark = pytest.mark.asyncio(loop_scope="session")

    async def test_a_page_greets(chromium: Chromium, tmp_path: Path, database_url: str) -> None:
        async with serving(tmp_path, database_url) as server, chromium.visit(server.url, viewport=PHONE) as visitor:
            page = await visitor.open("/api/")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await axe(page)
            await picture(page, "greeting")
            visitor.allow(r"Failed to load resource.*/missing/")  # what the rest of the test provokes

A fixture of a wider scope that such tests share needs `loop_scope="session"` itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    WebError,
    async_playwright,
    expect,
)

from tests.support.checkout import ROOT

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Each context opens a window, whose address bar loads two pages of its own: two thirds of what an empty visit costs.
# Chromium heeds the last list alone, so Playwright's own is here too.
OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "PreconnectToSearch"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled"),
)
FLAGS = (
    f"--disable-features={','.join(OFF)}",
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-proxy-server"),
    # Whatever a page asks for, no test leaves this machine.
    "--host-resolver-rules=MAP votes.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
WITHIN_S = 60.0
"""Generous: the machine that runs the tests may be busy with others."""
expect.set_options(timeout=20_000)  # ms, of every test with a browser: what holds at once costs nothing
SCREENSHOTS = ROOT / "screenshots"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
HERE = {"about", "blob", "data"}
"""Schemes that need no request."""

PHONE, DESKTOP, PROJECTOR = (390, 844), (1280, 720), (1920, 1080)
"""Viewports, in CSS pixels."""

TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  console.error(`Content Security Policy: ${effectiveDirective} refused ${blockedURI}`));
"""
TRANSITIONS_ENDED = """() => Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition).map(({ finished }) => finished))"""
FINISH = """() => {
  for (const one of document.getAnimations()) {
    if (one.effect.getComputedTiming().endTime === Infinity) one.cancel();
    else one.finish();
  }
}"""
"""Brings what moves to its end, so that a page is judged as it stays."""
RUN_AXE = """(tags) => axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })"""


def program() -> str:
    """The path of a Chromium; without one the test is skipped, or fails in CI."""
    found = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if found is None and os.environ.get("NEXUS_CI") == "1":
        pytest.fail("there is no Chromium")
    if found is None:
        pytest.skip("there is no Chromium")
    return found


class Visitor:
    """A browser context at the server `home`, and the complaints of its pages."""

    def __init__(self, context: BrowserContext, home: str, allowed: Sequence[str]) -> None:
        self.context = context
        self._home = home
        self._allowed = [re.compile(pattern) for pattern in allowed]
        self._heard: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("page", self._page)

    def allow(self, *patterns: str) -> None:
        """Ignore complaints that match one of these patterns: the test provokes them."""
        self._allowed += [re.compile(pattern) for pattern in patterns]

    async def open(self, path: str = "/") -> Page:
        """A new page, loaded from `path` of the server."""
        page = await self.context.new_page()
        await page.goto(self._home + path)
        return page

    async def complaints(self) -> list[str]:
        """All so far but the allowed ones: console errors, uncaught errors, refusals of the Content Security Policy,
        crashes, and what was asked of another origin."""
        for page in self.context.pages:
            # The answer comes after everything the page has said before; a page that is navigating has none.
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(5):
                    await page.evaluate("0")
        return [line for line in self._heard if not any(pattern.search(line) for pattern in self._allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"console: {message.text} [{message.location.get('url', '')}]")

    def _error(self, error: WebError) -> None:
        self._heard.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        self._asked(request.url)

    def _page(self, page: Page) -> None:
        page.on("websocket", lambda socket: self._asked(socket.url))
        page.on("crash", lambda _: self._heard.append("the page crashed"))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        origin = f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}"
        if parts.scheme not in HERE and origin != self._home:
            self._heard.append(f"another origin: {url}")


class Chromium:
    """The browser of a pytest worker: the fixture `chromium`."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @asynccontextmanager
    async def visit(
        self,
        home: str,
        *,
        viewport: tuple[int, int] = DESKTOP,
        locale: str = "en-US",
        color_scheme: Literal["light", "dark"] = "light",
        reduced_motion: Literal["no-preference", "reduce"] = "no-preference",
        offline: bool = False,
        allowed: Sequence[str] = (),
        **options: Any,
    ) -> AsyncIterator[Visitor]:
        """A context of its own at the server `home` (`http://…`, no path), with more `options` of Playwright's
        `new_context`. At its end no complaint may be left but those in which a pattern of `allowed` is found.

        Let it end before its server does: connections that are cut are complained of.
        """
        context = await self.browser.new_context(
            viewport={"width": viewport[0], "height": viewport[1]},
            locale=locale,
            color_scheme=color_scheme,
            reduced_motion=reduced_motion,
            offline=offline,
            **options,
        )
        async with _watched(Visitor(context, home, allowed)) as visitor:
            yield visitor


@asynccontextmanager
async def _watched(visitor: Visitor) -> AsyncIterator[Visitor]:
    """The visitor, who must have nothing to complain of at the end."""
    try:
        await visitor.context.add_init_script(TELL_VIOLATIONS)
        try:
            yield visitor
        except BaseException:
            print("\n".join(["--- the browser's complaints", *await visitor.complaints()]))  # noqa: T201
            raise
        complaints = await visitor.complaints()
        assert not complaints, "\n".join(complaints)
    finally:
        await visitor.context.close()


def _launching() -> dict[str, Any]:
    return {
        "executable_path": program(),
        "chromium_sandbox": False,  # it needs privileges that root in a container lacks
        "args": FLAGS,
        "timeout": WITHIN_S * 1000,
    }


@asynccontextmanager
async def launched() -> AsyncIterator[Chromium]:
    """The Chromium of this machine without a window, with a profile of its own that ends with it; see `program`."""
    options = _launching()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        try:
            yield Chromium(browser)
        finally:
            await browser.close()


@asynccontextmanager
async def blocking_storage(home: str, folder: Path) -> AsyncIterator[Visitor]:
    """A visit with a browser of its own, whose profile in `folder` blocks all cookies, and with them all storage."""
    (folder / "Default").mkdir(parents=True)
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (folder / "Default" / "Preferences").write_text(json.dumps(settings))
    options = _launching()
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(folder, locale="en-US", **options)
        async with _watched(Visitor(context, home, ())) as visitor:
            yield visitor


async def axe(page: Page) -> None:
    """Fails with a list of what axe-core finds against the page: WCAG 2.2 A and AA, and its best practices."""
    await page.evaluate(FINISH)
    # Evaluated: a Content Security Policy would refuse a script element, but does not apply to this.
    await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    await page.evaluate(TRANSITIONS_ENDED)  # colours on their way have contrasts that nobody reads
    found = await page.evaluate(RUN_AXE, RULES)
    lines = []
    for rule in found["violations"]:
        lines.append(f"{rule['id']} ({rule['impact']}): {rule['help']}")
        for node in rule["nodes"]:
            why = " ".join(node["failureSummary"].split())
            lines.append(f"    {' '.join(map(str, node['target']))}: {why}")
    assert not lines, "\n".join([f"axe finds {len(found['violations'])} rules broken on {page.url}", *lines])


async def stop_clock(page: Page) -> None:
    """Stop the clock of a page, which must have been installed: what passes by itself stays until it is wound on."""
    now = await page.evaluate("Date.now()")
    await page.clock.pause_at(datetime.fromtimestamp(now / 1000 + WITHIN_S, UTC))  # ahead: until then it goes on


async def picture(page: Page, name: str) -> Path:
    """Write the whole page as `screenshots/NAME.png`, with its animations at their end, and return where that is."""
    path = SCREENSHOTS / f"{name}.png"
    await page.screenshot(path=path, full_page=True, animations="disabled")
    return path


async def throttled(page: Page, *, latency_ms: float, down_kbps: float, up_kbps: float) -> None:
    """Slow the page's requests from now on: each waits `latency_ms`, and kilobits pass at these rates a second."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    rates = {"downloadThroughput": down_kbps * 125, "uploadThroughput": up_kbps * 125}  # bytes a second
    await session.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency_ms, **rates})


@dataclass
class Transfer:
    """What a page was sent: bytes on the wire, compressed as they came and with their headers, by URL."""

    by_url: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, str] = field(default_factory=dict)
    """The URL of each request that has not ended; streams never end and are not waited for."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bytes(self) -> int:
        """All of it."""
        return sum(self.by_url.values())

    def asked(self, event: dict[str, Any]) -> None:
        """A request begins, or is redirected."""
        if event.get("type") not in ("EventSource", "WebSocket"):
            self.under_way[event["requestId"]] = event["request"]["url"]

    def ended(self, event: dict[str, Any]) -> None:
        """A request has been answered in full, or has failed."""
        if url := self.under_way.pop(event["requestId"], ""):
            self.by_url[url] = self.by_url.get(url, 0) + int(event.get("encodedDataLength", 0))
        self.moved.set()


@asynccontextmanager
async def transferred(page: Page) -> AsyncIterator[Transfer]:
    """Measures what is sent to a page inside of it: `async with transferred(page) as sent: await page.goto(…)`.

    Its end waits for the end of every request, and `sent.bytes` is then the sum.
    """
    sent = Transfer()
    session = await page.context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", sent.asked)
    session.on("Network.loadingFinished", sent.ended)
    session.on("Network.loadingFailed", sent.ended)
    await session.send("Network.enable")
    yield sent
    async with asyncio.timeout(WITHIN_S):
        await page.evaluate("0")  # whatever began before is known by now
        while sent.under_way:
            sent.moved.clear()
            await sent.moved.wait()
    await session.detach()
