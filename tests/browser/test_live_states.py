"""Every state of the presenter's page in a real browser, with the keyboard and for those who do not see it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.live_page import Venue, accessible, account, act, in_touch, live, live_server, offers, shows, venue
from tests.support.stage_layout import idle, resized
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@SLOW
async def test_every_state_of_a_stage_is_accessible(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen", question="Where shall we meet next year?")
    await venue.ballots(poll, 0, 0, 1, 0, 1, 2)
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll), login=True, clock=True)
        await in_touch(page)
        await offers(page, "close")
        await page.keyboard.press("Tab")
        await expect(act(page, "close")).to_be_focused()  # so they stay
        await accessible(page, "controls")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await accessible(page)
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        await expect(page.locator("#veil")).to_be_visible()
        await idle(page)
        await accessible(page, "held")
        await page.keyboard.press("r")
        await page.keyboard.press("c")
        await expect(page.locator("#status")).to_have_text("Final results")
        await shows(page, 3, 2, 1)
        await idle(page)
        await accessible(page, "closed")
        await page.keyboard.press("o")
        await expect(page.locator("#status")).to_have_text("Open")
    await check_as_a_guest(venue, poll)


async def check_as_a_guest(venue: Venue, poll: Json) -> None:
    async with venue.visit(reduced_motion="reduce", allowed=["404"]) as visitor:
        page = await venue.page(visitor, live(poll), clock=True)
        await in_touch(page)
        await page.keyboard.press("l")
        await accessible(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="hidden")
        await idle(page)
        await accessible(page, "open")
        await resized(page, (360, 740))
        await accessible(page, "open")
        await venue.host.call("DELETE", f"/polls/{poll['id']}/")
        await expect(page.get_by_role("heading", level=1)).to_have_text("This poll no longer exists")
        await accessible(page)
        await page.goto(venue.server.url + live({"code": "NOSUCH"}))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Poll not found")
        await expect(page.get_by_label("Code")).to_have_value("NOS UCH")
        await expect(page.get_by_role("alert")).to_have_text("There is no poll with this code.")
        await expect(page.locator("form.code button")).to_have_text("Show")
        await accessible(page)
