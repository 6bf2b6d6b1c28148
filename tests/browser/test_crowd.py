"""The presenter's page in a real browser among many voters, through cut connections and restarts; what pages weigh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from nexus.client import Nexus, connect, socket_url
from tests.support.audience import audience_of
from tests.support.audience_acts import vote
from tests.support.browser import PHONE, transferred
from tests.support.live_page import (
    CUT_OFF,
    PASSWORD,
    TOUCH_MS,
    Venue,
    accessible,
    account,
    in_touch,
    live,
    live_server,
    never_back,
    out_of_touch,
    places,
    register,
    screen_path,
    shows,
    venue,
)
from tests.support.stage_layout import laid_out
from tests.support.thorough import SLOW, THOROUGH
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDED = "This screen link has expired. Ask the host for a new one."


VOTERS = 300
AT_ONCE = 30
TURNS = 40 if THOROUGH else 15
"""How many votes each option gets while a stage is loaded again."""
MOST_BYTES = 60 * 1024


async def test_the_bars_reach_the_count_of_a_crowd(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen")
    async with venue.visit() as visitor, venue.visit(viewport=PHONE) as phone:
        stage, paper = await venue.page(visitor, live(poll)), await venue.page(phone, f"/vote/{poll['code']}")
        await in_touch(stage)
        await in_touch(paper)
        async with crowd(venue, poll, VOTERS) as members:
            await expect(stage.locator("#online")).to_have_text(f"{VOTERS + 1} online", timeout=TOUCH_MS)
            options = paper.locator("#results > [data-option]")
            tapped = options.nth(2).get_by_role("button")
            voting = asyncio.create_task(vote_in_turns(members, poll))
            await tapped.click()
            await voting
            await expect(options.nth(2)).to_have_attribute("data-state", "standing", timeout=TOUCH_MS)
            await check_the_end(venue, poll, stage, paper)


async def check_the_end(venue: Venue, poll: Json, stage: Page, paper: Page) -> None:
    """Both browsers show the current results, and have never shown older counts after newer ones."""
    results = await venue.host.get(f"/polls/{poll['id']}/results/")
    counts = [option["votes_count"] for option in results["options"]]
    assert counts == [VOTERS // 2, VOTERS // 2, 1] and results["voters"] == VOTERS + 1
    await shows(stage, *counts)
    await expect(stage.locator("#turnout")).to_have_text(f"{VOTERS + 1} people voted")
    await expect(stage.locator("#results .share")).to_have_text(["50%", "50%", "<1%"])
    await expect(stage.locator("#results .unseen").last).to_have_text("less than 1%, 1 vote")
    for n, count in enumerate(counts):
        await expect(paper.locator("#results > [data-option]").nth(n)).to_have_attribute("data-count", str(count))
    for page in (stage, paper):
        seen = await places(page)
        never_back(seen)
        assert seen[-1][:2] == [results["epoch"], results["version"]]
        assert len(seen) > 2
        for each in zip(*(state[2] for state in seen), strict=True):
            assert list(each) == sorted(each)


@asynccontextmanager
async def crowd(venue: Venue, poll: Json, size: int) -> AsyncIterator[list[Nexus]]:
    """This many voters in the room of a poll, each with their own connection."""
    door = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as visits:

        async def come(n: int) -> Nexus:
            async with door:
                token = venue.server.token(f"user:{5000 + n}", "user")
                member = await visits.enter_async_context(connect(socket_url(venue.server.url), token))
                await member.join(poll["id"])
                return member

        yield await asyncio.gather(*(come(n) for n in range(size)))


async def vote_in_turns(members: list[Nexus], poll: Json) -> None:
    """Everybody votes, some at once: half for the first option, half for the second."""
    ids = [option["id"] for option in poll["options"][:2]]
    for n in range(0, len(members), AT_ONCE):
        turn = members[n : n + AT_ONCE]
        await asyncio.gather(*(member.vote(poll["id"], [ids[m % 2]]) for m, member in enumerate(turn)))


async def test_no_screen_weighs_60_kilobytes(venue: Venue) -> None:
    poll = await venue.host.poll()
    for path in ("/", "/host", f"/vote/{poll['code']}", live(poll)):
        # A new one each time, so that nothing is kept from earlier ones; and its words are the longest.
        async with venue.visit(locale="uk") as visitor:
            page = await visitor.context.new_page()
            async with transferred(page) as sent:
                await page.goto(venue.server.url + path)
                if poll["code"] in path:
                    await in_touch(page)
            assert len(sent.by_url) > 5 and 5000 < sent.bytes < MOST_BYTES, (path, sent.bytes, sent.by_url)


@pytest.mark.parametrize("login", [pytest.param(False, marks=SLOW), True], ids=["a guest's", "the host's"])
@pytest.mark.parametrize("of", ["poll", "event", pytest.param("event between polls", marks=SLOW)])
async def test_a_stage_weighs_less_than_that_with_the_tools_that_it_loads_by_itself(
    venue: Venue, login: bool, of: str
) -> None:
    poll = await venue.host.poll()
    if of != "poll":
        options = [{"option_text": option["option_text"]} for option in poll["options"]]
        polls = [{"question": f"{poll['question']} {n}", "options": options} for n in range(8)]
        poll = await venue.host.post("/events/", {"title": "Weight", "polls": polls})
        for _ in range(8 if of == "event" else 0):  # the last shows the most of its run sheet
            await venue.host.post(f"/events/{poll['id']}/next/")
    async with venue.visit(locale="uk", allowed=["favicon", "Access is denied for this document"]) as visitor:
        page = await venue.page(visitor, "/assets/client.js", login=login)
        await page.goto("about:blank")  # ends what a browser asks by itself for a file without an icon
        async with transferred(page) as sent:
            await page.goto(venue.server.url + live(poll))
            await in_touch(page)
            await expect(page.locator(".controls")).to_be_attached(timeout=TOUCH_MS)
        assert any("/controls.js" in url for url in sent.by_url)
        assert sent.bytes < MOST_BYTES, (sent.bytes, sent.by_url)


async def test_a_stage_never_goes_back(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit(allowed=CUT_OFF, reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        voting = asyncio.create_task(venue.ballots(poll, *([0, 1, 2] * TURNS)))
        await page.reload()
        await in_touch(page)
        await voting
        await shows(page, TURNS, TURNS, TURNS)
        await visitor.context.set_offline(True)
        await out_of_touch(page)
        await venue.ballots(poll, 0, first=200)
        await shows(page, TURNS, TURNS, TURNS)
        await visitor.context.set_offline(False)
        await in_touch(page)
        await shows(page, TURNS + 1, TURNS, TURNS)
        await venue.host.post(f"/polls/{poll['id']}/reset/")
        await shows(page, 0, 0, 0)
        await venue.ballots(poll, 1)
        await shows(page, 0, 1, 0)
        seen = await places(page)
        never_back(seen)
        assert len(seen) >= 5 and {place[0] for place in seen} == {1, 2}


@SLOW
async def test_a_screen_that_waits_for_its_first_touch_says_so(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin")
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit() as visitor:
        held: list[WebSocketRoute] = []

        def hold(socket: WebSocketRoute) -> None:
            held.append(socket)

        page = await visitor.context.new_page()
        await page.route_web_socket("**/ws", hold)
        await page.goto(venue.server.url + await screen_path(venue.host, poll))
        await expect(page.locator("#results .count")).to_have_text(["2", "1"])  # from the page itself
        await expect(page.locator("#link")).to_have_text("Connecting…")
        assert len(held) == 1
        await page.unroute_all()


@SLOW
async def test_an_ended_screen_link_says_so(venue: Venue) -> None:
    changing, disabled = [await register(venue.server, name) for name in ("changing", "disabled")]
    async with venue.visit(allowed=["401"]) as visitor:
        pages = []
        for account in (changing, disabled):
            poll = await account.at(venue.audience).poll()
            where = await screen_path(account.at(venue.audience), poll)
            pages.append(await venue.page(visitor, where))
            await in_touch(pages[-1])
        await changing.at(venue.audience).call("POST", "/auth/password/", {"old": PASSWORD, "new": f"{PASSWORD}s"})
        done = await venue.server.command("user", "disable", disabled.name)
        assert done.returncode == 0, done.stderr
        for page in pages:
            await expect(page.locator("#link")).to_contain_text(ENDED, timeout=TOUCH_MS)
            await expect(page.locator("body[data-touch=lost]")).to_be_attached()
            await page.get_by_role("button", name="Reload").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Which?")


@SLOW
async def test_a_stage_is_right_again_after_a_restart(venue: Venue) -> None:
    poll = await venue.host.poll()
    await venue.ballots(poll, 0, 0, 1)
    where = await screen_path(venue.host, poll)
    async with venue.visit(allowed=CUT_OFF) as visitor:
        pages = [await venue.page(visitor, one) for one in (live(poll), where)]
        for page in pages:
            await in_touch(page)
        venue.server.kill()
        for page in pages:
            await out_of_touch(page)
            await laid_out(page)
        await accessible(pages[0], "lost")
        await venue.server.start()
        async with audience_of(venue.server) as audience:
            await audience.voter(9).act(vote(poll, 2))
        for page in pages:
            await in_touch(page)
            await shows(page, 2, 1, 1)
            await expect(page.locator("body.idle")).to_be_attached(timeout=TOUCH_MS)  # nobody has touched it
            never_back(await places(page))
