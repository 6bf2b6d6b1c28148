"""The presenter's page in a real browser: what an audience sees on it, and what a host does from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Page, Request, Route, WebSocket, expect

from nexus.http.pages.qr import qr_svg
from tests.browser.test_live_host import status_of
from tests.support.browser import Visitor
from tests.support.counts_told import tells_counts
from tests.support.live_page import (
    PUBLIC,
    TOUCH_MS,
    Venue,
    account,
    act,
    held_back,
    in_touch,
    live,
    live_server,
    screen_path,
    shows,
    venue,
)
from tests.support.thorough import THOROUGH
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDED = "This screen link has expired. Ask the host for a new one."
HOSTS_ACTS = ("open", "close", "reveal")
HIDING = ("host", "after_vote", "after_close") if THOROUGH else ("host",)


def path(poll: Json) -> str:
    return f"/live/{poll['code']}"


async def test_a_guest_sees_everything_of_an_open_poll(venue: Venue) -> None:
    ends = (datetime.now(UTC) + timedelta(minutes=9)).isoformat()
    poll = await venue.host.poll("Ja", "Nein", "Vielleicht", question="Gehen wir?", expires_at=ends)
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await shows(page, 2, 1, 0)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Gehen wir?")
        await expect(page.locator("#results .text")).to_have_text(["Ja", "Nein", "Vielleicht"])
        await expect(page.locator("#results .share")).to_have_text(["67%", "33%", "0%"])
        fills = await page.locator("#results .fill").evaluate_all(
            "(all) => all.map((one) => Number(one.style.getPropertyValue('--share')))"
        )
        assert [round(fill, 3) for fill in fills] == [0.667, 0.333, 0]
        await expect(page.locator("#turnout")).to_have_text("3 people voted")
        await expect(page.locator("#online")).to_be_hidden()  # the stage does not count itself
        await expect(page.locator("#status")).to_have_text("Open")
        await expect(page.locator("#left")).to_have_text(re.compile(r"^8:\d\d$"))
        await expect(page.locator("#left")).to_have_attribute("aria-label", re.compile(r"^8:\d\d left$"))
        watcher = await venue.audience.voter(77).watch(poll)
        await venue.ballots(poll, 2, first=9)
        await shows(page, 2, 1, 1)
        await expect(page.locator("#online")).to_have_text("1 online", timeout=TOUCH_MS)
        await watcher.close()
        await check_how_to_join(page, venue, poll)


async def test_a_stage_waits_for_the_first_vote(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await expect(page.locator("#turnout")).to_have_text("Waiting for the first vote")
        await venue.ballots(poll, 0)
        await expect(page.locator("#turnout")).to_have_text("1 person voted")


async def check_how_to_join(page: Page, venue: Venue, poll: Json) -> None:
    await expect(page.locator("#code")).to_have_text(poll["code"])
    await expect(page.locator(".join")).to_have_text(f"Join at {PUBLIC.removeprefix('https://')}")
    await expect(page.locator(".local")).to_have_count(0)
    picture = page.locator("#qr")
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    drawn = await page.request.get(await picture.get_attribute("src") or "")
    assert await drawn.body() == qr_svg(f"{PUBLIC}/vote/{poll['code']}")


async def test_a_guest_can_do_nothing_to_a_poll(venue: Venue) -> None:
    poll = await venue.host.poll()
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        for name in HOSTS_ACTS:
            await expect(act(page, name)).to_have_count(0)
            await page.keyboard.press(name[0])
        await page.keyboard.press("?")  # by then the other keys have been handled
        await expect(page.get_by_role("dialog")).to_contain_text("log in as host")
        assert await status_of(venue.host, poll) == ("open", "live")


async def test_the_token_of_a_screen_link_is_in_no_request_and_no_log(venue: Venue) -> None:
    poll = await venue.host.poll(results="host")
    where = await screen_path(venue.host, poll)
    token = where.partition("#token=")[2]
    asked: list[Request | WebSocket] = []

    def note(one: Request | WebSocket) -> None:
        asked.append(one)

    async with venue.visit() as visitor:
        visitor.context.on("request", note)
        visitor.context.on("page", lambda page: page.on("websocket", note))
        page = await venue.page(visitor, where)
        await in_touch(page)
        await page.reload()
        await in_touch(page)
        assert len(asked) > 20 and any(isinstance(one, WebSocket) for one in asked)
        assert not [one.url for one in asked if token in one.url]
        headers = [await one.all_headers() for one in asked if isinstance(one, Request)]
        assert not [
            name for each in headers for name, text in each.items() if token in text and name != "authorization"
        ]
        await expect(act(page, "help")).to_be_attached()
        for name in (*HOSTS_ACTS, "login"):
            await expect(act(page, name)).to_have_count(1 if name == "login" else 0)
    assert "Nexus serves" in venue.server.log and token not in venue.server.log


async def test_what_is_hidden_reaches_no_guest(venue: Venue) -> None:
    async with venue.visit() as visitor:
        for policy in HIDING:
            poll = await venue.host.poll(results=policy)
            await venue.ballots(poll, 0, 0, 0, 0, 1, 1, 1)
            await check_that_nothing_is_told(venue, visitor, poll)


async def check_that_nothing_is_told(venue: Venue, visitor: Visitor, poll: Json) -> None:
    told: list[str] = []
    page = await visitor.context.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: told.append(str(text))))
    answer = await page.goto(venue.server.url + live(poll))
    assert answer is not None
    told.append(await answer.text())
    await in_touch(page)
    await venue.ballots(poll, 2, first=20)
    await expect(page.locator("#turnout")).to_have_text("8 people voted")
    assert len([text for text in told if '"totals"' in text]) >= 2
    await shows(page, None, None, None)
    assert not [text for text in told if tells_counts(text)]
    assert "data-count" not in await page.content() and not tells_counts(await page.inner_text("body"))
    await page.close()


async def counts_read_with(token: str, venue: Venue, poll: Json) -> list[int]:
    """The counts as the REST interface tells them to whoever has this token."""
    async with httpx.AsyncClient(base_url=venue.server.url, headers={"Authorization": f"Bearer {token}"}) as client:
        results: Json = (await client.get(f"/polls/{poll['id']}/results/")).json()
    return [option["votes_count"] for option in results["options"]]


async def test_a_screen_holds_back_until_the_policy_lets_everybody_know(venue: Venue) -> None:
    device = venue.host
    async with venue.visit() as visitor:
        for policy in HIDING:
            poll = await device.poll(results=policy)
            await venue.ballots(poll, 0, 0, 1)
            where = await screen_path(device, poll)
            page = await venue.page(visitor, where)
            await in_touch(page)
            await expect(page.locator("#veil")).to_be_visible()
            await shows(page, None, None, None)
            assert await counts_read_with(where.partition("#token=")[2], venue, poll) == [2, 1, 0]
            assert await page.locator("[data-count]").count() == 0
            await device.post(f"/polls/{poll['id']}/close/")
            await expect(page.locator("#status")).to_have_text("Closed" if policy == "host" else "Final results")
            if policy == "host":
                await held_back(page)
                await device.patch(f"/polls/{poll['id']}/", {"results": "live"})
            await shows(page, 2, 1, 0)
            await expect(page.locator("#veil")).to_be_hidden()
            await page.close()


async def test_a_poll_of_scripts_is_text(venue: Venue) -> None:
    evil = ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "{n} <!-- --> &lt;b&gt;"]
    poll = await venue.host.poll(*evil, question="<script>alert(3)</script>'\"")
    async with venue.visit() as visitor:
        await visitor.context.add_init_script("window.alert = () => console.error('a script of the poll has run')")
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await expect(page.locator("#results .text")).to_have_text(evil)
        await expect(page.get_by_role("heading", level=1)).to_have_text("<script>alert(3)</script>'\"")
        assert await page.title() == "<script>alert(3)</script>'\" – live – Nexus"
        assert await page.locator("main script, #results img").count() == 0


async def test_a_result_that_could_not_be_loaded_comes_by_itself(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin")
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit(allowed=("ERR_FAILED",)) as visitor:
        refused = 0

        async def refuse(route: Route) -> None:
            nonlocal refused
            refused += 1
            await (route.abort() if refused == 1 else route.continue_())

        await visitor.context.route("**/live/outcome.css", refuse)
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await venue.host.post(f"/polls/{poll['id']}/close/")
        await expect(page.locator(".outcome .first")).to_have_text("Amsterdam", timeout=TOUCH_MS)
        assert refused == 2
