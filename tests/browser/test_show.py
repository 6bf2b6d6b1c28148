"""A whole show in real browsers: a host with a phone, a stage, two voters and 200 simulated ones go through four
questions, with a reload, spells without a network, and a server that restarts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from nexus.client import Nexus, connect, socket_url
from nexus.client.event_room import EventRoom
from tests.support.browser import PHONE, PROJECTOR, Chromium, axe, picture
from tests.support.host_page import LOST, Host, hosting
from tests.support.live_page import PUBLIC, TOUCH_MS, in_touch, out_of_touch, shows
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.values import Json
from tests.support.vote_page import Paper, said
from tests.support.waiting import SERVER_S, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

CROWD = 200
AT_ONCE = 25
CUT = (LOST, r"ERR_(CONNECTION|NETWORK|EMPTY|INCOMPLETE|SOCKET)", r"WebSocket connection to .* failed")
EVIL = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
TITLE = f"An evening {EVIL}"
QUESTIONS: list[Json] = [
    {"question": f"First? {EVIL}"},
    {"question": "Second?", "max_choices": 2},
    {"question": "Third?", "results": "after_close"},
    {"question": "Fourth?", "chart": "donut"},
]
OPTIONS = ("Amsterdam", "Berlin", "Copenhagen")


@dataclass
class Show:
    """Everything that takes part."""

    server: Server
    host: Host
    event: Json
    stage: Page
    first: Paper
    second: Paper
    crowd: list[tuple[Nexus, EventRoom]]

    @property
    def pages(self) -> tuple[Page, ...]:
        return self.host.page, self.stage, self.first.page, self.second.page

    async def step(self, name: str = "Next") -> None:
        """The host presses a button under the thumb."""
        await self.host.page.locator(".thumb").get_by_role("button", name=re.compile(f"^{name}")).click()

    async def act(self, name: str) -> None:
        """The host presses another button of Live control."""
        await self.host.page.get_by_role("button", name=name, exact=True).click()

    async def asks(self, place: int) -> None:
        """Returns once everybody is at this question, from 1."""
        question = QUESTIONS[place - 1]["question"]
        await expect(self.host.page.locator("#on-air")).to_have_text(question, timeout=TOUCH_MS)
        await expect(self.stage.locator("#event-place")).to_have_text(f"Question {place} of 4", timeout=TOUCH_MS)
        for page in (self.stage, self.first.page, self.second.page):
            await expect(page.locator("#question")).to_have_text(question, timeout=TOUCH_MS)
        for paper in (self.first, self.second):
            await expect(paper.page.locator("[data-moved]")).to_have_count(0, timeout=TOUCH_MS)
        shown = (await self.now())["shown"]
        await until(lambda: all(room.event.shown == shown for _, room in self.crowd), SERVER_S)

    async def now(self) -> Json:
        """The event as its host reads it."""
        read: Json = (await self.host.http.get(f"/events/{self.event['id']}/")).json()
        return read

    async def votes(self, option: int) -> None:
        """Everybody in the crowd votes for an option of what is shown to them, and is told that it counts."""
        door = asyncio.Semaphore(AT_ONCE)

        async def vote(member: Nexus, room: EventRoom) -> None:
            assert room.room is not None
            async with door:
                await member.vote(room.room.id, [room.room.poll.options[option].id])

        await asyncio.gather(*(vote(*one) for one in self.crowd))

    async def counts(self, *counts: int) -> None:
        """Returns once the stage shows these."""
        await shows(self.stage, *counts)

    async def examine(self, name: str) -> None:
        """Check every screen with axe, and keep its picture."""
        for place, page in zip(("control", "stage", "vote", "vote-other"), self.pages, strict=True):
            await axe(page)
            await picture(page, f"show-{name}-{place}")
            assert await page.evaluate("window.ran") is None
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{place} is too wide"


@asynccontextmanager
async def show_of(chromium: Chromium, server: Server) -> AsyncIterator[Show]:
    """Everybody in their place, before the first question."""
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(hosting(chromium, server.url, viewport=PHONE, allowed=CUT))
        polls = [{"options": [{"option_text": text} for text in OPTIONS], **more} for more in QUESTIONS]
        made = await host.http.post("/events/", json={"title": TITLE, "polls": polls})
        assert made.status_code == 201, made.text
        event = made.json()
        screen = (await host.http.post(f"/events/{event['id']}/screen/")).json()["url"]
        await host.page.goto(f"{server.url}/host#/event/{event['id']}/control")
        pages = []
        for path, viewport in (
            (screen[screen.index("/live/") :], PROJECTOR),
            (f"/vote/{event['code']}", PHONE),
            (f"/vote/{event['code']}", PHONE),
        ):
            visit = chromium.visit(server.url, viewport=viewport, allowed=CUT, reduced_motion="reduce")
            visitor = await stack.enter_async_context(visit)
            pages.append(await visitor.open(path))
        crowd = await stack.enter_async_context(crowd_at(server, event))
        yield Show(server, host, event, pages[0], Paper(pages[1]), Paper(pages[2]), crowd)


@asynccontextmanager
async def crowd_at(server: Server, event: Json) -> AsyncIterator[list[tuple[Nexus, EventRoom]]]:
    """So many followers, each with a connection of their own."""
    door = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as visits:

        async def come(n: int) -> tuple[Nexus, EventRoom]:
            async with door:
                token = server.token(f"user:{5000 + n}", "user")
                member = await visits.enter_async_context(connect(socket_url(server.url), token))
                room = await member.enter(event["code"])
                assert isinstance(room, EventRoom)
                return member, room

        yield await asyncio.gather(*(come(n) for n in range(CROWD)))


@SLOW
async def test_a_show_of_four_questions_goes_on_whatever_happens(
    chromium: Chromium, tmp_path: Path, database_url: str
) -> None:
    async with serving(tmp_path, database_url, NEXUS_PUBLIC_URL=PUBLIC) as server, show_of(chromium, server) as show:
        await before(show)
        await first_question(show)
        await second_question(show)
        await third_question(show)
        await fourth_question(show)
        results = (await show.host.http.get(f"/events/{show.event['id']}/results/")).json()["results"]
        assert [[option["votes_count"] for option in one["options"]] for one in results] == [
            [CROWD + 1, 1, 0],
            [1, CROWD + 2, 0],
            [CROWD, 1, 1],
            [1, 0, CROWD + 1],
        ]
        assert [one["voters"] for one in results] == [CROWD + 2] * 4
        proof = await server.command("verify")
        assert proof.returncode == 0, proof.stdout


async def before(show: Show) -> None:
    """All are in, and told that nothing is asked yet."""
    await in_touch(show.stage)
    await expect(show.stage.get_by_role("heading", level=1)).to_have_text(TITLE)
    await expect(show.stage.locator("#code")).to_have_text(show.event["code"])
    for paper in (show.first, show.second):
        await expect(paper.page.locator("h1")).to_have_text(TITLE)
        await expect(paper.page.locator(".event")).to_contain_text(said("follow.next"))
    await expect(show.host.page.locator(".here")).to_contain_text(f"{CROWD + 2}", timeout=TOUCH_MS)
    await show.examine("before")


async def first_question(show: Show) -> None:
    """A voter reloads the page, and has voted still."""
    await show.step()
    await show.asks(1)
    await show.votes(0)
    await show.first.tap(OPTIONS[0])
    await show.second.tap(OPTIONS[1])
    await show.second.says("vote.recorded_change")
    await show.second.page.reload()
    await show.second.stands(OPTIONS[1])
    await show.counts(CROWD + 1, 1, 0)
    await show.examine("first")


async def second_question(show: Show) -> None:
    """A voter and the stage are without a network for a while: the vote is kept, and counts."""
    await show.step()
    await show.asks(2)
    await show.first.page.context.set_offline(True)
    await show.stage.context.set_offline(True)
    await expect(show.first.page.locator("body")).to_have_attribute("data-touch", "lost", timeout=TOUCH_MS)
    await out_of_touch(show.stage)
    for text in OPTIONS[:2]:
        await show.first.tap(text)
    await show.first.page.locator("#send").click()
    await show.first.says("vote.kept")
    await show.votes(1)
    await show.second.tap(OPTIONS[1])
    await show.second.page.locator("#send").click()
    await show.counts(0, 0, 0)
    await axe(show.first.page)
    await show.first.page.context.set_offline(False)
    await show.stage.context.set_offline(False)
    await show.counts(1, CROWD + 2, 0)


async def third_question(show: Show) -> None:
    """The server restarts while people vote; the counts are hidden until the host closes voting."""
    await show.step()
    await show.asks(3)
    await show.second.tap(OPTIONS[2])
    await show.second.says("vote.recorded_change")
    voting = asyncio.create_task(show.votes(0))
    await show.server.stop()
    for page in (show.stage, show.first.page):
        await expect(page.locator("body")).to_have_attribute("data-touch", "lost", timeout=TOUCH_MS)
    await show.first.tap(OPTIONS[1])
    await show.server.start()
    await voting
    await show.first.says("vote.recorded_change")
    await expect(show.stage.locator("#turnout")).to_have_text(f"{CROWD + 2} people voted", timeout=TOUCH_MS)
    await expect(show.stage.locator("#results .share").first).to_be_hidden()
    await show.act("Close voting")
    await show.counts(CROWD, 1, 1)
    await show.examine("third")


async def fourth_question(show: Show) -> None:
    """To the end: the last one is voted in, and then nothing is shown any more."""
    await show.step()
    await show.asks(4)
    await show.votes(2)
    await show.first.tap(OPTIONS[2])
    await show.second.page.get_by_role("button").filter(has_text=OPTIONS[0]).focus()
    await show.second.page.keyboard.press("Enter")
    await show.second.says("vote.recorded_change")
    await show.counts(1, 0, CROWD + 1)
    await show.examine("fourth")
    await show.step()
    await expect(show.stage.locator("#status")).to_contain_text("Thank you", timeout=TOUCH_MS)
    for paper in (show.first, show.second):
        await expect(paper.page.locator(".event")).to_contain_text(said("follow.over"), timeout=TOUCH_MS)
    await until(lambda: all(room.event.shown is None for _, room in show.crowd), SERVER_S)
    await show.examine("end")
