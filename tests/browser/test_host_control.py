"""Live control: a show run from a phone, by several devices at once, and without a connection."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.support.browser import Chromium, axe
from tests.support.host_page import LOST, REFUSED, Host, guest_votes, home, hosting, server
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = (360, 640)
EVIL = "<img src=x onerror=alert(1)>"
LOCKS = """
const tell = (lock) => void (document.documentElement.dataset.lock = lock);
const request = async (type) => {
  tell(type);
  return { release: async () => tell("released") };
};
Object.defineProperty(navigator, "wakeLock", { value: { request } });
"""
"""A browser whose page tells what became of its last lock."""


async def make(host: Host, *questions: str, **fields: object) -> dict[str, Any]:
    """An event of this host, made by HTTP."""
    options = [{"option_text": "Yes"}, {"option_text": "No"}]
    polls = [{"question": one, "options": options, **fields} for one in questions]
    answer = await host.http.post("/events/", json={"title": f"Show {EVIL}", "polls": polls})
    assert answer.status_code == 201, answer.text
    event: dict[str, Any] = answer.json()
    return event


async def control(page: Page, home: str, event: dict[str, Any]) -> None:
    """Open live control of the event."""
    await page.goto(f"{home}/host#/event/{event['id']}/control")
    await expect(page.get_by_role("heading", level=1, name="Live control")).to_be_attached()


async def read(host: Host, event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is now."""
    found: dict[str, Any] = (await host.http.get(f"/events/{event['id']}/")).json()
    return found


def step(page: Page, name: str) -> Locator:
    """One of the two buttons under the thumb."""
    return page.locator(".thumb").get_by_role("button", name=re.compile(f"^{name}"))


def said(page: Page) -> Locator:
    """What has just been done."""
    return page.locator(".thumb .said")


def on_air(page: Page) -> Locator:
    """The question that is shown."""
    return page.locator("#on-air")


async def test_a_show_is_run_from_a_phone_by_keyboard_too(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=PHONE) as host:
        event = await make(host, f"First? {EVIL}", "Second?")
        page = host.page
        await control(page, home, event)
        await expect(on_air(page)).to_have_text("Nothing is shown right now.")
        await expect(step(page, "Back")).to_have_attribute("aria-disabled", "true")
        await expect(step(page, "Back")).to_contain_text("Nothing has been shown yet")
        await expect(step(page, "Next")).to_contain_text(f"1First? {EVIL}")
        await step(page, "Next").focus()
        for question in (f"First? {EVIL}", "Second?"):
            await page.keyboard.press("Enter")
            await expect(on_air(page)).to_have_text(question)
            await expect(said(page)).to_have_text(f"Shown now: {question}")
            await expect(step(page, "Next")).to_be_focused()
        await expect(step(page, "Next")).to_contain_text("End: thank everyone")
        await page.keyboard.press("Enter")
        await expect(said(page)).to_have_text("Nothing is shown now.")
        await expect(step(page, "Next")).to_contain_text("That was the last question")
        await page.reload()
        await expect(step(page, "Back")).to_contain_text("2Second?")  # also for who comes only now
        await step(page, "Back").click()
        await expect(on_air(page)).to_have_text("Second?")
        await page.get_by_role("button", name=f"Show question 1: First? {EVIL}").click()
        await expect(on_air(page)).to_have_text(f"First? {EVIL}")
        await page.get_by_role("button", name="Stop showing").click()
        await expect(on_air(page)).to_have_text("Nothing is shown right now.")
        assert (await read(host, event))["shown"] is None
        low = "(all) => all.map((one) => one.getBoundingClientRect().height).filter((high) => high && high < 44)"
        assert await page.locator("main :is(button, a)").evaluate_all(low) == [], "lower than 44 px"


async def test_what_has_just_been_shown_comes_into_view_and_the_focus_stays(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=PHONE) as host:
        page = host.page
        await control(page, home, await make(host, "First?", "Second?", "Third?"))
        chosen = page.locator(".questions button").first
        await step(page, "Next").click()
        await expect(on_air(page)).to_have_text("First?")  # a second press before that is the same one
        await step(page, "Next").click()
        await expect(on_air(page)).to_have_text("Second?")
        await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        await expect(on_air(page)).not_to_be_in_viewport()
        await chosen.focus()
        await page.keyboard.press("Enter")
        await expect(on_air(page)).to_have_text("First?")
        await expect(on_air(page)).to_be_in_viewport()
        await expect(chosen).to_be_focused()
        await expect(step(page, "Back")).to_contain_text("Then nothing is shown")


async def test_voting_time_and_results_are_under_control(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=PHONE) as host:
        event = await make(host, "First?", results="host")
        page = host.page
        await control(page, home, event)
        await expect(page.get_by_role("button", name="Open voting")).to_have_attribute("aria-disabled", "true")
        await expect(page.get_by_text("Show a question first.")).to_be_visible()
        await step(page, "Next").click()
        await expect(on_air(page)).to_have_text("First?")
        guest = await guest_votes(home, event["code"], (await poll_of(host, event, 0))["options"][0]["id"])
        await expect(page.get_by_text("1 person voted")).to_be_visible()
        await expect(page.locator(".on-air li").first).to_contain_text("100%")  # its host sees what is hidden
        for name, told, counts in (
            ("Show results", "Everyone sees the results now.", [1, 0]),
            ("Hide results", "Only hosts see the results now.", [None, None]),
        ):
            await page.get_by_role("button", name=name).click()
            await expect(said(page)).to_have_text(told)
            assert await counted(home, event, guest) == counts
        await page.get_by_role("button", name="30 s", exact=True).click()
        await expect(page.get_by_role("timer")).to_have_text(re.compile(r"^0:\d\d$"))
        await page.get_by_role("button", name="Close voting").click()
        await expect(page.get_by_role("button", name="Reopen voting")).to_be_focused()
        await expect(page.get_by_role("timer")).to_be_hidden()


async def poll_of(host: Host, event: dict[str, Any], place: int) -> dict[str, Any]:
    return await host.poll(event["polls"][place]["id"])


async def counted(home: str, event: dict[str, Any], token: str) -> list[int | None]:
    """The counts of the first question that a guest sees."""
    async with httpx.AsyncClient(base_url=home, headers={"Authorization": f"Bearer {token}"}) as http:
        poll = (await http.get(f"/polls/{event['polls'][0]['id']}/")).json()
    return [option["votes_count"] for option in poll["options"]]


@SLOW
async def test_two_devices_never_fight_and_see_what_the_other_did(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=PHONE, allowed=[REFUSED]) as host:
        event = await make(host, "First?", "Second?", "Third?")
        mine, other = host.page, await host.visitor.open("/host")
        for page in (mine, other):
            await control(page, home, event)
        held: asyncio.Queue[Route] = asyncio.Queue()
        await mine.route("**/show/", held.put)
        await step(mine, "Next").click()
        late = await asyncio.wait_for(held.get(), 10)
        await step(other, "Next").click()
        await expect(on_air(mine)).to_have_text("First?")
        await late.continue_()
        await expect(said(mine)).to_have_text("Somebody else was quicker: question 1 is shown now.")
        assert (await read(host, event))["shown"] == event["polls"][0]["id"], "no question was skipped"
        await mine.unroute("**/show/")

        await step(mine, "Next").dblclick()
        await expect(said(other)).to_have_text("Somebody else is showing question 2 now.")
        await expect(on_air(other)).to_have_text("Second?")
        await expect(said(mine)).to_have_text("Shown now: Second?")
        assert (await read(host, event))["shown"] == event["polls"][1]["id"], "a doubled press is one"
        for name, told in (
            ("Close voting", "Somebody else has closed voting."),
            ("1 min", "Somebody else has opened voting."),
            ("2 min", "Somebody else has set another end."),
            ("Hide results", "Somebody else has changed who sees the results."),
            ("Stop showing", "Somebody else has stopped showing: nothing is shown now."),
        ):
            await mine.get_by_role("button", name=name, exact=True).click()
            await expect(said(other)).to_have_text(told)
            await expect(said(mine)).not_to_contain_text("Somebody else")


@SLOW
async def test_a_lost_connection_is_said_and_nothing_can_be_pressed(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=PHONE, allowed=[LOST]) as host:
        event = await make(host, "First?", "Second?")
        page = host.page
        await control(page, home, event)
        await step(page, "Next").click()
        await expect(on_air(page)).to_have_text("First?")
        await host.visitor.context.set_offline(True)
        await expect(page.get_by_role("status").filter(has_text="No connection since")).to_be_visible(timeout=20_000)
        for button in (step(page, "Next"), page.get_by_role("button", name="Close voting")):
            await expect(button).to_have_attribute("aria-disabled", "true")
        await expect(step(page, "Next")).to_contain_text("No connection right now")
        await axe(page)
        await host.visitor.context.set_offline(False)
        await expect(said(page)).to_have_text("The connection is back.", timeout=20_000)
        await expect(page.locator(".thumb .note")).to_be_hidden()
        await expect(step(page, "Next")).to_contain_text("Second?")
        await host.visitor.context.set_offline(True)
        await expect(page.locator(".thumb .note")).to_be_visible(timeout=20_000)
        poll = event["polls"][1]["id"]
        await host.http.post(f"/events/{event['id']}/show/", json={"poll": poll})
        await host.visitor.context.set_offline(False)
        await expect(on_air(page)).to_have_text("Second?", timeout=20_000)
        await expect(step(page, "Back")).to_contain_text("First?")
        await step(page, "Back").click()
        await expect(on_air(page)).to_have_text("First?")


@SLOW
async def test_an_event_that_is_gone_is_not_controlled(chromium: Chromium, home: str) -> None:
    async with (
        hosting(chromium, home, allowed=[REFUSED]) as host,
        hosting(chromium, home, allowed=[REFUSED]) as stranger,
    ):
        event = await make(host, "First?")
        await control(host.page, home, event)
        await stranger.page.goto(f"{home}/host#/event/{event['id']}/control")
        await expect(stranger.page.get_by_role("alert")).to_have_text("This event doesn’t exist, or it isn’t yours.")
        await host.http.delete(f"/events/{event['id']}/")
        await expect(said(host.page)).to_have_text("This event has been deleted, or is no longer yours.")
        await expect(step(host.page, "Next")).to_have_attribute("aria-disabled", "true")


@SLOW
async def test_the_phone_stays_on_as_long_as_it_is_in_control(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        await host.visitor.context.add_init_script(LOCKS)
        await host.page.reload()
        await control(host.page, home, await make(host, "First?"))
        whole = host.page.locator(":root")
        await expect(whole).to_have_attribute("data-lock", "screen")
        await host.goto("#/events", "Your events")
        await expect(whole).to_have_attribute("data-lock", "released")
