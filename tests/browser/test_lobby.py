"""The lobby in a real browser: a phone and a stage wait for a poll, and become it by themselves."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import PHONE, axe, picture
from tests.support.live_page import (
    CUT_OFF,
    PASSWORD,
    TOUCH_MS,
    Venue,
    account,
    in_touch,
    live,
    live_server,
    offers,
    painted,
    press,
    shows,
    venue,
)
from tests.support.stage_layout import MEASURE
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "Which secret will be told?"


async def draft(venue: Venue, **fields: object) -> Json:
    poll: Json = await venue.host.poll(status="draft", question=SECRET, **fields)
    return poll


async def open_now(venue: Venue, poll: Json) -> None:
    await venue.host.post(f"/polls/{poll['id']}/open/")


async def waits(page: Page) -> None:
    """Returns once the page waits; fails where it tells anything of the poll, or is another document than at first."""
    await expect(page.locator(".lobby h1")).to_be_visible()
    await expect(page.locator("body[data-touch=good]")).to_be_attached(timeout=TOUCH_MS)
    assert SECRET not in await page.content()
    assert await page.evaluate("window.same ??= crypto.randomUUID(), document.title.includes('secret')") is False


async def same_page(page: Page) -> bool:
    return bool(await page.evaluate("'same' in window"))


async def test_phones_and_a_stage_become_the_poll_by_themselves(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit(viewport=PHONE) as phones, venue.visit() as hall:
        phone = await phones.open(f"/vote/{poll['code']}")
        short = await phones.open(f"/{poll['code']}")
        stage = await venue.page(hall, live(poll))
        for page in (phone, short, stage):
            await waits(page)
            await axe(page)
        assert await phone.get_by_role("heading", level=1).text_content() == "You’re in."
        assert await phone.locator("main :is(button, input, a)").count() == 0
        await expect(stage.locator(".lobby .code")).to_have_text(poll["code"])
        await expect(stage.locator(".lobby .join strong")).to_have_text("votes.example:8443")
        assert await stage.locator(".lobby #qr").evaluate(
            "(image) => image.decode().then(() => image.naturalWidth > 0)"
        )
        await picture(phone, "lobby-phone")
        await picture(stage, "lobby-stage")
        await open_now(venue, poll)
        await expect(stage.locator("#question")).to_have_text(SECRET)
        await shows(stage, 0, 0, 0)
        for page in (phone, short):
            await page.get_by_role("button", name="Yes").first.click()
            await expect(page.locator("#said")).to_contain_text("recorded")
        await shows(stage, 1, 0, 0)  # the phone's tabs are one guest
        for page in (phone, short, stage):
            assert await same_page(page)
            await expect(page.locator(".lobby")).to_have_count(0)


@SLOW
async def test_a_poll_for_members_asks_for_the_login_only_when_it_opens(venue: Venue) -> None:
    poll = await draft(venue, allow_guests=False)
    async with venue.visit(viewport=PHONE) as visitor:
        page = await visitor.open(f"/vote/{poll['code']}")
        await waits(page)
        visitor.allow("403")
        await open_now(venue, poll)
        await page.get_by_label("Username").fill(venue.account.name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await expect(page.locator("#question")).to_have_text(SECRET)
        assert await same_page(page)


@SLOW
async def test_a_poll_that_goes_is_said_to_be_gone(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit(viewport=PHONE) as visitor:
        phone, stage = await visitor.open(f"/vote/{poll['code']}"), await venue.page(visitor, live(poll))
        for page in (phone, stage):
            await waits(page)
        assert (await venue.host.call("DELETE", f"/polls/{poll['id']}/")).status == 204
        for page in (phone, stage):
            await expect(page.get_by_role("heading", level=1)).to_have_text("Poll not found")
            await expect(page.get_by_label("Code", exact=True)).to_be_visible()


@SLOW
async def test_a_presenter_opens_voting_from_the_lobby(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit() as visitor:
        visitor.allow("404")  # the login is tried before the lobby
        page = await venue.page(visitor, live(poll))
        await waits(page)
        await page.keyboard.press("l")
        await page.get_by_label("Username").fill(venue.account.name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await offers(page, "open")
        await expect(page.locator(".lobby .code")).to_have_text(poll["code"])
        await expect(page.locator("#question")).to_be_hidden()
        assert "secret" not in await page.title()
        await press(page, "open")
        await expect(page.locator("#question")).to_be_visible()
        await expect(page.locator(".lobby")).to_have_count(0)
        assert (await venue.host.get(f"/polls/{poll['id']}/"))["status"] == "open"
        await in_touch(page)


@SLOW
async def test_a_lobby_says_that_the_connection_is_lost_and_comes_back(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit(viewport=PHONE, allowed=CUT_OFF) as visitor:
        pages = [await visitor.open(f"/vote/{poll['code']}"), await venue.page(visitor, live(poll))]
        for page in pages:
            await waits(page)
        await venue.server.stop()
        for page in pages:
            await expect(page.locator("body[data-touch=lost]")).to_be_attached(timeout=TOUCH_MS)
            await expect(page.locator("#link")).to_contain_text("No connection")
            await expect(page.locator("#link")).to_be_visible()
        await venue.server.start()
        for page in pages:
            await in_touch(page)
        await open_now(venue, poll)
        for page in pages:
            await expect(page.locator("#question")).to_have_text(SECRET, timeout=TOUCH_MS)
            assert await same_page(page)


async def test_the_lobby_of_an_overlay_is_laid_out_in_its_place(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit(locale="ar", reduced_motion="reduce") as visitor:
        for query in ("at=top-right&show=join,qr", "show=join,qr"):
            page = await venue.page(visitor, f"{live(poll)}?overlay=1&{query}")
            await waits(page)
            for part in (".join strong", ".code", "#qr"):
                await expect(page.locator(part)).to_be_visible()
            await painted(page)
            found = await page.evaluate(MEASURE)
            assert found["texts"] and not found["number"], found


LOBBY = """async (code) => {
  const stage = document.querySelector("script[src*='screens/live.']").src;
  const { lobbyOf } = await import(stage.replace(/live\\.[^/]*$/, "live/lobby.js"));
  document.querySelector(".lobby").replaceWith(lobbyOf(code));
  const address = document.querySelector(".lobby strong");
  address.textContent = "voting.conference2027.example.org";
  address.style.setProperty("--letters", address.textContent.length);
}"""
"""Shows the lobby of another code, at a long address."""
LINES = """(one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const boxes = [...range.getClientRects()];
  return boxes.length === 1 && boxes[0].left >= 0 && boxes[0].right <= innerWidth;
}"""


async def test_a_lobby_cuts_no_code_and_no_address(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll))
        await waits(page)
        await page.evaluate(LOBBY, "WWWMMM")
        for width, height in ((1080, 1920), (768, 1024), (360, 740), (1280, 720)):
            await page.set_viewport_size({"width": width, "height": height})
            for part in (".code", "strong"):
                assert await page.locator(f".lobby {part}").evaluate(LINES), (part, width)


@SLOW
async def test_where_sockets_are_blocked_the_lobby_asks(venue: Venue) -> None:
    poll = await draft(venue)
    async with venue.visit(viewport=PHONE, allowed=(*CUT_OFF, "Nexus uses HTTP")) as visitor:
        page = await visitor.context.new_page()
        await page.route_web_socket(re.compile("/ws$"), lambda socket: socket.close(code=1006))
        await page.add_init_script(
            "WebSocket = class extends EventTarget { constructor() { super(); "
            "setTimeout(() => this.dispatchEvent(new Event('error'))) } close() {} };"
        )
        await page.goto(f"{venue.server.url}/vote/{poll['code']}")
        await waits(page)
        await open_now(venue, poll)
        await expect(page.locator("#question")).to_have_text(SECRET, timeout=TOUCH_MS)
