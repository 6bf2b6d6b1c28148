"""The audience's page of an event in a real browser: it follows the host from question to question, and no vote is lost
without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import stop_clock, transferred
from tests.support.thorough import SLOW, THOROUGH
from tests.support.values import Json
from tests.support.vote_page import HOSTILE, WAIT_MS, Booth, Paper, Wire, booth, examine, said, server

__all__ = ["booth", "server"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_BYTES = 61_440
STILL_MS, READ_MS = 600, 2000
"""How long a page takes no tap after a move, and after which it takes for read what it said."""
LANGUAGES = ("uk", "ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr")
NO_EVENT = r"status of 404.*/vote/"
CUT = ("WebSocket connection to .* failed", "ERR_(CONNECTION_|NETWORK_|EMPTY|FAILED|INTERNET|INCOMPLETE|SOCKET)")


def asking(question: str, *options: str, **fields: object) -> Json:
    """A question of an event."""
    texts = options or ("Yes", "No")
    return {"question": question, "options": [{"option_text": text} for text in texts], **fields}


async def event_of(booth: Booth, *polls: Json, title: str = "Our evening", **fields: Any) -> Json:
    """A new event of the host's."""
    return await booth.audience.host.post("/events/", {"title": title, "polls": list(polls), **fields})


async def move(booth: Booth, event: Json, step: str = "next", **body: Any) -> None:
    """Move the event on."""
    await booth.audience.host.post(f"/events/{event['id']}/{step}/", body)


class Follower(Paper):
    """The page of an event."""

    async def asks(self, question: str, place: int, count: int, *, focused: bool = True) -> None:
        """Returns once the page shows this question, as one that can be voted in, and says which one it is."""
        await expect(self.page.locator("#question")).to_have_text(question, timeout=WAIT_MS)
        await expect(self.page.locator("#step .number")).to_have_text(said("follow.place", place=place, count=count))
        if focused:
            await expect(self.page.locator("#question")).to_be_focused()
        await expect(self.page.locator("[data-moved]")).to_have_count(0, timeout=WAIT_MS)

    async def rests(self, text: str = "follow.next") -> None:
        """Returns once nothing is shown."""
        await expect(self.page.locator(".event")).to_contain_text(said(text), timeout=WAIT_MS)
        await expect(self.page.locator("#results")).to_have_count(0)
        await expect(self.page.locator("#news")).to_be_attached(timeout=WAIT_MS)  # it has entered

    async def tells(self, name: str, question: str) -> None:
        """Returns once the page says this of a vote in another question, and nothing else."""
        text = said(f"follow.{name}", question=question)
        await expect(self.page.locator("#news .note")).to_have_text([text], timeout=WAIT_MS)


@asynccontextmanager
async def following(booth: Booth, event: Json, *allowed: str, **options: Any) -> AsyncIterator[tuple[Follower, Wire]]:
    """The page of an event on a new phone, with its sockets intercepted."""
    async with booth.visit(allowed=allowed, **options) as visitor:
        page = await visitor.context.new_page()
        wire = await Wire().on(page)
        await page.goto(f"{booth.server.url}/vote/{event['code']}")
        yield Follower(page), wire


async def scrolled(page: Page) -> int:
    place: int = await page.evaluate("scrollY")
    return place


async def test_a_page_follows_its_event_from_the_field_for_the_code_to_the_end(booth: Booth) -> None:
    event = await event_of(
        booth, asking("First?", *map(str, range(12))), asking("Second?"), description="https://x.example"
    )
    async with booth.visit() as visitor:
        page = await visitor.open("/")
        await page.get_by_label(said("code.label")).fill(event["code"].lower())
        await page.keyboard.press("Enter")
        paper = Follower(page)
        await paper.rests()
        await expect(page.locator("h1")).to_have_text("Our evening")
        await expect(page.get_by_role("link", name="https://x.example")).to_be_visible()
        await expect(page).to_have_title("Our evening – Nexus")
        await examine(page, "vote-event-before")
        await move(booth, event)
        await paper.asks("First?", 1, 2)
        await expect(page).to_have_title("First? – Nexus")
        await page.evaluate("scrollTo(0, 500)")
        assert await scrolled(page) > 0
        await paper.tap("3")
        await paper.says("vote.recorded_change")
        await move(booth, event)
        await paper.asks("Second?", 2, 2)
        assert await scrolled(page) == 0
        await move(booth, event)
        await paper.rests("follow.over")
        await expect(page.locator("h1")).to_be_focused()
        await examine(page, "vote-event-end")
    poll = await booth.audience.host.get(f"/polls/{event['polls'][0]['id']}/")
    assert (await booth.counted(poll))[0] == 1


@SLOW
async def test_a_host_who_goes_back_shows_what_one_has_voted(booth: Booth) -> None:
    event = await event_of(booth, asking("First?", "3", "4"), asking("Second?"))
    await move(booth, event)
    async with following(booth, event) as (paper, _):
        page = paper.page
        await paper.tap("3")
        await paper.says("vote.recorded_change")
        await move(booth, event)
        await paper.asks("Second?", 2, 2)
        await move(booth, event, "previous")
        await paper.asks("First?", 1, 2)
        await paper.stands("3")
        await paper.says("vote.closed_voted")
        await expect(page.locator("#next")).to_have_text(said("follow.next"))
        await expect(page.locator("#another")).to_have_count(0)
        await move(booth, event)
        await paper.asks("Second?", 2, 2)
        await expect(page.locator("#next")).to_be_hidden()  # it is the last one


async def test_a_vote_under_way_when_the_host_moves_on_is_told_what_became_of_it(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"), asking("Second?"), asking("Third?"))
    await move(booth, event)
    async with following(booth, event) as (held, held_wire), following(booth, event) as (lost, lost_wire):
        held_wire.holding = lost_wire.losing = True
        await held.tap("Yes")
        await booth.until_counted(event["polls"][0], 1, 0)  # it stands, and the page does not know
        await lost.tap("No")
        await lost.says("vote.sending")
        await move(booth, event)
        for one in (held, lost):
            await one.asks("Second?", 2, 3)
            await one.tells("sending", "First?")
            await one.says("vote.tap")
        held_wire.let_go()
        await held.tells("counts", "First?")
        await examine(held.page, "vote-event-counts")
        lost_wire.losing = False
        await lost.page.reload()  # and comes back at another question
        await lost.tells("late", "First?")
        await lost.says("vote.tap")
        await move(booth, event)
        for one in (held, lost):
            await one.asks("Third?", 3, 3)
            await expect(one.page.locator("#news")).to_be_empty()
    assert await booth.counted(event["polls"][0]) == (1, [1, 0])


async def test_a_vote_without_a_connection_and_one_that_was_not_sent_are_not_lost_without_a_word(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"), asking("Second?"), asking("Third?", max_choices=2))
    await move(booth, event)
    async with following(booth, event, *CUT) as (paper, _):
        await paper.says("vote.tap")
        await paper.page.context.set_offline(True)
        await expect(paper.page.locator("body")).to_have_attribute("data-touch", "lost", timeout=WAIT_MS)
        await paper.tap("No")
        await paper.says("vote.kept")
        for _ in range(2):
            await move(booth, event)
        await paper.page.context.set_offline(False)  # two questions further on
        await paper.asks("Third?", 3, 3)
        await paper.tells("late", "First?")
        await paper.tap("Yes")
        await paper.says("vote.chosen", n=1, most=2)
        await move(booth, event, "show", poll=None)
        await paper.rests("follow.over")
        await paper.tells("unsent", "Third?")


async def test_what_was_said_too_late_to_be_read_is_said_again_and_a_late_tap_votes_for_nothing(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"), asking("Second?", allow_change=False), asking("Third?"))
    await move(booth, event)
    async with booth.visit() as visitor:
        page = await visitor.context.new_page()
        wire = await Wire().on(page)
        await page.clock.install()
        await page.goto(f"{booth.server.url}/vote/{event['code']}")
        paper = Follower(page)
        await paper.says("vote.tap")
        await stop_clock(page)
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await move(booth, event)
        await expect(page.locator("#question")).to_have_text("Second?", timeout=WAIT_MS)
        await paper.tells("counts", "First?")
        box = await paper.option("Yes").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + 40, box["y"] + 20)  # a thumb that was on its way
        await page.clock.run_for(STILL_MS)
        await paper.asks("Second?", 2, 3, focused=False)  # the click was somewhere
        await paper.tap("No")
        await paper.says("vote.recorded")
        assert len(wire.acts) == 2
        await page.clock.run_for(READ_MS)
        await move(booth, event)
        await expect(page.locator("#question")).to_have_text("Third?", timeout=WAIT_MS)
        await expect(page.locator("#news")).to_be_empty()


async def test_who_is_elsewhere_with_the_keyboard_stays_there_and_hears_of_the_next_question(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"), asking("Second?"))
    await move(booth, event)
    async with following(booth, event) as (paper, _):
        await paper.says("vote.tap")
        await paper.page.get_by_role("combobox").focus()
        await move(booth, event)
        await paper.asks("Second?", 2, 2, focused=False)
        await expect(paper.page.get_by_role("combobox")).to_be_focused()
        await expect(paper.page.get_by_role("status").filter(has_text="Second?")).to_be_attached()


@SLOW
async def test_changes_of_an_event_show_at_once_and_leave_the_question_alone(booth: Booth) -> None:
    event = await event_of(booth, asking("First?", language="ar"), title="Before")
    await move(booth, event)
    async with following(booth, event, locale="de") as (paper, _):
        title = paper.page.locator("#step bdi")
        await expect(title).to_have_text("Before", timeout=WAIT_MS)
        await expect(paper.page.locator("#question")).to_have_attribute("lang", "ar")
        assert await title.get_attribute("lang") is None
        await paper.tap("Yes")
        await expect(paper.option("Yes")).to_have_attribute("data-state", "standing")
        await booth.audience.host.patch(f"/events/{event['id']}/", {"title": "After"})
        await booth.audience.host.post(f"/events/{event['id']}/polls/", asking("Another?"))
        await expect(title).to_have_text("After", timeout=WAIT_MS)
        await expect(paper.page.locator("#step .number")).to_have_text(said("follow.place", "de", place=1, count=2))
        await paper.stands("Yes")


async def test_titles_and_questions_of_an_event_are_text(booth: Booth) -> None:
    polls = [asking(text, *HOSTILE, max_choices=2) for text in HOSTILE]
    event = await event_of(booth, *polls, title=HOSTILE[0], description=" ".join(HOSTILE))
    async with following(booth, event) as (paper, _):
        await paper.rests()
        await expect(paper.page.locator("h1")).to_have_text(HOSTILE[0])
        for place, text in enumerate(HOSTILE, 1):
            await move(booth, event)
            await paper.asks(text, place, len(HOSTILE))
            await paper.tap(HOSTILE[1])
        await expect(paper.page.locator("#news .note")).to_have_count(1)
        assert await paper.page.evaluate("window.ran") is None


@SLOW
async def test_an_event_that_is_deleted_says_so_and_one_without_guests_asks_for_an_account(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"))
    name, password = f"member{event['id']}", "a long and quiet evening"
    await booth.audience.host.post("/auth/register/", {"username": name, "password": password})
    members = await event_of(booth, asking("First?"), asking("Second?"), allow_guests=False)
    await move(booth, event)
    async with following(booth, event, NO_EVENT) as (paper, _), following(booth, members) as (member, _):
        await paper.says("vote.tap")
        await booth.audience.host.call("DELETE", f"/events/{event['id']}/")
        await expect(paper.page.locator("h1")).to_have_text(said("follow.deleted"), timeout=WAIT_MS)
        await expect(paper.page.get_by_label(said("code.label"))).to_be_visible()
        await paper.page.reload()
        await expect(paper.page.locator("h1")).to_have_text(said("vote.unknown"), timeout=WAIT_MS)
        await expect(member.page.get_by_text(said("follow.members"))).to_be_visible()
        await member.page.get_by_label(said("login.username")).fill(name)
        await member.page.get_by_label(said("login.password")).fill(password)
        await member.page.keyboard.press("Enter")
        await member.rests()
        await move(booth, members)
        await member.asks("First?", 1, 2)
        await member.tap("Yes")
        await member.says("vote.recorded_change")


@SLOW
async def test_where_sockets_are_blocked_a_page_follows_by_http(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"), asking("Second?"))
    async with booth.visit() as visitor:
        page = await visitor.context.new_page()
        await page.route_web_socket("**/ws", lambda one: one.close())
        await page.goto(f"{booth.server.url}/vote/{event['code']}")
        paper = Follower(page)
        await paper.rests()
        await expect(page.locator("body")).to_have_attribute("data-touch", "late", timeout=WAIT_MS)
        for place, question in enumerate(("First?", "Second?"), 1):
            await move(booth, event)
            await paper.asks(question, place, 2)
            await paper.tap("Yes")
            await paper.says("vote.recorded_change")


async def test_a_draft_that_is_shown_can_be_read_and_voted_in_once_it_opens(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"))
    await move(booth, event, open=False)
    no_room = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    async with booth.visit() as visitor:
        page = await visitor.context.new_page()
        await page.add_init_script(no_room)
        await page.goto(f"{booth.server.url}/vote/{event['code']}")
        paper = Follower(page)
        await expect(page.locator("#said")).to_have_text(said("follow.soon"), timeout=WAIT_MS)
        await paper.can_choose(False)
        await booth.audience.host.post(f"/polls/{event['polls'][0]['id']}/open/")
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await expect(page.get_by_text(said("vote.fleeting"))).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES if THOROUGH else LANGUAGES[:1])
async def test_the_page_of_an_event_weighs_less_than_60_kilobytes(booth: Booth, language: str) -> None:
    event = await event_of(booth, asking("First?"), description="Welcome.")
    for shown in (False, True):
        if shown:
            await move(booth, event)
        async with booth.visit(locale=language) as visitor:
            page = await visitor.context.new_page()
            async with transferred(page) as sent:
                await page.goto(f"{booth.server.url}/vote/{event['code']}")
                await expect(page.locator("body")).to_have_attribute("data-touch", "good", timeout=WAIT_MS)
                await expect(page.locator("#said" if shown else ".halo")).to_be_visible()
            assert len(sent.by_url) > 5 and 5000 < sent.bytes < MOST_BYTES, (sent.bytes, sent.by_url)
