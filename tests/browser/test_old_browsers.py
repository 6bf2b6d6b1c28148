"""Every page in a browser that lacks what the oldest supported ones lack, and one that stores nothing
(docs/screens.md, "Browsers" and "Blocked storage")."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import PHONE, Chromium, blocking_storage
from tests.support.live_page import PASSWORD, Venue, account, act, in_touch, live, live_server, shows, venue
from tests.support.thorough import SLOW

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = """
for (const [owner, ...names] of [
  [AbortSignal, "timeout", "any"],
  [globalThis, "structuredClone", "requestIdleCallback", "BroadcastChannel", "Sanitizer"],
  [Array.prototype, "at", "findLast", "findLastIndex", "toSorted", "toReversed", "toSpliced", "with"],
  [String.prototype, "at", "isWellFormed", "toWellFormed"],
  [Object, "hasOwn", "groupBy"],
  [Map, "groupBy"],
  [Promise, "withResolvers", "try"],
  [Array, "fromAsync"],
  [Set.prototype, "union", "intersection", "difference"],
  [URL, "canParse", "parse"],
  [crypto, "randomUUID"],
  [Crypto.prototype, "randomUUID"],
  [Element.prototype, "checkVisibility", "requestFullscreen"],
  [Document.prototype, "startViewTransition"],
  [Navigator.prototype, "wakeLock", "locks", "share", "userActivation"],
]) for (const name of names) delete owner[name];
"""
"""Takes from a page what Safari 15 does not have, or only some of its versions."""


async def vote(page: Page) -> None:
    """Cast the first vote on a phone."""
    await page.get_by_role("button", name="Yes").first.click()
    await expect(page.locator("#said")).to_contain_text("recorded")


async def log_in(page: Page, venue: Venue) -> None:
    await page.get_by_label("Username").fill(venue.account.name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Password").press("Enter")


async def walk(page: Page, venue: Venue, *, stores: bool) -> None:
    """Use every page: enter a code, wait, vote, show, log in, and look at all that hosts have."""
    poll, draft = await venue.host.poll(), await venue.host.poll(status="draft")
    await page.goto(venue.server.url)
    await page.get_by_label("Code").fill(f"{venue.server.url}/vote/{poll['code']}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/vote/{poll['code']}")
    await vote(page)
    await page.goto(f"{venue.server.url}/vote/{draft['code']}")
    await expect(page.locator(".lobby h1")).to_be_visible()
    await expect(page.locator("body[data-touch=good]")).to_be_attached()
    await venue.host.post(f"/polls/{draft['id']}/open/")
    await vote(page)
    await page.goto(venue.server.url + live(poll))
    await in_touch(page)
    await shows(page, 1, 0, 0)
    await page.keyboard.press("l")
    await log_in(page, venue)
    await expect(act(page, "close")).to_be_attached()
    await page.keyboard.press("c")
    await expect(page.locator("#status")).to_have_text("Final results")
    await page.goto(f"{venue.server.url}/host")
    if not stores:  # so the login of the page before has ended with it
        await log_in(page, venue)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    for path in (
        "new",
        f"polls/{poll['id']}",
        f"polls/{poll['id']}/edit",
        f"polls/{poll['id']}/history",
        "account",
        "",
    ):
        await page.evaluate("(path) => { location.hash = `#/${path}`; }", path)
        await expect(page.locator("main :is(h1, h2)").first).to_be_visible()
        await expect(page.get_by_text("Loading…")).to_have_count(0)


@SLOW
async def test_every_page_works_in_a_browser_of_2022(venue: Venue) -> None:
    async with venue.visit(viewport=PHONE, allowed=["404"]) as visitor:
        await visitor.context.add_init_script(OLD)
        await walk(await visitor.context.new_page(), venue, stores=True)


@SLOW
async def test_every_page_works_where_nothing_is_stored(venue: Venue, chromium: Chromium, tmp_path: Path) -> None:
    async with blocking_storage(venue.server.url, tmp_path / "profile") as visitor:
        visitor.allow("404")
        page = await visitor.context.new_page()
        await walk(page, venue, stores=False)
        assert (
            await page.evaluate("(() => { try { return localStorage.length } catch { return 'blocked' } })()")
            == "blocked"
        )
