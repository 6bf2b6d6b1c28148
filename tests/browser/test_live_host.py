"""What a host does from the presenter's page in a real browser, by keys and buttons."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.audience import Device
from tests.support.live_page import (
    PASSWORD,
    Venue,
    account,
    act,
    held_back,
    in_touch,
    live,
    live_server,
    offers,
    press,
    screen_path,
    shows,
    venue,
)
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def status_of(device: Device, poll: Json) -> tuple[str, str]:
    """The status and the results policy of a poll."""
    now = await device.get(f"/polls/{poll['id']}/")
    return now["status"], now["results"]


async def test_a_host_logs_in_and_every_screen_follows(venue: Venue) -> None:
    poll = await venue.host.poll()
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit() as visitor:
        guest = await venue.page(visitor, live(poll))
        screen = await venue.page(visitor, await screen_path(venue.host, poll))
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await page.keyboard.press("l")
        await expect(page.get_by_label("Username")).to_be_focused()
        await page.keyboard.type(venue.account.name)
        await page.keyboard.press("Tab")
        await page.keyboard.type(f"{PASSWORD}?")  # contains all shortcuts, which do nothing in a field
        await page.keyboard.press("Enter")
        visitor.allow("401")
        await expect(page.get_by_role("alert").first).to_have_text("Wrong username or password.")
        assert await page.get_by_role("dialog").count() == 1
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await offers(page, "close")
        await in_touch(page)
        await check_keys_and_buttons(page, [page, guest, screen])
        assert await status_of(venue.host, poll) == ("open", "live")


async def check_keys_and_buttons(page: Page, screens: list[Page]) -> None:
    """Close, reopen, hide and show results, with the keys and then with the buttons."""
    for by_key in (True, False):
        for name, says in (("close", "Final results"), ("open", "Open")):
            await (page.keyboard.press(name[0]) if by_key else press(page, name))
            for screen in screens:
                await expect(screen.locator("#status")).to_have_text(says)
            await offers(page, "open", whether=says != "Open")
            await offers(page, "close", whether=says == "Open")
        for says in ("Show results", "Hide results"):
            await (page.keyboard.press("r") if by_key else press(page, "reveal"))
            await expect(act(page, "reveal")).to_have_text(says)
            for screen in screens:
                await (held_back(screen) if says == "Show results" else shows(screen, 2, 1, 0))


@SLOW
async def test_holding_back_again_is_by_the_policy_from_before(venue: Venue) -> None:
    poll = await venue.host.poll(results="after_vote")
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        for says, policy in (("Hide results", "live"), ("Show results", "after_vote")):
            await page.keyboard.press("r")
            await expect(act(page, "reveal")).to_have_text(says)
            assert await status_of(venue.host, poll) == ("open", policy)


@SLOW
async def test_a_stage_follows_a_poll_to_its_new_code(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit(allowed=["404"]) as visitor:
        page = await venue.page(visitor, await screen_path(venue.host, poll))
        await in_touch(page)
        code = (await venue.host.patch(f"/polls/{poll['id']}/", {"is_public": False}))["code"]
        assert code != poll["code"]
        await expect(page.locator("#code")).to_have_text(code)
        await expect(page.locator("#qr")).to_have_attribute("src", re.compile(rf"/vote/{code}/qr\.svg"))
        await page.reload()  # at the address with the old code
        await expect(page.locator("#code")).to_have_text(code)
        await in_touch(page)


@SLOW
async def test_keys_are_listed_and_can_be_switched_off(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        await page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(dialog.locator("kbd")).to_have_text([*"OCRT→←JABDF?"])
        await page.keyboard.press("c")  # a dialog is open: nothing
        await page.get_by_label("Enable shortcuts").uncheck()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        for key in "cfr":
            await page.keyboard.press(key)
        await page.keyboard.press("?")  # still works: it leads to the switch
        await page.get_by_label("Enable shortcuts").check()
        assert await status_of(venue.host, poll) == ("open", "live")
        await dialog.get_by_role("button", name="Close").click()
        await page.keyboard.press("Control+c")
        await page.keyboard.press("f")
        await page.wait_for_function("() => document.fullscreenElement === document.documentElement")
        assert await status_of(venue.host, poll) == ("open", "live")
        await page.keyboard.press("f")
        await page.wait_for_function("() => document.fullscreenElement === null")
        await page.keyboard.press("c")
        await expect(page.locator("#status")).to_have_text("Final results")


@SLOW
async def test_a_host_presents_by_keyboard_alone(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True, clock=True)
        await in_touch(page)
        await page.clock.fast_forward(5000)
        await expect(page.locator("body.idle")).to_be_attached()
        await expect(act(page, "close")).to_be_hidden()
        for name in ("close", "reveal", "timer", "join", "theme", "full", "help"):
            await page.keyboard.press("Tab")
            await expect(act(page, name)).to_be_focused()
        await page.clock.fast_forward(5000)
        await expect(act(page, "help")).to_be_visible()  # while it has the focus
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await page.evaluate("document.querySelector('dialog[open]').contains(document.activeElement)")
        await page.keyboard.press("Escape")
        await expect(act(page, "help")).to_be_focused()
        for _ in range(6):
            await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("Final results")
        await expect(act(page, "open")).to_be_focused()  # in its place
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("Open")
        await expect(act(page, "close")).to_be_focused()
