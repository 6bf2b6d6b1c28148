"""Every screen in every language on the narrowest phone, in a real browser: no text runs out of the page or is cut."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Chromium
from tests.support.host_page import REFUSED, home, hosting, server
from tests.support.rest import words
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = [pytest.mark.asyncio(loop_scope="session"), SLOW]

NARROWEST = (320, 640)
VIEWS = ("#/", "#/new", "#/account", "#/poll/{id}", "#/poll/{id}/edit", "#/poll/{id}/history")
EVENTS = (
    "#/events",
    "#/events/new",
    "#/event/{id}",
    "#/event/{id}/edit",
    "#/event/{id}/new",
    "#/event/{id}/history",
    "#/event/{id}/control",
)
PAGES = ("/", "/live", "/nowhere/at/all", "/vote/ZZZZZZ", "/vote/{code}", "/live/{code}", "/host")

LOST = """() => {
  const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflowX) || one.matches(".unseen");
  const ends = (one) => getComputedStyle(one).textOverflow === "ellipsis";
  const cuts = (one) => getComputedStyle(one).overflowX === "hidden" && !ends(one);
  const lost = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, noscript, option, svg") || !parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right, width } = range.getBoundingClientRect();
    let [from, to] = [0, innerWidth];
    for (let one = parent; one !== document.body; one = one.parentElement) {
      if (scrolls(one) || ends(one)) [from, to] = [-Infinity, Infinity];
      else if (cuts(one)) ({ left: from, right: to } = one.getBoundingClientRect());
      else continue;
      break;
    }
    if (width && (left < from - 1 || right > to + 1)) lost.push(`${node.data}: ${left}–${right} in ${from}–${to}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) lost.push(`the page: ${document.documentElement.scrollWidth}`);
  return lost;
}"""
"""The texts that the page or what cuts them off does not show whole; what scrolls, or ends in an ellipsis, does."""


async def nothing_is_lost(page: Page, where: str) -> None:
    await expect(page.locator("h1").first).to_be_visible()
    await expect(page.locator("main:not([aria-busy])")).to_be_attached()
    lost = await page.evaluate(LOST)
    assert not lost, "\n".join([where, *lost])


@pytest.mark.parametrize("language", words().languages)
async def test_no_text_is_lost_on_the_narrowest_phone(chromium: Chromium, home: str, language: str) -> None:
    async with hosting(chromium, home, viewport=NARROWEST, allowed=[REFUSED, r"status of 404"]) as host:
        poll = await host.make("Where should our next team trip go?", "Lisbon", "A cabin by a lake", max_choices=2)
        assert (await host.http.post(f"/polls/{poll['id']}/open/")).status_code == 200
        cookie = {"name": "nexus_language", "value": language, "url": home}
        await host.visitor.context.add_cookies([cookie])  # type: ignore[list-item]
        show = {
            "title": "All-hands 2026",
            "polls": [{"question": "Tea?", "options": [{"option_text": "A"}, {"option_text": "B"}]}],
        }
        event = (await host.http.post("/events/", json=show)).json()
        shown = {"poll": event["polls"][0]["id"]}
        assert (await host.http.post(f"/events/{event['id']}/show/", json=shown)).status_code == 200
        views = [view.format(**poll) for view in VIEWS] + [view.format(**event) for view in EVENTS]
        for path in (*PAGES, *(f"/host{view}" for view in views)):
            where = path.format(**poll)
            await host.page.goto(home + where)
            await expect(host.page.locator("html")).to_have_attribute("lang", language)
            await nothing_is_lost(host.page, f"{where} in {language}")
