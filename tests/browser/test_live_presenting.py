"""Presenting in a real browser: clickers, the countdown, covers, and what keys say that can do nothing."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.test_live_host import status_of
from tests.support.browser import stop_clock
from tests.support.live_page import (
    TOUCH_MS,
    Venue,
    account,
    act,
    held_back,
    in_touch,
    live,
    live_server,
    offers,
    painted,
    register,
    screen_path,
    shows,
    venue,
)
from tests.support.thorough import SLOW

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


NOTE_LEFT = """() => {
  window.left = [];
  const ring = document.querySelector("#left");
  new MutationObserver(() => {
    if (!ring.hidden) window.left.push(`${ring.ariaLabel}${ring.matches("[data-last]") ? ", the last" : ""}`);
  }).observe(ring, { attributes: true });
}"""
"""Keeps what the ring of a countdown says: each of its figures lasts a second."""


async def test_a_clicker_runs_a_poll_and_takes_a_step_back(venue: Venue) -> None:
    poll = await venue.host.poll(status="draft", results="host")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll), login=True, clock=True)
        await expect(page.locator("body[data-touch=good]")).to_be_attached()
        await offers(page, "open")
        await stop_clock(page)
        for key, status, policy in (
            ("PageDown", "open", "host"),
            ("ArrowRight", "open", "live"),
            ("ArrowLeft", "open", "host"),
            ("PageDown", "open", "live"),
            ("Space", "closed", "live"),
            ("PageUp", "open", "live"),
        ):
            await page.evaluate("document.activeElement.blur()")
            await page.keyboard.press(key)
            await expect(page.locator("#status")).to_have_attribute("data-status", status)
            await expect(act(page, "reveal")).to_have_text("Show results" if policy == "host" else "Hide results")
            assert await status_of(venue.host, poll) == (status, policy)
            await page.clock.fast_forward(1000)  # until then a doubled press is one step


@SLOW
async def test_tools_that_could_not_be_loaded_come_by_themselves(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit(allowed=("ERR_FAILED",)) as visitor:
        refused = 0

        async def refuse(route: Route) -> None:
            nonlocal refused
            refused += 1
            await (route.abort() if refused == 1 else route.continue_())

        await visitor.context.route("**/live/presenting*.js*", refuse)
        page = await venue.page(visitor, live(poll))
        await expect(page.locator(".controls")).to_be_attached(timeout=TOUCH_MS)
        assert refused > 1


@SLOW
async def test_closing_can_be_undone(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True, clock=True)
        await in_touch(page)
        await offers(page, "close")
        await stop_clock(page)
        await page.keyboard.press("c")
        await expect(page.locator("#trouble")).to_contain_text("Voting is closed.")
        await act(page, "undo").click()
        await expect(page.locator("#status")).to_have_text("Open")
        await expect(page.locator("#trouble")).to_be_hidden()


@SLOW
async def test_a_key_that_can_do_nothing_says_why(venue: Venue) -> None:
    stranger = await register(venue.server, "stranger")
    poll = await stranger.at(venue.audience).poll()
    for login, says in ((False, "Log in first (L)."), (True, "This poll belongs to someone else.")):
        async with venue.visit() as visitor:
            page = await venue.page(visitor, live(poll), login=login, clock=True)
            await in_touch(page)
            await offers(page, "login")
            await stop_clock(page)
            for key in "ocrt":
                await page.keyboard.press(key)
                await expect(page.locator("#trouble")).to_contain_text(says)
    assert await status_of(stranger.at(venue.audience), poll) == ("open", "live")


@SLOW
async def test_a_countdown_closes_the_poll(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        await expect(page.locator("#left")).to_be_hidden()
        await page.keyboard.press("t")
        await expect(page.locator("[data-seconds='30']")).to_be_focused()
        await page.evaluate(NOTE_LEFT)
        await page.locator("[data-seconds='15']").click()
        await expect(page.locator("#status")).to_have_text("Final results", timeout=TOUCH_MS + 15_000)
        await expect(page.locator("#left")).to_be_hidden()
        left = await page.evaluate("window.left")
        assert {re.sub(r"^0:(0\d|1[0-5]) left", "left", one) for one in left} == {"left", "left, the last"}, left


INSIDE = """(one) => {
  const { left, right, top, bottom } = one.getBoundingClientRect();
  return one.scrollWidth <= one.clientWidth && left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
}"""


async def test_a_cover_goes_at_any_key_and_does_nothing_else(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        cover = page.locator(".cover")
        await page.keyboard.press("b")
        await expect(cover).to_be_visible()
        await page.keyboard.press("c")
        await expect(cover).to_have_count(0)
        await page.keyboard.press("j")
        await expect(cover.locator(".code")).to_have_text(poll["code"])
        await expect(cover.locator("img")).to_be_visible()
        await expect(cover.locator(".asked")).to_have_text(poll["question"])
        for width, height in ((1280, 720), (768, 1024)):
            await page.set_viewport_size({"width": width, "height": height})
            await painted(page)
            assert await cover.bounding_box() == {"x": 0, "y": 0, "width": width, "height": height}
            assert await cover.locator(".code").evaluate(INSIDE)
        await page.keyboard.press("Escape")
        await expect(cover).to_have_count(0)
        assert await status_of(venue.host, poll) == ("open", "live")


FAKE_LOCKS = """
globalThis.shown = "visible";
let asked = 0;
const request = async (type) => {
  const { dataset } = document.documentElement;
  const lock = `${type} ${(asked += 1)}`;
  dataset.lock = lock;
  return { release: async () => void (dataset.released = lock) };
};
Object.defineProperty(navigator, "wakeLock", { value: { request } });
Object.defineProperty(document, "visibilityState", { get: () => shown });
"""
"""A browser whose page tells its last lock, and the last that was released, and is in sight if `shown` says so."""


@SLOW
async def test_a_stage_stays_on_as_long_as_it_is_in_sight(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        await visitor.context.add_init_script(FAKE_LOCKS)
        page = await venue.page(visitor, live(poll), clock=True)
        whole = page.locator(":root")
        await expect(page.locator(".controls")).to_be_attached(timeout=TOUCH_MS)
        await page.clock.fast_forward(10_000)
        await expect(whole).to_have_attribute("data-lock", "screen 1", timeout=TOUCH_MS)
        turn = "(how) => { shown = how; document.dispatchEvent(new Event('visibilitychange')); }"
        await page.evaluate(turn, "hidden")
        await expect(whole).to_have_attribute("data-lock", "screen 1")
        await page.evaluate(turn, "visible")  # the system had ended the first
        await expect(whole).to_have_attribute("data-lock", "screen 2")
        await venue.host.call("DELETE", f"/polls/{poll['id']}/")
        await expect(whole).to_have_attribute("data-released", "screen 2")
        await page.evaluate(turn, "visible")
        await expect(whole).to_have_attribute("data-lock", "screen 2")


@SLOW
async def test_the_stage_is_dark_or_light_by_a_key(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit(color_scheme="light") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        for theme in ("dark", "light"):
            await page.keyboard.press("d")
            await expect(page.locator(f":root[data-theme={theme}]")).to_be_attached()


@SLOW
async def test_the_controls_cover_nothing_that_is_read(venue: Venue) -> None:
    poll = await venue.host.poll(results="host")
    await venue.ballots(poll, 0, 1)
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        await offers(page, "close")
        await held_back(page)
        for width, height in ((1280, 720), (1024, 768), (360, 740)):
            await page.set_viewport_size({"width": width, "height": height})
            await painted(page)
            await expect(act(page, "help")).to_be_in_viewport()
            under = await page.evaluate(
                """() => {
                  const bar = document.querySelector(".controls").getBoundingClientRect();
                  const read = "h1, .bar, #status, #turnout, #code, #qr, .join, #veil";
                  return [...document.querySelectorAll(read)].filter((one) => {
                    const box = one.getBoundingClientRect();
                    const across = Math.min(bar.right, box.right) - Math.max(bar.left, box.left);
                    return across > 1 && Math.min(bar.bottom, box.bottom) - Math.max(bar.top, box.top) > 1;
                  }).map((one) => one.outerHTML.slice(0, 60));
                }"""
            )
            assert under == [], (width, height)


@SLOW
async def test_a_stage_of_a_screen_link_offers_the_login_and_takes_no_hosts_key(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, await screen_path(venue.host, poll), clock=True)
        await in_touch(page)
        await offers(page, "login")
        await shows(page, 0, 0, 0)
        await stop_clock(page)
        await page.keyboard.press("c")
        await expect(page.locator("#trouble")).to_have_text("Log in first (L).")
    assert await status_of(venue.host, poll) == ("open", "live")
