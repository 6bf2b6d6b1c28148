"""The browser of the tests itself: it shows what a page does, and fails a test for what a page must not do."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.browser import PHONE, Chromium, axe, picture, program, throttled, transferred
from tests.support.served import serving
from tests.support.thorough import SLOW

in_session = pytest.mark.asyncio(loop_scope="session")

GOOD = "<html lang=en><title>Good</title><main><h1>Good</h1><button>Press</button></main></html>"
BAD = "<html lang=en><title>Bad</title><main><h1>Bad</h1><button></button><img src='data:,'></main></html>"
AT_HOME = {
    "(console.error('one'), console.warn('two'))": r"^console: one \[\S*\]$",
    "new Promise((done) => { setTimeout(() => { throw new Error('one') }); setTimeout(done, 1) })": r"^uncaught: .*one",
    "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))": "script-src.* refused",
    "fetch('/api/no/such/')": r"^console: .*404.*\[http\S+/api/no/such/\]$",
}
"""What a page of the server may do, and the complaint."""
ELSEWHERE = {
    "fetch('http://127.0.0.1:1/a').catch(() => {})": "^another origin: http://127.0.0.1:1/a",
    "fetch('http://example.com/').catch(() => {})": "ERR_NAME_NOT_RESOLVED",
    "new Promise((done) => { new WebSocket('ws://127.0.0.1:1/b').onerror = done })": "origin: ws://127",
}
"""The same on a page without a policy."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with serving(tmp_path_factory.mktemp("home"), module_database_url) as server:
        yield server.url


@SLOW
@in_session
async def test_a_page_is_shown_as_asked_for(chromium: Chromium, home: str, tmp_path: Path) -> None:
    asked = {"locale": "de-DE", "color_scheme": "dark", "reduced_motion": "reduce"}
    async with chromium.visit(home, viewport=PHONE, **asked) as visitor:  # type: ignore[arg-type]
        page = await visitor.open("/api/")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        dark, still = "matchMedia('(prefers-color-scheme: dark)')", "matchMedia('(prefers-reduced-motion: reduce)')"
        seen = await page.evaluate(f"[innerWidth, navigator.language, {dark}.matches, {still}.matches]")
        assert seen == [PHONE[0], "de-DE", True, True]
        path = await picture(page, "harness")
        assert path.read_bytes().startswith(b"\x89PNG")


@SLOW
@in_session
async def test_what_is_sent_is_measured_and_slowed(chromium: Chromium, home: str) -> None:
    async with chromium.visit(home) as visitor:
        page = await visitor.context.new_page()
        await throttled(page, latency_ms=300, down_kbps=1000, up_kbps=1000)
        began = time.monotonic()
        async with transferred(page) as sent:
            await page.goto(f"{home}/api/")
        assert time.monotonic() - began >= 0.3
        assert set(sent.by_url) >= {f"{home}/api/", f"{home}/api/assets/api.css"}
        whole = await page.evaluate("fetch('/api/').then((answer) => answer.text())")
        assert 500 < sent.by_url[f"{home}/api/"] < len(whole) + 2000
        assert sent.bytes == sum(sent.by_url.values())


@SLOW
@in_session
async def test_a_page_is_offline_when_asked_for(chromium: Chromium, home: str) -> None:
    async with chromium.visit(home, offline=True, allowed=["ERR_INTERNET_DISCONNECTED"]) as visitor:
        page = await visitor.context.new_page()
        with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
            await page.goto(f"{home}/api/")


async def visit_and_do(chromium: Chromium, home: str, address: str, script: str) -> None:
    async with chromium.visit(home) as visitor:
        page = await visitor.context.new_page()
        await page.goto(address)
        await page.evaluate(f"async () => {{ await {script} }}")


@in_session
@pytest.mark.parametrize(("script", "complaint"), AT_HOME.items(), ids=["console", "uncaught", "policy", "404"])
async def test_what_a_page_complains_of_fails_its_test(
    chromium: Chromium, home: str, script: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=f"(?m){complaint}"):
        await visit_and_do(chromium, home, f"{home}/api/", script)


@SLOW
@in_session
@pytest.mark.parametrize(("script", "complaint"), ELSEWHERE.items(), ids=["port", "name", "socket"])
async def test_what_a_page_asks_elsewhere_fails_its_test(
    chromium: Chromium, home: str, script: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=f"(?m){complaint}"):
        await visit_and_do(chromium, home, "about:blank", script)


@in_session
async def test_what_a_test_provokes_is_allowed(chromium: Chromium, home: str) -> None:
    async with chromium.visit(home, allowed=["one"]) as visitor:
        page = await visitor.open("/api/")
        visitor.allow("404.*/no/such/")
        await page.evaluate("() => { console.error('one'); return fetch('/api/no/such/').then(() => 0) }")


@in_session
async def test_axe_finds_what_is_bad_and_nothing_else(chromium: Chromium, home: str) -> None:
    async with chromium.visit(home) as visitor:
        page = await visitor.open("/api/")  # its policy admits no scripts from elsewhere
        await page.set_content(GOOD)
        await axe(page)
        await page.set_content(BAD)
        with pytest.raises(AssertionError, match=r"(?s)2 rules broken.*button-name .*button: .*image-alt .*img: "):
            await axe(page)


def test_without_a_browser_its_tests_are_skipped_but_where_all_must_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("NEXUS_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium"):
        program()
    monkeypatch.setenv("NEXUS_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        program()
