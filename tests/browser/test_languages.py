"""The choice of a language, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import axe, blocking_storage
from tests.support.thorough import SLOW
from tests.support.vote_page import WAIT_MS, Booth, Paper, booth, said, server

__all__ = ["booth", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

MENU = "#language select"


@SLOW
async def test_a_chosen_language_holds_on_every_page_of_the_device(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.visit(viewport=(320, 640)) as visitor:
        page = await visitor.open("/?lang=en")
        menu = page.get_by_role("combobox", name=said("page.language"))
        await menu.focus()
        await menu.select_option("Deutsch")
        await expect(page.get_by_role("heading", level=1)).to_have_text(said("enter.heading", "de"), timeout=WAIT_MS)
        await expect(page).to_have_url(f"{booth.server.url}/")
        await axe(page)
        await page.goto(f"{booth.server.url}/vote/{poll['code']}")
        await Paper(page, "de").says("vote.tap")
        await axe(page)
        (kept,) = await visitor.context.cookies()
        assert kept.get("name") == "nexus_language"
        assert kept.get("value") == "de"
        assert kept.get("sameSite") == "Lax"
        live = await visitor.open(f"/live/{poll['code']}")
        await expect(live.locator("[data-act=help]")).to_have_attribute("aria-label", said("live.do_help", "de"))
        await live.keyboard.press("?")
        await live.get_by_role("dialog").locator("select").select_option("English")
        await expect(live.locator("html")).to_have_attribute("lang", "en", timeout=WAIT_MS)


@SLOW
async def test_where_no_cookie_can_be_kept_the_address_has_the_language(booth: Booth, tmp_path: Path) -> None:
    poll = await booth.poll("Yes", "No")
    async with blocking_storage(booth.server.url, tmp_path) as visitor:
        page = await visitor.open(f"/vote/{poll['code']}?from=slide")
        await page.locator(MENU).select_option("Deutsch")
        await Paper(page, "de").says("vote.tap")
        await expect(page).to_have_url(f"{booth.server.url}/vote/{poll['code']}?from=slide&lang=de")


BARS = """() => [...document.querySelectorAll("#results .track")].map((track) => {
  const [whole, part] = [track, track.querySelector(".fill")].map((one) => one.getBoundingClientRect());
  return part.left > whole.left + 5 && part.right >= whole.right - 1;
})"""
"""Whether each bar is filled from the right, and not to the left end."""


@SLOW
async def test_in_arabic_the_whole_page_runs_from_right_to_left(booth: Booth) -> None:
    poll = await booth.poll("C++", "نعم", question="أي لغة؟", results="live", crowd=(2, 1))
    async with booth.visit(locale="ar", reduced_motion="reduce") as visitor:
        page = await visitor.open(f"/vote/{poll['code']}")
        stage = await visitor.open(f"/live/{poll['code']}")
        for one in (page, stage):
            await expect(one.locator("html")).to_have_attribute("dir", "rtl")
            await expect(one.locator("#turnout")).to_contain_text("3", timeout=WAIT_MS)
            await expect(one.locator("#results .text").first).to_have_css("direction", "ltr")
            await expect(one.locator("#results .text").last).to_have_css("direction", "rtl")
            assert await one.evaluate(BARS) == [True, True]
            edges = "[...document.querySelectorAll('#results .text')].map((one) => one.getBoundingClientRect().right)"
            first, second = await one.evaluate(edges)
            assert abs(first - second) <= 1, "what is written from left to right begins where the others do"
        await axe(page)
        await axe(stage)
        aside, results = [await stage.locator(name).bounding_box() for name in ("aside", "#results")]
        assert aside and results and aside["x"] < results["x"]
