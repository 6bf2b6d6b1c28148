"""The choice of a language, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import axe, blocking_storage
from tests.support.vote_page import WAIT_MS, Booth, Paper, booth, said, server

__all__ = ["booth", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

MENU = "#language select"


async def test_a_chosen_language_holds_on_every_page_of_the_device(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.visit(viewport=(320, 640)) as visitor:
        page = await visitor.open("/?lang=en")
        menu = page.get_by_role("combobox", name=said("shared.language"))
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
        await live.get_by_role("button", name=said("live.do_help", "de")).click(timeout=WAIT_MS)
        await live.get_by_role("dialog").locator("select").select_option("English")
        await expect(live.locator("html")).to_have_attribute("lang", "en", timeout=WAIT_MS)


async def test_where_no_cookie_can_be_kept_the_address_has_the_language(booth: Booth, tmp_path: Path) -> None:
    poll = await booth.poll("Yes", "No")
    async with blocking_storage(booth.server.url, tmp_path) as visitor:
        page = await visitor.open(f"/vote/{poll['code']}?from=slide")
        await page.locator(MENU).select_option("Deutsch")
        await Paper(page, "de").says("vote.tap")
        await expect(page).to_have_url(f"{booth.server.url}/vote/{poll['code']}?from=slide&lang=de")
