"""The presenter's page in a real browser: what an audience sees on it, and what a host does from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Request, WebSocket, expect

from nexus.http.pages.qr import qr_svg
from tests.support.audience import Device
from tests.support.browser import Visitor
from tests.support.counts_told import tells_counts
from tests.support.live_page import (
    PASSWORD,
    TOUCH_MS,
    Venue,
    account,
    act,
    in_touch,
    live,
    live_server,
    screen_path,
    shows,
    venue,
)
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDED = "This screen link has expired. Ask the host for a new one."
HOSTS_ACTS = ("open", "close", "reveal")


def path(poll: Json) -> str:
    return f"/live/{poll['code']}"


async def status_of(device: Device, poll: Json) -> tuple[str, str]:
    """The status and the results policy of a poll."""
    now = await device.get(f"/polls/{poll['id']}/")
    return now["status"], now["results"]


async def held_back(page: Page) -> None:
    """Returns once the stage says that the results are hidden, and contains no counts."""
    await expect(page.locator("#veil")).to_have_text("The results are hidden.")
    await shows(page, None, None, None)
    assert await page.locator("[data-count]").count() == 0
    assert await page.locator("#results .fill:not([style='transform: scaleX(0);'])").count() == 0


# --- What an audience sees --------------------------------------------------------------------------------------------


async def test_a_guest_sees_everything_of_an_open_poll(venue: Venue) -> None:
    ends = (datetime.now(UTC) + timedelta(minutes=9)).isoformat()
    poll = await venue.host.poll("Ja", "Nein", "Vielleicht", question="Gehen wir?", expires_at=ends)
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await shows(page, 2, 1, 0)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Gehen wir?")
        await expect(page.locator("#results .text")).to_have_text(["Ja", "Nein", "Vielleicht"])
        await expect(page.locator("#results .share")).to_have_text(["67%", "33%", "0%"])
        fills = await page.locator("#results .fill").evaluate_all("(all) => all.map((one) => one.style.transform)")
        assert [round(float(fill[7:-1]), 3) for fill in fills] == [0.667, 0.333, 0]
        await expect(page.locator("#turnout")).to_have_text("3 people voted")
        await expect(page.locator("#online")).to_have_text("1 online")
        await expect(page.locator("#status")).to_have_text("Open")
        await expect(page.locator("#left")).to_have_text(re.compile(r"^8:\d\d left$"))
        watcher = await venue.audience.voter(77).watch(poll)
        await venue.ballots(poll, 2, first=9)
        await shows(page, 2, 1, 1)
        await expect(page.locator("#online")).to_have_text("2 online", timeout=TOUCH_MS)
        await watcher.close()
        await check_how_to_join(page, venue, poll)


async def check_how_to_join(page: Page, venue: Venue, poll: Json) -> None:
    await expect(page.locator("#code")).to_have_text(poll["code"])
    await expect(page.locator(".join")).to_have_text(f"Join at {venue.server.url.removeprefix('http://')}")
    await expect(page.locator(".local")).to_contain_text("only works on this computer")
    picture = page.locator("#qr")
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    source = await picture.get_attribute("src") or ""
    for scheme in ("http", "https"):
        drawn = await page.request.get(venue.server.url + source.replace("scheme=http", f"scheme={scheme}"))
        assert await drawn.body() == qr_svg(f"{scheme}://127.0.0.1:{venue.server.port}/vote/{poll['code']}")


async def test_a_guest_can_do_nothing_to_a_poll(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        for name in HOSTS_ACTS:
            await expect(act(page, name)).to_have_count(0)
            await page.keyboard.press(name[0])
        await page.keyboard.press("?")  # by then the other keys have been handled
        await expect(page.get_by_role("dialog")).to_contain_text("log in as host")
        assert await status_of(venue.host, poll) == ("open", "live")


async def test_the_token_of_a_screen_link_is_in_no_request_and_no_log(venue: Venue) -> None:
    poll = await venue.host.poll(results="host")
    where = await screen_path(venue.host, poll)
    token = where.partition("#token=")[2]
    asked: list[Request | WebSocket] = []

    def note(one: Request | WebSocket) -> None:
        asked.append(one)

    async with venue.visit() as visitor:
        visitor.context.on("request", note)
        visitor.context.on("page", lambda page: page.on("websocket", note))
        page = await venue.page(visitor, where)
        await in_touch(page)
        await page.reload()
        await in_touch(page)
        assert len(asked) > 20 and any(isinstance(one, WebSocket) for one in asked)
        assert not [one.url for one in asked if token in one.url]
        headers = [await one.all_headers() for one in asked if isinstance(one, Request)]
        assert not [
            name for each in headers for name, text in each.items() if token in text and name != "authorization"
        ]
        await expect(act(page, "help")).to_be_attached()
        for name in (*HOSTS_ACTS, "login"):
            await expect(act(page, name)).to_have_count(1 if name == "login" else 0)
    assert "Nexus serves" in venue.server.log and token not in venue.server.log


async def test_what_is_hidden_reaches_no_guest(venue: Venue) -> None:
    async with venue.visit() as visitor:
        for policy in ("host", "after_vote", "after_close"):
            poll = await venue.host.poll(results=policy)
            await venue.ballots(poll, 0, 0, 0, 0, 1, 1, 1)
            await check_that_nothing_is_told(venue, visitor, poll)


async def check_that_nothing_is_told(venue: Venue, visitor: Visitor, poll: Json) -> None:
    told: list[str] = []
    page = await visitor.context.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: told.append(str(text))))
    answer = await page.goto(venue.server.url + live(poll))
    assert answer is not None
    told.append(await answer.text())
    await in_touch(page)
    await venue.ballots(poll, 2, first=20)
    await expect(page.locator("#turnout")).to_have_text("8 people voted")
    assert len([text for text in told if '"totals"' in text]) >= 2
    await shows(page, None, None, None)
    assert not [text for text in told if tells_counts(text)]
    assert "data-count" not in await page.content() and not tells_counts(await page.inner_text("body"))
    await page.close()


async def test_a_screen_holds_back_until_the_policy_lets_everybody_know(venue: Venue) -> None:
    device = venue.host
    async with venue.visit() as visitor:
        for policy in ("host", "after_vote", "after_close"):
            poll = await device.poll(results=policy)
            await venue.ballots(poll, 0, 0, 1)
            page = await venue.page(visitor, await screen_path(device, poll))
            await in_touch(page)
            await expect(page.locator("#veil")).to_be_visible()
            await shows(page, None, None, None)
            assert await page.locator("[data-count]").count() == 0
            await device.post(f"/polls/{poll['id']}/close/")
            await expect(page.locator("#status")).to_have_text("Closed" if policy == "host" else "Final results")
            if policy == "host":
                await held_back(page)
                await device.patch(f"/polls/{poll['id']}/", {"results": "live"})
            await shows(page, 2, 1, 0)
            await expect(page.locator("#veil")).to_be_hidden()
            await page.close()


async def test_a_poll_of_scripts_is_text(venue: Venue) -> None:
    evil = ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "{n} <!-- --> &lt;b&gt;"]
    poll = await venue.host.poll(*evil, question="<script>alert(3)</script>'\"")
    async with venue.visit() as visitor:
        await visitor.context.add_init_script("window.alert = () => console.error('a script of the poll has run')")
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await expect(page.locator("#results .text")).to_have_text(evil)
        await expect(page.get_by_role("heading", level=1)).to_have_text("<script>alert(3)</script>'\"")
        assert await page.title() == "<script>alert(3)</script>'\" – live – Nexus"
        assert await page.locator("main script, #results img").count() == 0


# --- What a host does -------------------------------------------------------------------------------------------------


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
        await expect(act(page, "close")).to_be_visible()
        await in_touch(page)
        await check_keys_and_buttons(page, [page, guest, screen])
        assert await status_of(venue.host, poll) == ("open", "live")


async def check_keys_and_buttons(page: Page, screens: list[Page]) -> None:
    """Close, reopen, hide and show results, with the keys and then with the buttons."""
    for by_key in (True, False):
        for name, says in (("close", "Final results"), ("open", "Open")):
            await (page.keyboard.press(name[0]) if by_key else act(page, name).click())
            for screen in screens:
                await expect(screen.locator("#status")).to_have_text(says)
            await expect(act(page, "open")).to_be_visible(visible=says != "Open")
            await expect(act(page, "close")).to_be_visible(visible=says == "Open")
        for says in ("Show results", "Hide results"):
            await (page.keyboard.press("r") if by_key else act(page, "reveal").click())
            await expect(act(page, "reveal")).to_have_text(says)
            for screen in screens:
                await (held_back(screen) if says == "Show results" else shows(screen, 2, 1, 0))


async def test_holding_back_again_is_by_the_policy_from_before(venue: Venue) -> None:
    poll = await venue.host.poll(results="after_vote")
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        for says, policy in (("Hide results", "live"), ("Show results", "after_vote")):
            await page.keyboard.press("r")
            await expect(act(page, "reveal")).to_have_text(says)
            assert await status_of(venue.host, poll) == ("open", policy)


async def test_a_stage_follows_a_poll_to_its_new_code(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit(allowed=["404"]) as visitor:
        page = await venue.page(visitor, await screen_path(venue.host, poll))
        await in_touch(page)
        code = (await venue.host.patch(f"/polls/{poll['id']}/", {"is_public": False}))["code"]
        assert code != poll["code"]
        await expect(page.locator("#code")).to_have_text(code)
        await expect(page.locator("#qr")).to_have_attribute("src", re.compile(rf"^/vote/{code}/qr\.svg"))
        await page.reload()  # at the address with the old code
        await expect(page.locator("#code")).to_have_text(code)
        await in_touch(page)


async def test_keys_are_listed_and_can_be_switched_off(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        await page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(dialog.locator("kbd")).to_have_text(["O", "C", "R", "F", "?"])
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


async def test_a_host_presents_by_keyboard_alone(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True, clock=True)
        await in_touch(page)
        await page.clock.fast_forward(5000)
        await expect(page.locator("body.idle")).to_be_attached()
        await expect(act(page, "close")).to_be_hidden()
        for name in ("close", "reveal", "full", "help"):
            await page.keyboard.press("Tab")
            await expect(act(page, name)).to_be_focused()
        await page.clock.fast_forward(5000)
        await expect(act(page, "help")).to_be_visible()  # while it has the focus
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await page.evaluate("document.querySelector('dialog[open]').contains(document.activeElement)")
        await page.keyboard.press("Escape")
        await expect(act(page, "help")).to_be_focused()
        for _ in range(3):
            await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("Final results")
        await expect(act(page, "open")).to_be_focused()  # in its place
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_have_text("Open")
        await expect(act(page, "close")).to_be_focused()
