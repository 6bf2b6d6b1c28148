"""The stage's charts in a real browser: forms, order, the ten with most votes, the reveal and the end."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import stop_clock
from tests.support.live_page import Venue, account, in_touch, live, live_server, painted, shows, venue
from tests.support.stage_layout import laid_out
from tests.support.thorough import SLOW, THOROUGH

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOXES = """() => ["#question", ".results", "#results", ".bar .text", ".bar .track", "aside"].flatMap((name) =>
  [...document.querySelectorAll(name)].map((one) => {
    const { left, top, width } = one.getBoundingClientRect();
    const wide = one.className === "text" ? 0 : width; // whoever leads is set heavier
    return [name, Math.round(left), Math.round(top), Math.round(wide)].join();
  }))"""
"""Where everything is."""

ENDS = """() => [...document.querySelectorAll(".bar")].map((bar) => {
  const [track, fill] = [".track", ".fill"].map((name) => bar.querySelector(name));
  const [outer, inner] = [track.getBoundingClientRect(), fill.getBoundingClientRect()];
  return { length: (inner.right - outer.left) / outer.width, squeezed: inner.width / outer.width, thick: outer.height };
})"""
"""How long each bar is, of its groove, and how far its shape is squeezed."""


COLUMNS = """() => [...document.querySelectorAll(".bar")].map((bar) => {
  const [track, fill, figures] = [".track", ".fill", ".figures"].map((name) => bar.querySelector(name));
  const top = fill.getBoundingClientRect().top;
  const base = track.getBoundingClientRect().top + track.clientHeight;
  return { tall: (base - top) / track.clientHeight, above: top - figures.getBoundingClientRect().bottom };
})"""
"""How tall each column is, of the room for one, and how far above it its figures are."""


async def chart(page: Page, kind: str) -> None:
    """Returns once the stage draws this chart."""
    await expect(page.locator(f".chart[data-chart={kind}]")).to_be_attached()


@SLOW
async def test_a_bar_has_its_length_and_is_never_squeezed(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen", "Dublin")
    await venue.ballots(poll, *[0] * 30, *[1] * 9, 2)
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await shows(page, 30, 9, 1, 0)
        await painted(page)
        bars = await page.evaluate(ENDS)
        assert [round(bar["squeezed"], 3) for bar in bars] == [1, 1, 1, 1]
        assert [round(bar["length"], 2) for bar in bars[:2]] == pytest.approx([0.75, 0.225], abs=0.01)
        assert bars[3]["length"] <= 0 and bars[2]["length"] > 0  # the least is a dot


async def test_nothing_jumps_when_results_are_shown(venue: Venue) -> None:
    async with venue.visit(reduced_motion="reduce") as visitor:
        for kind in ("bars", "columns", "donut") if THOROUGH else ("bars",):
            poll = await venue.host.poll(*(f"Workshop number {n}" for n in range(7)), results="host", chart=kind)
            await venue.ballots(poll, *[3] * 12, 0, 1)
            page = await venue.page(visitor, live(poll), login=True)
            await in_touch(page)
            await expect(page.locator("#veil")).to_be_visible()
            await chart(page, kind)
            await painted(page)
            before = await page.evaluate(BOXES)
            await page.keyboard.press("r")
            await shows(page, 1, 1, 0, 12, 0, 0, 0)
            await expect(page.locator(".chart[data-hold]")).to_have_count(0)
            await painted(page)
            assert await page.evaluate(BOXES) == before, kind
            await page.close()


async def test_a_poll_has_the_chart_that_its_host_chose(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen", chart="donut")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await chart(page, "donut")
        await expect(page.locator(".donut .middle")).to_have_text("")  # the line below tells the turnout
        await venue.ballots(poll, 0, 0, 1)
        await expect(page.locator(".donut text")).to_have_text(["A", "B", "C"])
        await expect(page.locator("#results .letter")).to_have_text(["A", "B", "C"])
        await expect(page.locator(".donut .middle")).to_have_text("67%A")
        await laid_out(page)
        await venue.host.patch(f"/polls/{poll['id']}/", {"chart": "columns"})
        await chart(page, "columns")
        await painted(page)
        columns = await page.evaluate(COLUMNS)
        assert [one["tall"] for one in columns] == pytest.approx([1, 0.5, 0], abs=0.01)  # as two votes, one and none
        assert all(0 <= one["above"] < 12 for one in columns)
        await laid_out(page)
        await venue.host.patch(f"/polls/{poll['id']}/", {"chart": "bars"})
        await chart(page, "bars")


@SLOW
async def test_where_columns_could_not_be_read_there_are_bars_and_the_same_window_has_the_same_chart(
    venue: Venue,
) -> None:
    poll = await venue.host.poll(*(f"Workshop {n}" for n in range(7)), chart="columns")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        for (width, height), kind in (((1280, 720), "columns"), ((360, 740), "bars"), ((1280, 720), "columns")):
            await page.set_viewport_size({"width": width, "height": height})
            await chart(page, kind)
            await laid_out(page)


async def test_a_tie_of_many_names_nobody(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen", "Dublin", "Essen")
    await venue.ballots(poll, 0, 1, 2, 3)
    await venue.host.post(f"/polls/{poll['id']}/close/")
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await expect(page.locator(".outcome[data-outcome=tie]")).to_contain_text("Tie")
        assert await page.locator(".outcome li, [data-leads]").count() == 0
        await laid_out(page)


@SLOW
async def test_rows_take_the_order_of_the_votes_but_do_not_flutter(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen", option_order="votes")
    await venue.ballots(poll, 0)
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), clock=True)
        await in_touch(page)
        await stop_clock(page)
        texts = page.locator("#results .text")
        await venue.ballots(poll, 1, 1, first=10)
        await expect(texts).to_have_text(["Berlin", "Amsterdam", "Copenhagen"])
        await venue.ballots(poll, 2, 2, 2, first=20)
        copenhagen = page.locator("#results .bar", has_text="Copenhagen")
        await expect(copenhagen).to_have_attribute("data-count", "3")
        assert (await texts.all_inner_texts())[0] == "Berlin"  # the counts are shown at once, the order a little later
        await page.clock.fast_forward(3000)
        await expect(texts).to_have_text(["Copenhagen", "Berlin", "Amsterdam"])


OUTCOMES: tuple[tuple[tuple[int, ...], str, list[str]], ...] = (
    ((0, 0, 1), "winner", ["Amsterdam"]),
    ((0, 1), "tie", ["Amsterdam", "Berlin"]),
    ((), "none", []),
)
"""The votes, and what is said of them at the end."""


async def test_the_result_takes_the_place_of_the_invitation(venue: Venue) -> None:
    for choices, kind, says in OUTCOMES if THOROUGH else OUTCOMES[:1]:
        poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen")
        await venue.ballots(poll, *choices)
        async with venue.visit(reduced_motion="reduce") as visitor:
            page = await venue.page(visitor, live(poll), login=True)
            await in_touch(page)
            await expect(page.locator("#qr")).to_be_visible()
            await page.keyboard.press("c")
            await expect(page.locator(f".outcome[data-outcome={kind}]")).to_be_visible()
            await expect(page.locator(".outcome .first li")).to_have_text(says)
            voted = f"{len(choices)} people voted" if choices else ""  # that nobody has is said once
            await expect(page.locator("#turnout")).to_have_text(voted)
            await expect(page.locator("#qr, #code")).to_have_count(0)
            await expect(page.locator(".stage > [role=status]")).to_contain_text("Final results.")
            await laid_out(page)
            await page.keyboard.press("o")
            await expect(page.locator("#code")).to_have_text(poll["code"])


async def test_a_hidden_result_is_not_told_by_the_end(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", results="host")
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit() as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        await page.keyboard.press("c")
        await expect(page.locator(".outcome[data-outcome=hidden]")).to_be_visible()
        assert await page.locator("[data-leads], .first, .won").count() == 0
        await page.keyboard.press("r")
        await expect(page.locator(".outcome[data-outcome=winner]")).to_contain_text("Amsterdam")
