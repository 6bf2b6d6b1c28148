"""All results of an event for its hosts: in order, marked where others do not see them, on paper and as files."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect

from tests.support.browser import Chromium, axe
from tests.support.host_page import Host, home, hosting, server
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<img src=x onerror=alert(1)>"


def poll(question: str, **more: object) -> Json:
    return {"question": question, "options": [{"option_text": text} for text in (EVIL, "=1+1")], **more}


async def show_of(host: Host, *polls: Json, shown: int) -> Json:
    """An event whose first questions have been shown, and have a vote of the host each."""
    event: Json = (await host.http.post("/events/", json={"title": "Show & tell", "polls": list(polls)})).json()
    for one in event["polls"][:shown]:
        answer = await host.http.post(f"/events/{event['id']}/show/", json={"poll": one["id"]})
        assert answer.status_code == 200, answer.text
        asked = (await host.http.get(f"/polls/{one['id']}/")).json()
        await host.http.post(f"/polls/{one['id']}/vote/", json={"option": asked["options"][0]["id"]})
    return event


async def test_all_questions_are_there_in_order_with_who_sees_them(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await show_of(
            host,
            poll("Live?"),
            poll(EVIL, results="host"),
            poll("After the close?", results="after_close"),
            poll("After a vote?", results="after_vote"),
            poll("Not yet?", results="host"),
            shown=4,
        )
        await host.goto(f"#/event/{event['id']}", "Show & tell")
        await page.get_by_role("main").get_by_role("link", name="Results").click()
        cards = page.locator(".all-results > li")
        await expect(cards.locator("h2")).to_have_text(["Live?", EVIL, "After the close?", "After a vote?", "Not yet?"])
        seen = [await card.locator(".unseen-by-all").all_inner_texts() for card in await cards.all()]
        # Closed by the move to the next question, "After the close?" is seen by all.
        assert seen == [[""], ["Seen by hosts only"], [""], ["Seen by those who voted"], [""]]
        await expect(cards.nth(1)).to_contain_text("1 person voted")
        await expect(cards.nth(1).get_by_role("row").nth(1)).to_contain_text("100%")
        await expect(cards.nth(4)).to_contain_text("Not asked yet")
        await expect(cards.nth(4).get_by_role("table")).to_have_count(0)
        await axe(page)


async def test_results_are_saved_as_a_workbook_and_for_programs(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await show_of(host, poll("First?"), poll("Second?"), shown=1)
        await host.goto(f"#/event/{event['id']}/results", "Show & tell")
        async with page.expect_download() as download:
            await host.button("Download Excel").click()
        saved = await download.value
        assert re.fullmatch(r"show-tell-\d{4}-\d\d-\d\d\.xlsx", saved.suggested_filename)
        assert load_workbook(io.BytesIO((await saved.path()).read_bytes())).sheetnames == [
            "Totals",
            "1 First",
            "2 Second",
        ]
        await expect(host.status("Saved: 1 vote")).to_be_visible()
        async with page.expect_download() as download:
            await host.button("Download JSON").click()
        assert (await download.value).suggested_filename.endswith(".json")
        await host.goto(f"#/event/{event['id']}/history", "History")
        for kind in ("XLSX", "JSON"):
            await expect(page.get_by_text(f"The votes of all questions were exported as {kind}.")).to_be_visible()


@SLOW
@pytest.mark.parametrize("viewport", [(360, 740), (1280, 720)], ids=["phone", "desktop"])
async def test_fifty_questions_are_whole_on_paper(chromium: Chromium, home: str, viewport: tuple[int, int]) -> None:
    async with hosting(chromium, home, viewport=viewport) as host:
        page = host.page
        event = await show_of(host, *(poll(f"Question {n}?") for n in range(50)), shown=3)
        await host.goto(f"#/event/{event['id']}/results", "Show & tell")
        await expect(page.locator(".all-results > li")).to_have_count(50)
        beyond = "() => document.documentElement.scrollWidth > innerWidth"
        assert not await page.evaluate(beyond)
        await page.emulate_media(media="print")
        breaks = (
            "() => [...document.querySelectorAll('.all-results > li')].map((one) => getComputedStyle(one).breakInside)"
        )
        assert set(await page.evaluate(breaks)) == {"avoid"}
        await expect(page.get_by_role("button", name="Print")).to_be_hidden()
        await expect(page.get_by_role("banner")).to_be_hidden()
        await expect(host.heading("Show & tell")).to_be_visible()
