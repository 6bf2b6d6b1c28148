"""What befalls an audience's page in a real browser: acts of the host, reloads, and servers, networks and sockets that
fail. It is honest about each, and each vote counts once."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.audience import audience_of
from tests.support.audience_acts import vote
from tests.support.browser import Chromium
from tests.support.redis_server import running_redis
from tests.support.served import serving
from tests.support.thorough import SLOW
from tests.support.vote_page import HOURS_AHEAD, ROOM, WAIT_MS, Booth, Paper, after, booth, examine, said, server

__all__ = ["booth", "server"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

CUT = ("WebSocket connection to .* failed", "ERR_(CONNECTION_|NETWORK_|EMPTY|FAILED|INTERNET|INCOMPLETE|SOCKET)")
"""What browsers say of lost connections, which these tests cut."""


NOTE_LEFT = """() => {
  window.left = [];
  const left = document.querySelector("#left");
  const changes = { subtree: true, childList: true, characterData: true };
  new MutationObserver(() => window.left.push(left.textContent)).observe(left, changes);
}"""
"""Keeps what is said of the time left: each figure lasts a second."""


async def is_out_of_touch(page: Page) -> None:
    """Returns once the page says that it is disconnected."""
    await expect(page.locator("#link")).to_have_text(said("vote.offline"), timeout=WAIT_MS)
    await expect(page.locator("body")).to_have_attribute("data-touch", "lost")


async def is_in_touch(page: Page) -> None:
    """Returns once the page is connected again, without having been reloaded."""
    await expect(page.locator("body")).to_have_attribute("data-touch", "good", timeout=WAIT_MS)
    await expect(page.locator("#link")).to_be_hidden()
    assert await page.evaluate("window.stayed") is True


async def is_right_again(paper: Paper, began: float, what: str) -> None:
    """Returns once the page shows the recorded vote and the right counts; prints how long after `began` that was."""
    await paper.says("vote.recorded_change")
    await paper.shows(1, 0)
    took = time.monotonic() - began
    print(f"{what}: right {took:.2f} s after the way was free")  # noqa: T201 - shown with -s, and where the test fails
    await is_in_touch(paper.page)


async def walk(paper: Paper, key: str, name: str) -> None:
    """Press `key` until `name` has the focus, which must take only a few steps."""
    for _ in range(4):
        if await paper.focused() == name:
            return
        await paper.page.keyboard.press(key)
    assert await paper.focused() == name


# --- What happens while somebody looks -----------------------------------------------------------------------------


@SLOW
async def test_a_poll_opens_and_ends_by_the_clock_of_the_server(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", opens_at=after(5400), expires_at=after(7200))
    async with booth.visit() as visitor:
        await visitor.context.add_init_script(HOURS_AHEAD)
        paper = await booth.paper(visitor, poll)
        await expect(paper.page.locator(".lobby")).to_be_visible()
        await examine(paper.page, "vote-scheduled")
        await booth.host(poll, "open")
        await paper.says("vote.tap")
        await expect(paper.page.locator("#left")).to_have_text(re.compile(r"^(2:00:00|1:59:\d\d) left$"))
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await paper.page.evaluate(NOTE_LEFT)
        await booth.audience.host.post(f"/polls/{poll['id']}/open/", {"seconds": 5})
        await paper.says("vote.closed_voted")
        await expect(paper.page.locator("#left")).to_be_hidden()
        assert [one for one in await paper.page.evaluate("window.left") if re.fullmatch(r"0:0[1-5] left", one)]
        await examine(paper.page, "vote-closed")


@SLOW
async def test_a_voter_sees_options_come_and_go(booth: Booth) -> None:
    poll = await booth.poll("Red", "Green", max_choices=2, description="Think")
    async with booth.seat(poll) as (paper, _):
        await paper.tap("Red")
        await paper.tap("Green")
        added = await booth.audience.host.post(f"/polls/{poll['id']}/options/", {"option_text": "Bleu"})
        await paper.lists("Red", "Green", "Bleu")
        await booth.audience.host.patch(f"/options/{added['id']}/", {"option_text": "Blue"})
        await paper.lists("Red", "Green", "Blue")
        await booth.audience.host.call("DELETE", f"/options/{poll['options'][0]['id']}/")
        await paper.lists("Green", "Blue")
        await booth.audience.host.patch(f"/polls/{poll['id']}/", {"description": "Think twice"})
        await expect(paper.page.get_by_text("Think twice")).to_be_visible(timeout=WAIT_MS)
        await paper.tap("Blue")  # a removed option does not count as one of the two
        await paper.press("vote.send")
        await paper.stands("Green", "Blue")
        assert await booth.counted(poll) == (1, [1, 1])


@SLOW
async def test_who_chooses_by_keyboard_keeps_a_place_when_options_go(booth: Booth) -> None:
    poll = await booth.poll("Red", "Green", "Blue", max_choices=2)
    async with booth.seat(poll) as (paper, _):
        await paper.can_choose(True)
        for key in ("Tab", "Space", "Tab", "Tab", "Space", "Tab", "Enter"):
            await paper.page.keyboard.press(key)
        await paper.stands("Red", "Blue")
        assert await paper.focused() == "send"
        removed = poll["options"][1]["id"]
        await walk(paper, "Shift+Tab", "Green")
        await booth.audience.host.call("DELETE", f"/options/{removed}/")
        await paper.until_focused("said")
        await walk(paper, "Tab", "send")
        await booth.host(poll, "close")
        await paper.until_focused("said")


@SLOW
async def test_a_voter_sees_ends_and_new_beginnings(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.seat(poll) as (paper, _):
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await booth.host(poll, "close")
        await paper.says("vote.closed_voted")
        await paper.can_choose(False)
        await booth.host(poll, "open")
        await paper.says("vote.recorded_change")
        await paper.stands("Yes")
        await paper.tap("No")
        await paper.shows(0, 1)
        await booth.host(poll, "reset")
        await paper.complains("vote.refused_poll_reset")
        await paper.says("vote.tap")
        await paper.shows(0, 0)
        await paper.stands()
        await examine(paper.page, "vote-reset")
        await paper.tap("No")
        await paper.says("vote.recorded_change")
        await expect(paper.page.get_by_role("alert")).to_have_count(0)
        await booth.audience.host.call("DELETE", f"/polls/{poll['id']}/")
        await expect(paper.page.get_by_role("heading", level=1)).to_have_text(said("vote.deleted"), timeout=WAIT_MS)
        await expect(paper.page.get_by_label(said("code.label"))).to_be_visible()
        await examine(paper.page, "vote-deleted")


# --- The server ----------------------------------------------------------------------------------------------------


async def test_a_vote_under_way_while_its_server_is_killed_counts_once(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.seat(poll, *CUT) as (paper, wire):
        await paper.says("vote.tap")
        await paper.page.evaluate("window.stayed = true")
        booth.server.signal(signal.SIGSTOP)
        await paper.tap("Yes")
        await paper.says("vote.sending")
        booth.server.kill()
        await is_out_of_touch(paper.page)
        await paper.says("vote.kept")
        await paper.stands()
        await examine(paper.page, "vote-out-of-touch")
        await booth.server.start()
        await is_right_again(paper, time.monotonic(), "server killed")
        assert len({act["op"] for act in wire.acts}) == 1
        async with audience_of(booth.server) as audience:
            assert await Booth(booth.chromium, audience).counted(poll) == (1, [1, 0])


@SLOW
async def test_a_vote_under_way_while_all_workers_are_killed_counts_once(
    chromium: Chromium, tmp_path: Path, database_url: str
) -> None:
    with running_redis() as redis:
        async with (
            serving(tmp_path, database_url, redis.url, workers=2, **ROOM) as server,
            audience_of(server) as audience,
        ):
            booth = Booth(chromium, audience)
            poll = await booth.poll("Yes", "No")
            async with booth.seat(poll, *CUT) as (paper, wire):
                await paper.says("vote.tap")
                await paper.page.evaluate("window.stayed = true")
                wire.holding = True
                await paper.tap("Yes")
                await paper.shows(1, 0)
                wire.holding = False
                before = len(server.log)
                for pid in server.worker_pids:
                    os.kill(pid, signal.SIGKILL)
                await server.until_logged("Application startup complete", after=before)
                await server.until_ready()
                await is_right_again(paper, time.monotonic(), "workers killed")
                assert len(wire.acts) > 1 and {act["op"] for act in wire.acts} == {wire.acts[0]["op"]}
            async with audience_of(server) as again:
                assert await Booth(chromium, again).counted(poll) == (1, [1, 0])


async def test_a_device_is_one_voter_and_keeps_a_guest_token_and_no_more(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.visit() as visitor, booth.visit() as another:
        paper, other = await booth.paper(visitor, poll), await booth.paper(another, poll)
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await paper.page.reload()
        await paper.stands("Yes")
        await paper.says("vote.recorded_change")
        twin = await booth.paper(visitor, poll)
        await twin.stands("Yes")
        await other.says("vote.tap")
        await other.tap("Yes")
        await paper.shows(2, 0)
        await twin.tap("No")
        await paper.shows(1, 1)
        assert await booth.counted(poll) == (2, [1, 1])
        kept = await paper.page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]")
        assert kept == [[f"nexus:guest:{booth.server.url}:{poll['code']}"], [], ""]


@pytest.mark.parametrize("lost", ["vote", pytest.param("answer", marks=SLOW)])
async def test_a_page_that_is_loaded_again_sends_its_vote_again_as_the_same(booth: Booth, lost: str) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.seat(poll) as (paper, wire):
        wire.losing, wire.holding = lost == "vote", True
        await paper.tap("Yes")
        await booth.until_counted(poll, int(lost == "answer"), 0)
        await paper.says("vote.sending")
        wire.losing = wire.holding = False
        await paper.page.reload()
        await paper.says("vote.recorded_change")
        await paper.stands("Yes")
        first, *again = wire.acts
        assert again and all(one["op"] == first["op"] and one["options"] == first["options"] for one in again)
        assert await booth.counted(poll) == (1, [1, 0])


# --- The network ---------------------------------------------------------------------------------------------------


async def test_a_vote_made_without_a_network_is_kept_and_sent(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.visit(allowed=CUT, reduced_motion="reduce") as visitor:
        paper = await booth.paper(visitor, poll)
        await paper.says("vote.tap")
        await paper.page.evaluate("window.stayed = true")
        await visitor.context.set_offline(True)
        await is_out_of_touch(paper.page)
        await paper.tap("Yes")
        await paper.says("vote.kept")
        await paper.stands()
        assert await booth.counted(poll) == (0, [0, 0])
        await visitor.context.set_offline(False)
        await is_right_again(paper, time.monotonic(), "network cut")
        assert await booth.counted(poll) == (1, [1, 0])


@SLOW
async def test_a_page_that_cannot_enter_yet_tries_again_by_itself(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", crowd=(2, 1))
    async with booth.visit(allowed=CUT) as visitor:
        page = await visitor.context.new_page()
        await page.route("**/auth/guest/", lambda route: route.abort())
        await page.goto(f"{booth.server.url}/vote/{poll['code']}")
        await expect(page.locator("#link")).to_have_text(said("shared.unreachable"), timeout=WAIT_MS)
        paper = Paper(page)
        await paper.shows(2, 1)  # from the page itself
        await page.unroute("**/auth/guest/")
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await expect(page.locator("#link")).to_be_hidden()


async def test_where_sockets_are_blocked_votes_go_by_http_and_the_page_says_what_that_means(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.visit() as visitor:
        page = await visitor.context.new_page()
        blocked = True
        complaints: list[str] = []
        page.on("console", lambda one: complaints.append(one.text) if one.type == "warning" else None)
        await page.route_web_socket("**/ws", lambda one: one.close() if blocked else one.connect_to_server())
        await page.goto(f"{booth.server.url}/vote/{poll['code']}")
        paper = Paper(page)
        link = paper.page.locator("#link")
        await paper.page.evaluate("window.stayed = true")
        await expect(link).to_have_text(said("shared.link_http"), timeout=WAIT_MS)
        await expect(paper.page.locator("body")).to_have_attribute("data-touch", "late")
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        (complaint,) = complaints
        assert "something between the browser and the server stops them" in complaint
        assert await booth.counted(poll) == (1, [1, 0])
        await examine(paper.page, "vote-late")
        await booth.audience.voter(1).act(vote(poll, 1))
        await paper.shows(1, 1)
        blocked = False
        await is_in_touch(paper.page)
        await paper.stands("Yes")
