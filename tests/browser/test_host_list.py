"""What hosts do from the list of polls: the next act of each poll, its menu, and several polls at once."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.support.browser import Chromium, axe, stop_clock
from tests.support.host_page import LOST, REFUSED, guest_votes, home, hosting, server
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@SLOW
async def test_each_poll_offers_its_next_act(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        poll = await host.make("Lunch?", "Soup", "Rice", status="draft")
        await page.reload()
        card = page.get_by_role("listitem").filter(has_text="Lunch?")
        await card.get_by_role("button", name="Open voting").click()
        await expect(host.status("Voting is open: Lunch?")).to_be_visible()
        await expect(card.get_by_role("button", name="Present")).to_be_focused()
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await card.get_by_role("button", name="Close voting").click()
        await expect(card.get_by_role("link", name="See results")).to_be_visible()
        await expect(card).to_contain_text("1 vote")
        await page.get_by_role("main").get_by_role("status").get_by_role("button", name="Reopen voting").click()
        await expect(card.get_by_role("button", name="Close voting")).to_be_visible()
        assert (await host.poll(poll["id"]))["options"][0]["votes_count"] == 1


@SLOW
async def test_a_menu_works_by_keyboard_and_acts(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740)) as host:
        page, keys = host.page, host.page.keyboard
        await host.make("Lunch?")
        await page.reload()
        await expect(page.get_by_role("banner").get_by_role("link", name="Nexus")).to_be_visible()
        more = page.get_by_role("button", name="More for “Lunch?”")
        await more.focus()
        await keys.press("ArrowDown")
        await expect(page.get_by_role("link", name="Edit")).to_be_focused()
        await axe(page)
        await keys.press("Escape")
        await expect(more).to_be_focused()
        await expect(page.get_by_role("link", name="Edit")).to_be_hidden()
        await keys.press("ArrowUp")
        await expect(host.button("Delete…")).to_be_focused()
        await keys.press("ArrowUp")
        await keys.press("Enter")
        await expect(page.get_by_role("dialog", name="Start a new round?")).to_be_visible()
        await keys.press("Escape")
        await expect(more).to_be_focused()
        await more.click()
        await host.button("Export…").click()
        await expect(page.get_by_role("dialog", name="Export")).to_be_visible()
        await keys.press("Escape")
        await more.click()
        await host.button("Duplicate").click()
        await page.wait_for_url(re.compile("/edit$"))


@SLOW
async def test_several_polls_are_closed_and_deleted_once_that_is_confirmed(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        polls = [await host.make(f"Number {n}?") for n in range(3)]
        await page.reload()
        await host.button("Select").click()
        await page.get_by_role("checkbox", name="Number 2?").check()
        await page.get_by_role("checkbox", name="Number 1?").check()
        await expect(host.status("2 selected")).to_be_visible()
        await axe(page)
        await host.button("Close voting").click()
        await page.get_by_role("dialog", name="Close voting in 2 polls?").get_by_role("button", name="Close").click()
        await expect(host.status("2 polls are closed.")).to_be_visible()
        assert [(await host.poll(one["id"]))["status"] for one in polls] == ["open", "closed", "closed"]
        await host.button("Select").click()
        await host.button("Select all").click()
        await host.button("Delete…").click()
        await host.button("Cancel").click()
        assert len((await host.http.get("/polls/?created_by=me")).json()["results"]) == 3
        await host.button("Delete…").click()
        await host.button("Delete permanently").click()
        await expect(host.status("3 polls have been deleted.")).to_be_visible()
        await expect(page.get_by_role("link", name="Start from scratch")).to_be_visible()


@SLOW
async def test_an_empty_list_leads_to_a_template(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        await axe(host.page)
        await host.page.get_by_role("link", name="Agreement, 1 to 5").click()
        await expect(host.heading("New poll")).to_be_visible()


@SLOW
async def test_a_question_in_a_page_from_the_right_runs_in_its_own_direction(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, locale="ar") as host:
        await host.make("Which of these topics should we take up first?")
        await host.page.reload()
        await expect(host.page.locator(".poll h2")).to_have_css("direction", "ltr")


async def test_where_nothing_is_found_the_search_and_its_filters_are_cleared(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        await host.make("Lunch?")
        await host.page.goto(f"{home}/host#/?search=supper&status=open")
        await host.page.reload()
        await expect(host.status("No polls match your search.")).to_be_visible()
        await host.button("Clear search and filters").click()
        await expect(host.page.get_by_role("link", name="Lunch?")).to_be_visible()
        await expect(host.page.get_by_role("searchbox")).to_have_value("")
        await expect(host.heading("Your polls")).to_be_focused()
        assert host.page.url.endswith("#/")
        await host.page.evaluate("location.hash = '#/poll/999999999'")
        await expect(host.button("Try again")).to_have_count(0)
        await host.page.get_by_role("main").get_by_role("link", name="Your polls").click()
        await expect(host.page.get_by_role("link", name="Lunch?")).to_be_visible()


@SLOW
async def test_a_lost_connection_is_no_longer_told_once_it_is_back(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[LOST]) as host:
        poll = await host.make("Lunch?", status="draft")
        await host.goto(f"#/poll/{poll['id']}", "Lunch?")
        await host.visitor.context.set_offline(True)
        await host.button("Open voting").click()
        await expect(host.status("The server can’t be reached right now.")).to_be_visible()
        await host.visitor.context.set_offline(False)
        await expect(host.status("The server can’t be reached right now.")).to_have_count(0, timeout=30_000)
        await expect(host.button("Open voting")).to_be_enabled()


@SLOW
async def test_the_list_asks_again_for_little(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page, asked = host.page, list[str]()
        poll = await host.make("Lunch?")
        await page.clock.install()
        await page.reload()
        await expect(host.state("Open")).to_have_text("Open 1")
        page.on("request", lambda request: asked.append(request.url) if "/polls/?" in request.url else None)
        for _ in range(3):
            async with page.expect_response("**/polls/?*"):
                await page.clock.fast_forward(10_000)
        assert len(asked) >= 3 and all("page_size=20" in url for url in asked), asked
        await host.http.post(f"/polls/{poll['id']}/close/")
        await page.clock.fast_forward(10_000)  # what has changed is counted again
        await expect(host.state("Closed")).to_have_text("Closed 1")
        await stop_clock(page)
        asked.clear()
        await page.get_by_label("Search").fill("lunch")
        await page.keyboard.press("Enter")
        await page.clock.fast_forward(1000)
        await expect(host.state("Closed")).to_have_text("Closed")
        assert len([url for url in asked if "search=" in url]) == 1, asked  # a search is asked for once
        await page.get_by_label("Search").fill("")
        await page.clock.fast_forward(1000)
        await expect(host.state("Closed")).to_have_text("Closed 1")


async def test_on_a_phone_a_menu_leads_to_a_new_poll_and_a_new_event(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740)) as host:
        bar, keys = host.page.get_by_role("banner"), host.page.keyboard
        for name, route in (("New poll", "/new"), ("New event", "/events/new")):
            await expect(bar.get_by_role("link", name=name)).to_be_hidden()
            await bar.get_by_role("button", name="New", exact=True).focus()
            await keys.press("Enter")
            await bar.get_by_role("link", name=name).click()
            await host.page.wait_for_url(f"**#{route}")
            await expect(bar.get_by_role("button", name="New", exact=True)).to_be_hidden()  # it would start over
            await host.goto("#/", "Your polls")


async def test_who_has_events_and_no_polls_lands_on_the_events_once(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await expect(host.heading("Your polls")).to_be_visible()
        await host.http.post("/events/", json={"title": "Town hall"})
        await page.reload()
        await expect(host.heading("Your events")).to_be_visible()
        await expect(page.get_by_role("link", name="Town hall")).to_be_visible()
        await page.get_by_role("navigation", name="Lists").get_by_role("link", name="Polls").click()
        await expect(host.heading("Your polls")).to_be_focused()
        await expect(page.get_by_text("There are no polls yet.")).to_be_visible()
        await host.make("Lunch?")
        await page.goto(f"{home}/host")
        await expect(page.get_by_role("link", name="Lunch?")).to_be_visible()


@SLOW
async def test_a_page_that_the_server_ends_early_is_shown_in_whole(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        texts = [f"{n:03} {'🦕' * 251}" for n in range(100)]
        for n in range(6):  # 600 KB
            await host.make(f"Number {n}?", *texts)
        await host.page.reload()
        for n in range(6):
            await expect(host.page.get_by_role("button", name=f"More for “Number {n}?”")).to_be_visible()
