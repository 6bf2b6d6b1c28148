"""A host corrects a typo under votes, opens for a while, and duplicates a poll; every screen shows the correction."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.support.browser import Chromium, axe
from tests.support.host_page import REFUSED, guest_votes, home, hosting, poll_id, server
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = re.compile(r"^Text corrected at \d{1,2}:\d\d")


@SLOW
async def test_a_typo_is_corrected_and_every_screen_says_so(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        poll = await host.make("Te?", "Gren", "Black")
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        vote, live = [await host.visitor.open(f"/{kind}/{poll['code']}") for kind in ("vote", "live")]
        for screen in (vote, live):
            await expect(screen.locator("#results")).to_contain_text("Gren")
            await expect(screen.locator("#corrected")).to_be_hidden()
        await host.goto(f"#/poll/{poll['id']}/edit", "Edit poll")
        await page.get_by_label("Question").fill("Tea?")
        await page.get_by_label("Option 1", exact=True).fill("Green")
        await host.button("Save changes").click()
        await axe(page)
        await page.keyboard.press("Escape")
        await expect(host.status("The question was not corrected")).to_be_visible()
        await host.button("Save changes").click()
        await host.button("Correct the question").click()
        await page.get_by_role("button", name="Correct the spelling (keeps votes)").press("Enter")
        await expect(host.heading("Tea?")).to_be_focused()
        await expect(page.get_by_text(MARK)).to_be_visible()
        for screen in (vote, live):
            await expect(screen.locator("#results")).to_contain_text("Green")
            await expect(screen.get_by_role("heading", level=1)).to_have_text("Tea?")
            await expect(screen.locator("#corrected")).to_have_text(MARK)
        await axe(vote)
        assert [one["votes_count"] for one in (await host.poll(poll["id"]))["options"]] == [1, 0]
        await host.goto(f"#/poll/{poll['id']}/history", "History")
        entries = page.locator("ol.history > li")
        await expect(entries.nth(0)).to_contain_text("The spelling of “Green” was corrected, and the votes were kept.")
        await expect(entries.nth(0)).to_contain_text("“Gren” → “Green”")
        await expect(entries.nth(1)).to_contain_text("Question: “Te?” → “Tea?”")


@SLOW
async def test_a_closed_poll_is_corrected_and_keeps_its_order(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        host.visitor.allow(REFUSED)
        poll = await host.make("Tea?", "Green", "Blak")
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        assert (await host.http.post(f"/polls/{poll['id']}/close/")).status_code == 200
        await host.goto(f"#/poll/{poll['id']}/edit", "Edit poll")
        await expect(host.button("Move option 2 up")).to_be_hidden()
        await expect(host.button("Add an option")).to_be_hidden()
        option = page.get_by_label("Option 2", exact=True)
        await option.fill("")
        await option.press("Enter")
        await expect(host.button("Save changes")).to_be_focused()
        await option.focus()
        await page.evaluate(
            "(text) => { const data = new DataTransfer(); data.setData('text/plain', text);"
            "document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true,"
            "cancelable: true })); }",
            "Black\ntea",
        )
        await expect(option).to_have_value("Black tea")
        await host.button("Save changes").click()
        await expect(page.get_by_role("dialog")).to_contain_text("the results are final")
        await expect(host.button("Discard its votes")).to_have_count(0)
        await page.get_by_role("button", name="Correct the spelling (keeps votes)").click()
        await expect(host.heading("Tea?")).to_be_focused()
        await expect(page.get_by_text(MARK)).to_be_visible()
        assert [one["option_text"] for one in (await host.poll(poll["id"]))["options"]] == ["Green", "Black tea"]


@SLOW
async def test_voting_opens_for_a_while_and_a_poll_is_duplicated(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make("Tea?", "Green", "Black", status="draft", votes_per_user=3)
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await page.get_by_role("group", name="Open for").get_by_role("button", name="5 min").click()
        await expect(host.status("Voting is open and closes in 5 min.")).to_be_visible()
        await expect(page.get_by_text(re.compile(r"^[45]:\d\d left$"))).to_be_visible()
        sooner = page.get_by_role("group", name="Close in").get_by_role("button", name="2 min")
        await sooner.click()
        await expect(page.get_by_text(re.compile(r"^(2:00|1:\d\d) left$"))).to_be_visible()
        await expect(sooner).to_be_focused()
        await host.button("More").click()
        await host.button("Duplicate").click()
        await expect(host.heading("Edit poll")).to_be_focused()
        assert await page.get_by_label("Option 2", exact=True).input_value() == "Black"
        await page.get_by_label("Question").fill("Coffee?")
        await host.button("Save changes").click()
        await expect(host.heading("Coffee?")).to_be_focused()
        copy = await host.poll(await poll_id(page))
        assert (copy["status"], copy["votes_per_user"], copy["id"] != poll["id"]) == ("draft", 3, True)
        await host.goto(f"#/poll/{copy['id']}/history", "History")
        await expect(page.get_by_text("The poll was created as a copy (Draft).")).to_be_visible()
        await host.goto(f"#/poll/{poll['id']}/history", "History")
        await expect(page.locator("ol.history > li").nth(1)).to_contain_text("Closes: none →")
