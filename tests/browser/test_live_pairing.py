"""A stage that is let in by a pairing code, in a real browser: from a link, and from the field of `/live`."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_live_host import status_of
from tests.support.live_page import Venue, account, act, in_touch, live, live_server, offers, venue
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

GONE = "This pairing code has expired or has already been used. Get a new one on the host’s page."


async def code_of(venue: Venue, poll: Json, role: str = "presenter", **more: object) -> str:
    """A new pairing code."""
    made: Json = await venue.host.post(f"/polls/{poll['id']}/pairing/", {"role": role, **more})
    return str(made["code"])


async def presents(page: Page, venue: Venue, poll: Json) -> None:
    """Fails unless the stage can close and reopen the poll."""
    await in_touch(page)
    for name, status in (("close", "closed"), ("open", "open")):
        await page.keyboard.press(name[0])
        await offers(page, name, whether=False)
        await offers(page, {"close": "open", "open": "close"}[name])
        assert await status_of(venue.host, poll) == (status, "live")


@SLOW
async def test_a_link_that_hands_over_makes_a_presenter_once(venue: Venue) -> None:
    poll = await venue.host.poll()
    path = f"{live(poll)}#pair={await code_of(venue, poll, handover=True)}"
    async with venue.visit(allowed=["404"]) as visitor:
        page = await venue.page(visitor, path)
        await presents(page, venue, poll)
        assert page.url.endswith(live(poll)), "the code has left the address"
        await page.reload()
        await presents(page, venue, poll)
        other = await venue.page(visitor, path)
        await in_touch(other)
        await expect(other.get_by_text(GONE)).to_be_visible()
        await expect(act(other, "close")).to_have_count(0)


@SLOW
async def test_the_field_of_the_stage_takes_a_pairing_code(venue: Venue) -> None:
    poll = await venue.host.poll(status="draft")
    code = await code_of(venue, poll)
    async with venue.visit(allowed=["404"]) as visitor:
        page = await venue.page(visitor, "/live")
        field = page.get_by_label("Code")
        await field.fill("2345 6789")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").first).to_have_text(GONE)
        await field.fill(f"{code[:4]}-{code[4:]}".lower())
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**{live(poll)}")
        await in_touch(page)
        await page.keyboard.press("o")
        await offers(page, "close")
        assert await status_of(venue.host, poll) == ("open", "live")
