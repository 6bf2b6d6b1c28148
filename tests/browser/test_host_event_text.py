"""Run sheets from pasted texts and from files: shown before they are taken, whole or not at all, and never twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import FilePayload, Route, expect

from tests.support.browser import Chromium, axe
from tests.support.host_page import REFUSED, Host, home, hosting, server
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<img src=x onerror=alert(1)>"
SHEET = f"""1. Tea or coffee?\r
   - Tea\r
   - Coffee\r
\r
2. {EVIL}?
- <script>alert(2)</script>
- No
"""
LOST = r"net::ERR_FAILED"


async def questions(host: Host, event: int) -> list[str]:
    found: Json = (await host.http.get(f"/events/{event}/")).json()
    return [poll["question"] for poll in found["polls"]]


async def event_id(host: Host) -> int:
    """The event whose page is shown."""
    await host.page.wait_for_url(re.compile(r"#/event/\d+$"))
    return int(host.page.url.rsplit("/", 1)[1])


async def new_event(host: Host, title: str = "Show", *asked: str) -> int:
    options = [{"option_text": text} for text in ("Yes", "No")]
    body = {"title": title, "polls": [{"question": one, "options": options} for one in asked]}
    answer = await host.http.post("/events/", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def to_text(host: Host) -> None:
    """Go to the page for a new event from a text."""
    await host.page.evaluate("() => { location.hash = '#/events/text' }")
    await expect(host.page.get_by_label("What is the event called?")).to_be_focused()


async def lose_the_answer(route: Route) -> None:
    """What was asked is done; the answer is lost."""
    await route.fetch()
    await route.abort()


async def test_an_event_is_made_of_a_pasted_text_by_keyboard(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page, keys = host.page, host.page.keyboard
        await page.evaluate("() => { location.hash = '#/events/new' }")
        await page.get_by_role("link", name="New event from text").press("Enter")
        await expect(page.get_by_label("What is the event called?")).to_be_focused()
        await keys.insert_text(EVIL)
        await keys.press("Tab")
        await expect(page.get_by_label("Questions and their options")).to_be_focused()
        await keys.insert_text(SHEET + "- Only one\n\n3. Yes or no?\nYes\nyes ")
        preview = page.get_by_role("region", name="Preview")
        await expect(host.status("To fix: 1")).to_be_visible()
        await expect(preview).to_contain_text("Line 12 This option looks the same as the one on line 11.")
        await expect(preview.locator(".asked")).to_have_text(["Tea or coffee?", f"{EVIL}?", "Yes or no?"])
        await axe(page)
        await host.button("Line 12").press("Enter")
        await keys.insert_text("No")
        await expect(preview.get_by_role("button")).to_have_count(0)
        await host.button("Create event").press("Enter")
        await expect(host.heading(EVIL)).to_be_visible()
        await expect(host.status("All questions are in the run sheet.")).to_be_visible()
        event = await event_id(host)
        definition: Json = (await host.http.get(f"/events/{event}/definition/")).json()
        assert definition["title"] == EVIL
        texts = [
            [one["question"], *(option["option_text"] for option in one["options"])] for one in definition["polls"]
        ]
        assert texts == [
            ["Tea or coffee?", "Tea", "Coffee"],
            [f"{EVIL}?", "<script>alert(2)</script>", "No", "Only one"],
            ["Yes or no?", "Yes", "No"],
        ]


@SLOW
async def test_nothing_is_made_while_something_is_wrong(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await to_text(host)
        await host.button("Create event").click()
        await expect(page.get_by_text("Enter a title.")).to_be_visible()
        await page.get_by_label("What is the event called?").fill("Show")
        await host.button("Create event").click()
        await expect(host.status("Enter at least one question.")).to_be_visible()
        text = page.get_by_label("Questions and their options")
        await text.fill("First?\nYes\nNo\n\nSecond?")
        await host.button("Create event").click()
        await expect(text).to_be_focused()
        chosen = "(one) => one.value.slice(one.selectionStart, one.selectionEnd)"
        assert await text.evaluate(chosen) == "Second?"
        assert (await host.http.get("/events/")).json()["count"] == 0
        await page.reload()
        await expect(text).to_have_value("First?\nYes\nNo\n\nSecond?")


async def test_an_event_whose_answer_is_lost_is_not_made_twice(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[LOST]) as host:
        page = host.page
        await to_text(host)
        await page.get_by_label("What is the event called?").fill("Show")
        await page.get_by_label("Questions and their options").fill("First?\nYes\nNo")
        await page.route(re.compile(r"/events/$"), lose_the_answer, times=1)
        await host.button("Create event").click()
        await expect(host.status("It is not certain whether the event was created.")).to_be_visible()
        await host.button("Create event").click()
        event = await event_id(host)
        found = (await host.http.get("/events/")).json()
        assert [one["id"] for one in found["results"]] == [event]


async def test_questions_are_added_once_though_an_answer_is_lost(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740), allowed=[LOST]) as host:
        page = host.page
        event = await new_event(host, "Show", "There before?")
        await host.goto(f"#/event/{event}", "Show")
        await page.get_by_role("link", name="Add questions from text").click()
        text = page.get_by_label("Questions and their options")
        await expect(text).to_be_focused()
        await text.fill("\n\n".join(f"{n}?\nYes\nNo" for n in range(4)))
        await expect(page.locator(".sheet-preview .number")).to_have_text(["2", "3", "4", "5"])
        asked: list[str] = []

        async def second_is_lost(route: Route) -> None:
            asked.append(str(json.loads(route.request.post_data or "{}").get("question")))
            await (lose_the_answer(route) if len(asked) == 2 else route.continue_())

        await page.route(re.compile(rf"/events/{event}/polls/$"), second_is_lost)
        await host.button("Add to the run sheet").click()
        await expect(host.status("Already in the run sheet: 1 of 4.")).to_be_visible()
        await axe(page)
        await host.button("Continue").click()
        await expect(host.heading("Show")).to_be_visible()
        assert await event_id(host) == event
        assert await questions(host, event) == ["There before?", "0?", "1?", "2?", "3?"]
        assert asked == ["0?", "1?", "2?", "3?"]


@SLOW
async def test_a_file_makes_the_same_event_again(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await new_event(host, "Ärger & Co.", EVIL, "Second?")
        await host.goto(f"#/event/{event}", "Ärger & Co.")
        await page.get_by_role("main").get_by_role("button", name="More", exact=True).click()
        async with page.expect_download() as download:
            await host.button("Download as a file").click()
        saved = await download.value
        assert saved.suggested_filename == "ärger-co.json"
        await host.goto("#/events/file", "New event from a file")
        await page.get_by_label("File of an event").set_input_files(await saved.path())
        preview = page.get_by_role("region", name="Ärger & Co.")
        await expect(preview.locator(".asked")).to_have_text([EVIL, "Second?"])
        await axe(page)
        await host.button("Create event").click()
        again = await event_id(host)
        assert again != event
        definitions = [(await host.http.get(f"/events/{one}/definition/")).json() for one in (event, again)]
        assert definitions[0] == definitions[1]


@SLOW
async def test_a_file_with_faults_makes_nothing_and_says_where_they_are(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        page = host.page
        options: list[Any] = [{"option_text": "Yes"}, {"option_text": "yes"}]
        polls = [{"question": "", "options": [*options, {"option_text": "x" * 256}], "max_choices": 0}]
        chooser = page.get_by_label("File of an event")

        async def choose(content: str) -> None:
            file: FilePayload = {"name": "event.json", "mimeType": "application/json", "buffer": content.encode()}
            await chooser.set_input_files(files=[file])

        await host.goto("#/events/file", "New event from a file")
        for content in ("[]", "{", json.dumps({"polls": []}), "null"):
            await choose(content)
            await expect(host.status("This is not the file of an event.")).to_be_visible()
            await choose(json.dumps({"title": "A large one", "polls": []}) + " " * 262_145)
            await expect(page.get_by_role("heading", name="A large one")).to_be_visible()
        # What is sent must not be larger than the server takes, and no file is read that could not be such a one.
        for content in (json.dumps({"title": "Show", "description": "x" * 4_194_304}), " " * 16_777_217):
            await choose(content)
            await expect(host.status("This file is too large: at most 4 MB")).to_be_visible()
            await choose("{")
            await expect(host.status("This is not the file of an event.")).to_be_visible()
        await choose(json.dumps({"title": "Show", "polls": polls}))
        await host.button("Create event").click()
        faults = page.locator(".faults li")
        await expect(faults.filter(has_text="Question 1: Must have 1 to 500 characters.")).to_be_visible()
        await expect(faults.filter(has_text="Question 1, option 2: This option is already")).to_be_visible()
        await expect(faults.filter(has_text="Question 1, option 3: Must have 1 to 255 characters.")).to_be_visible()
        await expect(faults.filter(has_text="Question 1, Choices per vote: Must be between")).to_be_visible()
        assert (await host.http.get("/events/")).json()["count"] == 0
