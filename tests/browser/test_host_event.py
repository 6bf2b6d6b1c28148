"""Events under `/host`: made, found, filled and ordered, run with others, handed over and deleted."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.support.browser import Chromium, axe
from tests.support.host_page import PASSWORD, REFUSED, Host, guest_votes, home, hosting, log_in, new_account, server
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTIONS = ("First?", "Second?", "Third?")
EVIL = "<img src=x onerror=alert(1)>"
OPTIONS = [{"option_text": "Yes"}, {"option_text": "No"}]


async def make(host: Host, *questions: str, title: str = "Town hall", **more: object) -> dict[str, Any]:
    """An event of this host, made by HTTP."""
    polls = [{"question": one, "options": OPTIONS} for one in questions]
    answer = await host.http.post("/events/", json={"title": title, "polls": polls, **more})
    assert answer.status_code == 201, answer.text
    event: dict[str, Any] = answer.json()
    return event


async def read(host: Host, event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is now."""
    found: dict[str, Any] = (await host.http.get(f"/events/{event['id']}/")).json()
    return found


async def asked(host: Host, event: dict[str, Any]) -> list[str]:
    """The questions of an event, in their order on the server."""
    return [poll["question"] for poll in (await read(host, event))["polls"]]


def rows(page: Page) -> Locator:
    """The questions of the run sheet."""
    return page.locator("ol.sheet > li")


def row(page: Page, question: str) -> Locator:
    """One of them."""
    return rows(page).filter(has_text=question)


async def show(host: Host, event: dict[str, Any], place: int) -> None:
    """Show a question, as somebody else would."""
    answer = await host.http.post(f"/events/{event['id']}/show/", json={"poll": event["polls"][place]["id"]})
    assert answer.is_success, answer.text


async def test_a_newcomer_makes_an_event_and_its_first_question(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await expect(page.get_by_text("One question with its own code")).to_be_visible()
        await page.get_by_role("link", name="Create an event").click()
        await expect(page.get_by_label("What is the event called?")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Enter a title.")).to_be_visible()
        await page.keyboard.type(f"Town hall {EVIL}")
        await page.get_by_label("Open to everyone who finds it").uncheck()
        await page.get_by_role("button", name="Create event").click()
        await expect(host.heading(f"Town hall {EVIL}")).to_be_focused()
        await expect(page.get_by_text("Private: only with the code")).to_be_visible()
        await page.get_by_role("link", name="Add a question").click()
        await expect(page.get_by_label("Question", exact=True)).to_be_focused()
        await expect(page.get_by_text("Schedule", exact=True)).to_have_count(0)  # its hosts open and close voting
        await page.keyboard.type(EVIL)
        await page.get_by_role("button", name="Yes or no", exact=True).click()
        await page.get_by_role("button", name="Add to the run sheet").click()
        await expect(host.status(f"Added: {EVIL}")).to_be_visible()
        await expect(rows(page)).to_contain_text([EVIL])
        await expect(row(page, EVIL)).to_contain_text("Not asked yet")


async def test_events_are_found(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        await make(host, "First?", title=f"Town hall {EVIL}")
        await page.get_by_role("navigation", name="Lists").get_by_role("link", name="Events").click()
        card = page.get_by_role("listitem").filter(has_text=EVIL)
        await expect(card).to_contain_text("1 question")
        await card.get_by_role("link", name="Live control").click()
        await expect(page.locator(".thumb")).to_be_visible()
        await page.go_back()
        await expect(page.locator(".thumb")).to_have_count(0)  # the list that is there is a new one
        await page.get_by_role("searchbox").fill("nowhere")
        await expect(host.status("No events match your search.")).to_be_visible()
        await page.reload()  # the address says what is searched
        await expect(page.get_by_role("searchbox")).to_have_value("nowhere")
        await page.get_by_role("searchbox").fill("town")
        await expect(page.get_by_role("link", name=EVIL)).to_be_visible()


async def test_questions_are_moved_by_keyboard_and_by_dragging(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page, keys = host.page, host.page.keyboard
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await page.get_by_role("link", name="First?").focus()
        async with page.expect_response("**/order/") as saved:
            await keys.press("Alt+ArrowDown")
            await keys.press("Alt+ArrowDown")
            await expect(host.status("Moved to position 3 of 3.")).to_be_visible()
        assert (await saved.value).ok
        await expect(page.get_by_role("link", name="First?")).to_be_focused()
        assert await asked(host, event) == ["Second?", "Third?", "First?"]
        handle = row(page, "Second?").get_by_role("button", name="Move question")
        box, below = await handle.bounding_box(), await row(page, "First?").bounding_box()
        assert box and below
        async with page.expect_response("**/order/"):
            await page.mouse.move(box["x"] + 10, box["y"] + 10)
            await page.mouse.down()
            await page.mouse.move(box["x"] + 10, below["y"] + below["height"], steps=12)
            await page.mouse.up()
        assert await asked(host, event) == ["Third?", "First?", "Second?"]
        await handle.press("Enter")  # what has no keys Alt and arrow has a menu
        async with page.expect_response("**/order/"):
            await host.button("Move up").click()
        assert await asked(host, event) == ["Third?", "Second?", "First?"]


async def test_an_order_is_saved_though_the_page_is_left_at_once(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await page.get_by_role("link", name="First?").focus()
        async with page.expect_response("**/order/"):
            await page.keyboard.press("Alt+ArrowDown")
            await page.get_by_role("link", name="Your events").click()
        await expect(host.heading("Your events")).to_be_visible()
        assert await asked(host, event) == ["Second?", "First?", "Third?"]


async def test_an_order_meets_what_somebody_else_has_changed(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")

        async def quicker(route: Route) -> None:
            body = {"question": "New?", "options": OPTIONS, "position": 1}
            assert (await host.http.post(f"/events/{event['id']}/polls/", json=body)).is_success
            assert (await host.http.delete(f"/polls/{event['polls'][1]['id']}/")).is_success
            await route.continue_()

        await page.route("**/order/", quicker, times=1)
        await page.get_by_role("link", name="Third?").focus()
        await page.keyboard.press("Alt+ArrowUp")
        await page.keyboard.press("Alt+ArrowUp")
        await expect(host.status("Somebody else has changed the run sheet")).to_be_visible()
        await expect(rows(page)).to_contain_text(["Third?", "First?", "New?"])
        assert await asked(host, event) == ["Third?", "First?", "New?"]


@SLOW
async def test_an_order_that_cannot_be_saved_is_not_lost(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=["ERR_FAILED"]) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await page.route("**/order/", lambda route: route.abort())
        await page.get_by_role("link", name="First?").focus()
        await page.keyboard.press("Alt+ArrowDown")
        await expect(host.status("The new order is not saved yet.")).to_be_visible()
        await page.unroute("**/order/")
        async with page.expect_response("**/order/"):
            await host.button("Try again").click()
        assert await asked(host, event) == ["Second?", "First?", "Third?"]


@SLOW
async def test_a_question_is_copied_edited_and_deleted_in_place(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.make(f"Lunch {EVIL}?")
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await page.get_by_role("button", name="More for “First?”").click()
        await host.button("Duplicate").click()
        await expect(host.status("Copied: the copy is question 2.")).to_be_visible()
        await expect(rows(page).nth(1).get_by_role("link", name="First?")).to_be_focused()
        await host.button("Copy a poll…").click()
        dialog = page.get_by_role("dialog", name="Copy one of your polls")
        await dialog.get_by_role("searchbox").fill("lunch")
        await expect(dialog.get_by_role("listitem")).to_have_count(1)
        await axe(page)
        await dialog.get_by_role("button", name="Add", exact=True).click()
        await expect(dialog.get_by_role("status").filter(has_text="Added")).to_be_visible()
        await dialog.get_by_role("button", name="Close").click()
        await expect(rows(page)).to_contain_text(["First?", "First?", "Second?", "Third?", f"Lunch {EVIL}?"])
        await page.get_by_role("link", name="Second?").click()
        await expect(host.heading("Edit question")).to_be_focused()
        await expect(page.locator(".sampled .join")).to_have_text(event["code"])
        await page.get_by_label("Question", exact=True).fill("Second, really?")
        await page.get_by_role("button", name="Save changes").click()
        await expect(host.heading("Town hall")).to_be_focused()
        await page.get_by_role("button", name="More for “Second, really?”").click()
        await host.button("Delete…").click()
        await page.get_by_role("dialog", name="Delete this question?").get_by_role("button", name="Delete").click()
        await expect(host.status("Deleted: Second, really?")).to_be_visible()
        await expect(page.get_by_role("link", name="Third?")).to_be_focused()
        assert await asked(host, event) == ["First?", "First?", "Third?", f"Lunch {EVIL}?"]


async def test_a_question_is_shown_unless_somebody_else_was_quicker(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await expect(page.get_by_role("region", name="Shown now")).to_contain_text("Nothing is shown right now.")
        await row(page, "First?").get_by_role("button", name="Show now").click()
        await expect(page.get_by_role("region", name="Shown now")).to_contain_text("question 1 of 3")
        await expect(row(page, "First?")).to_contain_text("On screen")
        await host.http.post(f"/polls/{event['polls'][0]['id']}/open/", json={"seconds": 3000})
        await expect(page.get_by_role("region", name="Shown now")).to_contain_text("left")
        await expect(row(page, "First?")).to_contain_text("Open")
        poll = (await host.http.get(f"/polls/{event['polls'][0]['id']}/")).json()
        await guest_votes(home, event["code"], poll["options"][0]["id"])

        async def quicker(route: Route) -> None:
            await show(host, event, 1)
            await route.continue_()

        await page.route("**/show/", quicker, times=1)
        await row(page, "Third?").get_by_role("button", name="Show now").click()
        await expect(host.status("Nothing was changed")).to_be_visible()
        await expect(page.get_by_role("region", name="Shown now")).to_contain_text("question 2 of 3")
        await expect(row(page, "First?")).to_contain_text("1 person voted")
        await row(page, "Second?").get_by_role("button", name="Stop showing").click()
        await expect(page.get_by_role("region", name="Shown now")).to_contain_text("Nothing is shown right now.")
        assert (await read(host, event))["shown"] is None


async def test_co_hosts_are_added_by_name_and_removed(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        page, other = host.page, f"{EVIL} {host.name}"
        account = {"username": other, "password": PASSWORD}
        assert (await host.http.post("/auth/register/", json=account)).is_success
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        name = page.get_by_label("Add a co-host by username")
        for typed, fault in (("", "Enter a username."), ("nobody-here", "There is no account"), (host.name, "owns")):
            await name.fill(typed)
            await name.press("Enter")
            await expect(page.locator("#co-host-fault")).to_contain_text(fault)
        await name.fill(other)
        await name.press("Enter")
        await expect(page.locator(".people")).to_contain_text(other)
        await page.get_by_role("button", name=f"Remove {other}").click()
        await expect(host.status(f"{other} is no longer a co-host.")).to_be_visible()
        await expect(name).to_be_focused()
        assert (await read(host, event))["hosts"] == []


async def test_a_co_host_sees_whose_event_it_is_and_hears_whom_to_ask(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host, httpx.AsyncClient(base_url=home) as http:
        page, owner = host.page, await new_account(http)
        pair = (await http.post("/auth/token/", json={"username": owner, "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        event = (await http.post("/events/", json={"title": "Town hall"})).json()
        assert (await http.post(f"/events/{event['id']}/hosts/", json={"username": host.name})).is_success
        await host.goto("#/events", "Your events")
        await expect(page.get_by_text(f"By {owner}")).to_be_visible()
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await expect(page.locator(".people")).to_contain_text(owner)
        mine = await make(host, title="Mine")
        await host.goto(f"#/event/{mine['id']}", "Mine")
        await page.get_by_label("Add a co-host by username").fill(EVIL)
        await page.keyboard.press("Enter")
        await expect(page.locator("#co-host-fault")).to_contain_text("ask an administrator to invite")
        await expect(page.locator("#co-host-fault a")).to_have_count(0)


async def test_an_event_is_handed_over_and_its_host_learns_that_it_is_lost(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host, httpx.AsyncClient(base_url=home) as http:
        page, other = host.page, await new_account(http)
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await host.button("More").click()
        await host.button("Hand over…").click()
        dialog = page.get_by_role("dialog", name="Hand this event over?")
        await dialog.get_by_label("Username of the new owner").fill("nobody-here")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_text("There is no account with this username.")).to_be_visible()
        await axe(page)
        await dialog.get_by_label("Username of the new owner").fill(other)
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(
            page.get_by_label("Add a co-host by username")
        ).to_be_hidden()  # a co-host finds nothing that a co-host may not do
        await expect(page.locator(".people")).to_contain_text(host.name)
        await host.button("More").click()
        await expect(page.get_by_role("link", name="History")).to_be_visible()
        await expect(host.button("Hand over…")).to_have_count(0)
        await expect(host.button("Delete…")).to_have_count(0)
        token = (await http.post("/auth/token/", json={"username": other, "password": PASSWORD})).json()["access"]
        me = (await host.http.get("/auth/me/")).json()["sub"].partition(":")[2]
        answer = await http.delete(f"/events/{event['id']}/hosts/{me}/", headers={"Authorization": f"Bearer {token}"})
        assert answer.is_success, answer.text
        await expect(host.status("no longer yours")).to_be_visible()
        await expect(rows(page).first).to_be_hidden()


@SLOW
async def test_an_event_is_changed_copied_and_deleted(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await make(host, *QUESTIONS, title=f"Town {EVIL}")
        await host.goto(f"#/event/{event['id']}", f"Town {EVIL}")
        await page.get_by_role("link", name="Settings").click()
        await expect(host.heading("Settings")).to_be_focused()
        await host.http.patch(f"/events/{event['id']}/", json={"description": "By somebody else"})
        await page.get_by_label("What is the event called?").fill("City hall")
        await page.get_by_label("Guests can take part").uncheck()
        await page.get_by_role("button", name="Save changes").click()
        await expect(host.heading("City hall")).to_be_visible()
        await expect(page.get_by_text("Only people with an account")).to_be_visible()
        assert (await read(host, event))["description"] == "By somebody else"
        await host.button("More").click()
        await page.get_by_role("link", name="History").click()
        await expect(page.locator(".history")).to_contain_text(f"Title: “Town {EVIL}” → “City hall”")
        await expect(page.locator(".history")).to_contain_text("First?")
        await page.get_by_role("link", name="Back to the event").click()
        await host.button("More").click()
        await host.button("Copy the event").click()
        await expect(host.status("This is the copy of “City hall”, without votes.")).to_be_visible()
        copy = int(page.url.rsplit("/", 1)[1])
        await host.button("More").click()
        await host.button("Delete…").click()
        await page.get_by_role("dialog", name="Delete this event?").get_by_role("button", name="Delete").click()
        await expect(host.status("Deleted: City hall")).to_be_visible()
        assert page.url.endswith("#/events")
        assert (await host.http.get(f"/events/{copy}/")).status_code == 404
        assert len(await asked(host, event)) == 3


async def test_what_another_host_does_appears_by_itself(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=["ERR_FAILED"]) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        await show(host, event, 0)
        now = page.get_by_role("region", name="Shown now")
        await expect(now).to_contain_text("question 1 of 3")
        await page.route("**/events/*/**", lambda route: route.abort())  # from here on the socket alone tells
        poll = (await host.http.get(f"/polls/{event['polls'][0]['id']}/")).json()
        await guest_votes(home, event["code"], poll["options"][0]["id"])
        await expect(now).to_contain_text("1 person voted")
        await row(page, "Third?").get_by_role("link").focus()
        body = {"question": "New?", "options": OPTIONS, "position": 0}
        assert (await host.http.post(f"/events/{event['id']}/polls/", json=body)).is_success
        await expect(rows(page)).to_contain_text(["New?", *QUESTIONS])
        await expect(now).to_contain_text("question 2 of 4")
        await expect(row(page, "Third?").get_by_role("link")).to_be_focused()
        assert (await host.http.delete(f"/polls/{event['polls'][2]['id']}/")).is_success
        await expect(page.get_by_role("heading", name="Run sheet")).to_be_focused()
        assert (await host.http.delete(f"/events/{event['id']}/")).is_success
        await expect(host.status("This event has been deleted")).to_be_visible()


@SLOW
async def test_the_stage_of_an_event_has_the_login_of_its_host(chromium: Chromium, home: str) -> None:
    async with httpx.AsyncClient(base_url=home) as http, chromium.visit(home) as visitor:
        name = await new_account(http)
        page = await visitor.open("/host#/events")
        await log_in(page, name)
        await page.get_by_role("main").get_by_role("link", name="Create an event").click()
        await page.get_by_label("What is the event called?").fill("Town hall")
        await page.get_by_role("button", name="Create event").click()
        async with page.expect_popup() as opened:
            await page.get_by_role("link", name="Present").click()
        stage = await opened.value
        await stage.wait_for_load_state()
        assert "/live/" in stage.url
        assert await stage.evaluate("sessionStorage.length") == 1  # with it the stage moves the event
        await expect(stage.locator("body[data-touch=good]")).to_be_attached()
        token = (await http.post("/auth/token/", json={"username": name, "password": PASSWORD})).json()["access"]
        http.headers["Authorization"] = f"Bearer {token}"
        id_ = int(page.url.rsplit("/", 1)[1])
        assert (await http.post(f"/events/{id_}/polls/", json={"question": "First?", "options": OPTIONS})).is_success
        await expect(rows(page)).to_have_count(1)
        await stage.bring_to_front()
        await stage.keyboard.press("PageDown")
        await page.bring_to_front()
        await expect(page.get_by_role("region", name="Shown now")).to_contain_text("question 1 of 1")


@SLOW
async def test_a_poll_in_an_event_leads_to_it(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        page = host.page
        event = await make(host, "First?", title=f"Town {EVIL}")
        await host.make("Alone?")
        await page.reload()
        await expect(page.locator("ul.polls > li")).to_have_text(re.compile("Alone"))
        await page.get_by_role("link", name="1 question in events").click()
        await expect(host.heading("Your events")).to_be_focused()
        await host.goto("#/?search=first", "Your polls")  # a search finds it among the polls
        card = page.get_by_role("listitem").filter(has_text="First?")
        await expect(card.get_by_role("button", name="Present")).to_have_count(0)
        await expect(card.get_by_role("link", name=f"Town {EVIL}")).to_be_visible()
        await card.get_by_role("link", name="First?").click()
        await expect(host.heading("First?")).to_be_visible()
        await expect(host.button("Present")).to_be_hidden()
        await expect(page.get_by_text("Share this poll")).to_be_hidden()
        await page.get_by_role("link", name=f"Town {EVIL}").click()
        await expect(host.heading(f"Town {EVIL}")).to_be_focused()
        await page.get_by_role("button", name="Screen link…").click()
        await expect(page.get_by_text(f"/live/{event['code']}#token=")).to_be_visible()


@SLOW
async def test_a_question_is_dragged_by_touch(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740), has_touch=True) as host:
        page = host.page
        event = await make(host, *QUESTIONS)
        await host.goto(f"#/event/{event['id']}", "Town hall")
        handle = row(page, "First?").get_by_role("button", name="Move question 1")
        await handle.scroll_into_view_if_needed()
        box, below = await handle.bounding_box(), await row(page, "Second?").bounding_box()
        assert box and below
        touch = await page.context.new_cdp_session(page)
        x, y, end = box["x"] + 10, box["y"] + 10, below["y"] + below["height"] - 4

        async def send(kind: str, *at: float) -> None:
            points = [{"x": x, "y": one} for one in at]
            await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        async with page.expect_response("**/order/"):
            await send("touchStart", y)
            for n in range(1, 11):
                await send("touchMove", y + (end - y) * n / 10)
            await send("touchEnd")
        assert await asked(host, event) == ["Second?", "First?", "Third?"]
