"""The audience's page stands still under the thumb, and has room for large text, in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.thorough import SLOW
from tests.support.vote_page import NO_POLL, PHONE, WAIT_MS, Booth, Paper, booth, said, server
from tests.support.waiting import SERVER_S, soon

__all__ = ["booth", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOXES = """() => [...document.querySelectorAll("#results > .option")].map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return [x, y, width, height].map(Math.round);
})"""
CUT = ("WebSocket connection to .* failed", "ERR_(CONNECTION_|NETWORK_|EMPTY|FAILED|INTERNET|INCOMPLETE|SOCKET)")
WHOLE_WORDS = """(all) => all.map((one) => {
  const range = document.createRange();
  const lines = (from, to) => {
    range.setStart(node, from);
    range.setEnd(node, to);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  };
  const node = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
  return [...node.data.matchAll(/\\S+/g)].every(({ 0: word, index }) => lines(index, index + word.length) === 1);
})"""
"""Whether no word of an element is broken."""


async def boxes(page: Page) -> list[list[int]]:
    """Where the options are."""
    found: list[list[int]] = await page.evaluate(BOXES)
    return found


async def first_boxes(page: Page, url: str, texts: Sequence[str]) -> list[list[int]]:
    """Load a poll's page, and return where the options are when they are painted from the data in it alone."""
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/vote/attend.js", held.put)
    await page.goto(url, wait_until="commit")
    await expect(page.locator("#results .text")).to_have_text(texts)
    found = await boxes(page)
    await (await soon(held.get(), SERVER_S)).continue_()
    return found


async def test_nothing_moves_under_the_thumb(booth: Booth) -> None:
    texts = ("Yes", "No", "Whatever the others prefer, as I cannot decide")
    poll = await booth.poll(*texts, crowd=(2, 1), results="after_vote", description="Think\ntwice.", lasts_s=9e6)
    async with booth.visit(allowed=CUT, reduced_motion="reduce") as visitor:
        page = await visitor.context.new_page()
        paper = Paper(page)
        first = await first_boxes(page, f"{booth.server.url}/vote/{poll['code']}", texts)
        await paper.says("vote.tap")
        assert await boxes(page) == first
        await paper.tap("Yes")  # recorded, and the results appear
        await paper.says("vote.recorded_change")
        await paper.shows(3, 1, 0)
        assert await boxes(page) == first
        await visitor.context.set_offline(True)
        await expect(page.locator("#link")).to_be_visible(timeout=WAIT_MS)
        news, question = [await page.locator(one).bounding_box() for one in ("#link", "#question")]
        assert news and question and news["y"] + news["height"] <= question["y"]
        await paper.tap("No")
        await paper.says("vote.kept")
        await expect(paper.option("No").locator(".word")).to_have_text(said("vote.word_kept"))
        assert await boxes(page) == first
        await visitor.context.set_offline(False)
        await paper.says("vote.recorded_change")
        await expect(page.locator("#link")).to_be_hidden(timeout=WAIT_MS)
        assert await boxes(page) == first
        await booth.host(poll, "close")
        await paper.says("vote.closed_voted")
        assert await boxes(page) == first


@SLOW
async def test_the_answer_to_one_choice_too_many_is_at_that_option_and_moves_nothing(booth: Booth) -> None:
    poll = await booth.poll("Red", "Green", "Blue", max_choices=2, results="host")
    async with booth.visit(locale="de-DE") as visitor:
        paper = await booth.paper(visitor, poll, "de")
        await paper.says("vote.pick", most=2)
        first = await boxes(paper.page)
        for text in ("Blue", "Red", "Green"):
            await paper.tap(text)
        await expect(paper.page.locator("[data-answer] .word")).to_have_text(said("vote.too_many", "de", n=2))
        assert await boxes(paper.page) == first
        await paper.tap("Red")
        await expect(paper.page.locator("[data-answer]")).to_have_count(0)
        await paper.press("vote.send")
        await paper.says("vote.recorded_change")
        assert await boxes(paper.page) == first
        await booth.audience.host.patch(f"/polls/{poll['id']}/", {"results": "live"})
        await paper.shows(0, 0, 1)
        assert await boxes(paper.page) == first


@SLOW
@pytest.mark.parametrize("path", ["/", "/vote/ZZZZZZ"])
async def test_a_keyboard_that_opens_moves_no_field(booth: Booth, path: str) -> None:
    async with booth.visit(allowed=[NO_POLL]) as visitor:
        page = await visitor.open(path)
        parts = [page.get_by_label(said("code.label")), page.get_by_role("button", name=said("code.go"))]
        before = [await part.bounding_box() for part in parts]
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1] - 300})  # as for a keyboard
        assert [await part.bounding_box() for part in parts] == before


@SLOW
async def test_a_vote_that_comes_too_late_is_said_to_be_lost_where_it_was_tapped(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", crowd=(0, 1))
    async with booth.visit(allowed=CUT) as visitor:
        paper = await booth.paper(visitor, poll)
        await paper.says("vote.tap")
        await visitor.context.set_offline(True)
        await paper.tap("No")
        await expect(paper.option("No")).to_have_attribute("data-state", "kept", timeout=WAIT_MS)
        await booth.host(poll, "close")
        await visitor.context.set_offline(False)
        await expect(paper.option("No")).to_have_attribute("data-state", "lost", timeout=WAIT_MS)
        lost = f"{said('vote.won')} · {said('vote.word_lost')}"  # the option has won, without this vote
        await expect(paper.option("No").locator(".word")).to_have_text(lost)
        await expect(paper.option("No").locator(".rank")).to_have_text(said("vote.won"))
        await paper.complains("vote.closed_lost")


@SLOW
async def test_a_long_option_has_its_figures_below_it_and_a_winner_grows(booth: Booth) -> None:
    long = "Whatever the others prefer, as I cannot decide"
    poll = await booth.poll("Yes", long)
    async with booth.visit(reduced_motion="reduce") as visitor:
        paper = await booth.paper(visitor, poll)
        await paper.says("vote.tap")
        await expect(paper.page.locator("#turnout")).to_be_empty()  # nobody has voted
        await paper.tap("Yes")
        await expect(paper.page.locator("#turnout")).to_have_text(said("shared.turnout", n=1), timeout=WAIT_MS)
        text, figures = [await paper.option(long).locator(one).bounding_box() for one in (".text", ".figures")]
        assert text and figures and text["y"] + text["height"] <= figures["y"]
        first = await boxes(paper.page)
        await booth.host(poll, "close")
        await paper.says("vote.closed_voted")
        await expect(paper.option("Yes").locator(".text")).to_have_css("transform", "matrix(1.2, 0, 0, 1.2, 0, 0)")
        assert await boxes(paper.page) == first


@pytest.mark.parametrize("width", [320, pytest.param(360, marks=SLOW)])
async def test_text_of_twice_the_size_keeps_its_words(booth: Booth, width: int) -> None:
    poll = await booth.poll("Kubernetes basics", "Wi-Fi security", question="Which topic next?", crowd=(2, 1))
    async with booth.visit(viewport=(width, 640)) as visitor:
        large = "document.documentElement.style.fontSize = '32px'"
        await visitor.context.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {large} }})")
        paper = await booth.paper(visitor, poll)
        await paper.tap("Kubernetes basics")
        await paper.says("vote.recorded_change")
        assert all(await paper.page.locator("#results .text, #question, #said").evaluate_all(WHOLE_WORDS))
        assert await paper.page.evaluate("document.documentElement.scrollWidth") <= width


@SLOW
async def test_a_short_word_with_a_hyphen_stays_in_one_line(booth: Booth) -> None:
    poll = await booth.poll("Wi-Fi " * 12, "No")
    async with booth.seat(poll) as (paper, _):
        await paper.says("vote.tap")
        count = "(all) => all.map((one) => one.getClientRects().length)"
        lines = await paper.page.locator(".text .whole").evaluate_all(count)
        assert lines == [1] * 12
