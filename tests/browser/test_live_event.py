"""An event on stage in a real browser: it follows, its presenter moves it, and in between it invites."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import stop_clock
from tests.support.live_page import (
    TOUCH_MS,
    Venue,
    accessible,
    account,
    act,
    in_touch,
    live,
    live_server,
    offers,
    shows,
    venue,
)
from tests.support.stage_layout import idle, laid_out, resized
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

TITLE = "<img src=x onerror=alert(1)> & friends"
OPTIONS = [{"option_text": text} for text in ("Amsterdam", "Berlin", "Copenhagen")]


async def event_of(venue: Venue, *questions: str, **fields: object) -> Json:
    """A new event of drafts with these questions."""
    polls = [{"question": question, "options": OPTIONS, **fields} for question in questions]
    made: Json = await venue.host.post("/events/", {"title": TITLE, "polls": polls})
    return made


async def shown(venue: Venue, event: Json) -> tuple[int | None, list[str]]:
    """The place of the poll that is shown, and the statuses of all."""
    now = await venue.host.get(f"/events/{event['id']}/")
    places = [poll["id"] for poll in now["polls"]]
    return places.index(now["shown"]) if now["shown"] else None, [poll["status"] for poll in now["polls"]]


async def move(venue: Venue, event: Json, step: str = "next", **body: object) -> Json:
    """Another device of a host moves the event on."""
    moved: Json = await venue.host.post(f"/events/{event['id']}/{step}/", body)
    return moved


async def asks(page: Page, place: str, question: str) -> None:
    """Returns once the stage asks this question."""
    await expect(page.locator("#question")).to_have_text(question, timeout=TOUCH_MS)
    await expect(page.locator("#event-place")).to_have_text(place)
    await expect(page.locator("#event-title")).to_have_text(TITLE)


async def invites(page: Page, event: Json, says: str) -> None:
    """Returns once the stage shows the title of its event and how to join, and no question."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(TITLE, timeout=TOUCH_MS)
    await expect(page.locator("#status")).to_have_text(says)
    await expect(page.locator("#code")).to_have_text(event["code"])
    await expect(page.locator("#qr")).to_have_attribute("src", re.compile(rf"/vote/{event['code']}/qr\.svg"))
    await expect(page.locator("#results")).to_be_hidden()
    await expect(page.locator("#event-place")).to_be_hidden()


async def test_stages_follow_their_event_from_its_lobby_to_its_end(venue: Venue) -> None:
    event = await event_of(venue, "First?", "Second?")
    link = (await venue.host.post(f"/events/{event['id']}/screen/"))["url"]
    async with venue.visit(reduced_motion="reduce") as visitor:
        guest = await venue.page(visitor, live(event))
        screen = await venue.page(visitor, link[link.index("/live/") :])
        pages = (guest, screen)
        for page in pages:
            await in_touch(page)
            await invites(page, event, "Voting starts soon")
        await accessible(guest, "event-lobby")
        first = await move(venue, event)
        for page in pages:
            await asks(page, "Question 1 of 2", "First?")
            await expect(page.locator("#code")).to_have_text(event["code"])
        await venue.ballots(await venue.host.get(f"/polls/{first['shown']}/"), 0, 0, 1)
        for page in pages:
            await shows(page, 2, 1, 0)
        await accessible(guest, "event-question")
        await move(venue, event, "show", poll=None)
        for page in pages:
            await invites(page, event, "The next question comes soon")
        await move(venue, event)
        for page in pages:
            await asks(page, "Question 2 of 2", "Second?")
            await shows(page, 0, 0, 0)
        await guest.reload()
        await asks(guest, "Question 2 of 2", "Second?")
        await in_touch(guest)
        await move(venue, event)
        for page in pages:
            await invites(page, event, "Thank you for taking part!")
            await expect(page.locator(".join span")).to_have_text("See all results")
        await accessible(guest, "event-over")
        await venue.host.call("DELETE", f"/events/{event['id']}/")
        for page in pages:
            await expect(page.get_by_role("heading", level=1)).to_have_text("This event no longer exists")


async def test_a_clicker_runs_an_event_step_by_step_and_back(venue: Venue) -> None:
    event = await event_of(venue, "First?", "Second?", results="after_close")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(event), login=True, clock=True)
        await in_touch(page)
        await offers(page, "next")
        await stop_clock(page)
        for key, question, status in (
            ("PageDown", "First?", "open"),
            ("ArrowRight", "First?", "closed"),
            ("PageUp", "First?", "open"),  # the close was just now
            ("Space", "First?", "closed"),
            ("PageDown", "Second?", "open"),
            ("ArrowLeft", "First?", "closed"),
        ):
            await page.evaluate("document.activeElement.blur()")
            await page.keyboard.press(key)
            await page.keyboard.press(key)  # doubled: one step
            await expect(page.locator("#question")).to_have_text(question)
            await expect(page.locator("#status")).to_have_attribute("data-status", status)
            await page.clock.fast_forward(1000)
        assert await shown(venue, event) == (0, ["closed", "closed"])
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator("#results")).to_be_hidden()
        assert await shown(venue, event) == (None, ["closed", "closed"])
        await offers(page, "open", whether=False)
        await page.keyboard.press("o")
        await expect(page.locator("#trouble")).to_have_text("Nothing is shown right now.")


@SLOW
async def test_where_results_are_seen_the_next_question_is_one_key_away(venue: Venue) -> None:
    event = await event_of(venue, "First?", "Second?")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(event), login=True, clock=True)
        await in_touch(page)
        await offers(page, "next")
        await stop_clock(page)
        for key, now in (
            ("PageDown", (0, ["open", "draft"])),
            ("PageDown", (1, ["closed", "open"])),
            ("PageUp", (0, ["closed", "closed"])),
        ):
            await page.keyboard.press(key)
            await expect(page.locator("#question")).to_have_text(("First?", "Second?")[now[0]])
            assert await shown(venue, event) == now
            await page.clock.fast_forward(1000)


async def test_who_was_quicker_has_moved_this_stage_too_and_nothing_is_skipped(venue: Venue) -> None:
    event = await event_of(venue, "First?", "Second?", "Third?")
    await move(venue, event)
    async with venue.visit(reduced_motion="reduce", allowed=["409"]) as visitor:
        page = await venue.page(visitor, live(event), login=True)
        await in_touch(page)
        await offers(page, "close")
        await page.keyboard.press("c")
        await expect(page.locator("#status")).to_have_text("Final results")

        async def late(route: object) -> None:
            await move(venue, event)  # another device was quicker
            await route.continue_()  # type: ignore[attr-defined]

        await page.route("**/events/*/next/", late)
        async with page.expect_response("**/events/*/next/") as answered:
            await page.keyboard.press("PageDown")
        assert (await answered.value).status == 409
        await asks(page, "Question 2 of 3", "Second?")
        assert await shown(venue, event) == (1, ["closed", "open", "draft"])
        await expect(page.locator("#trouble")).to_be_hidden()


@SLOW
async def test_the_whole_screen_says_how_to_join_the_event_or_nothing_at_all(venue: Venue) -> None:
    event = await event_of(venue, "First?")
    await move(venue, event)
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(event), login=True)
        await in_touch(page)
        await offers(page, "close")
        cover = page.locator(".cover")
        await page.keyboard.press("j")
        await expect(cover.locator(".code")).to_have_text(event["code"])
        await expect(cover.locator(".asked")).to_have_text(TITLE)
        await page.keyboard.press("PageDown")
        await expect(cover).to_have_count(0)
        await page.keyboard.press("b")
        await expect(cover).to_be_visible()
        await page.keyboard.press("PageDown")
        await expect(cover).to_have_count(0)
        assert await shown(venue, event) == (0, ["open"])
        await page.keyboard.press("?")
        await expect(page.locator("dialog .keys")).to_contain_text("Next question; hidden results are shown first")
        await accessible(page)


@SLOW
async def test_an_event_is_laid_out_at_every_size(venue: Venue) -> None:
    event = await event_of(venue, "Where shall we meet next year?", results="host")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(event), clock=True)
        await in_touch(page)
        for moved in (False, True):
            if moved:
                poll = (await move(venue, event, seconds=3000))["shown"]
                await venue.host.post(f"/polls/{poll}/open/", {"seconds": 110})
                await expect(page.locator("#left")).to_be_visible()
            await idle(page)
            for size in ((360, 740), (768, 1024), (1280, 720), (1080, 1920), (3840, 2160)):
                await resized(page, size)
                await laid_out(page)
                if moved:  # the title in whole, beside the note and the time
                    title = "(one) => [one.scrollWidth - one.clientWidth, one.scrollHeight - one.clientHeight]"
                    cut = await page.locator("#event-title").evaluate(title)
                    assert max(cut) <= 1, (size, cut)
                if moved and size != (360, 740):
                    digits = await page.locator("#left span").evaluate("(one) => one.offsetHeight")
                    assert digits > 0.045 * min(size), (size, digits)


@SLOW
async def test_the_end_of_an_event_is_laid_out_at_every_size(venue: Venue) -> None:
    event = await event_of(venue, "First?")
    await move(venue, event)
    await move(venue, event)
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(event))
        await in_touch(page)
        await idle(page)
        for size in ((360, 740), (768, 1024), (1280, 720), (1080, 1920), (2560, 1080), (3840, 2160)):
            await resized(page, size)
            await laid_out(page)
            title, thanks, code = [await page.locator(one).bounding_box() for one in ("#question", "#status", "#code")]
            assert title and thanks and code, size
            assert title["y"] + title["height"] <= thanks["y"] + 1, size
            assert code["height"] > thanks["height"] / 3, size


@SLOW
async def test_who_is_online_stands_at_the_edge_where_nobody_can_vote_yet(venue: Venue) -> None:
    event = await event_of(venue, "First?")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(event))
        await in_touch(page)
        await page.locator("#online").evaluate("(one) => { one.hidden = false; one.textContent = '3 online'; }")
        edges = [await page.locator(one).bounding_box() for one in ("#online", ".stage > footer")]
        assert edges[0] and edges[1] and edges[0]["x"] == edges[1]["x"]


@SLOW
async def test_a_stage_of_an_event_without_guests_says_so_and_takes_its_host(venue: Venue) -> None:
    event = await event_of(venue, "First?")
    await venue.host.patch(f"/events/{event['id']}/", {"allow_guests": False})
    async with venue.visit(allowed=["403"]) as visitor:
        page = await venue.page(visitor, live(event))
        await expect(page.get_by_role("heading", level=1)).to_have_text("This event can’t be shown here")
        await expect(page.locator("#why")).to_have_text("You need an account for this event.")
        page = await venue.page(visitor, live(event), login=True)
        await invites(page, event, "Voting starts soon")


@SLOW
async def test_an_overlay_follows_an_event_in_its_place(venue: Venue) -> None:
    event = await event_of(venue, "First?")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, f"{live(event)}?overlay=1&at=top", login=True)
        await in_touch(page)
        await expect(page.locator("h1")).to_have_text(TITLE)
        before = await page.locator(".stage").bounding_box()
        await move(venue, event)
        await asks(page, "Question 1 of 1", "First?")
        after = await page.locator(".stage").bounding_box()
        assert before and after
        assert (round(before["x"]), round(before["y"])) == (round(after["x"]), round(after["y"]))
        await page.keyboard.press("PageDown")
        assert await shown(venue, event) == (0, ["open"])
        assert await act(page, "next").count() == 0
