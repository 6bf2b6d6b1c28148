"""How the presenter's page fits a window in a real browser: every size, many options, long texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.support.live_page import TOUCH_MS, Venue, accessible, account, in_touch, live, live_server, painted, venue
from tests.support.stage_layout import MEASURE, idle, laid_out, resized, texts_of
from tests.support.thorough import SLOW, THOROUGH

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = ((360, 740), (768, 1024), (1280, 720), (1920, 1080), (3840, 2160))
WORD = "Regenbogenforelle"
LONG_WORD = "Donaudampfschifffahrt" * 9 + "sgesellsch…"
SENTENCE = ("The quick brown fox jumps over the lazy dog, twice. " * 4)[:199] + "!"
ARABIC = "هل نذهب إلى البحر أم نبقى في المدينة؟"
EMOJI = "👩‍👩‍👧‍👦🏳️‍🌈🎉"
SHORT, LONG = "?", ("Why, " * 100)[:499] + "?"
MANY, TOP = 12, 10
"""More options than these are shown as the ones with most votes."""
STAGES = (
    *((2, LONG_WORD, LONG), (3, ARABIC, ARABIC), (3, EMOJI, LONG)),
    *((8, SENTENCE, SHORT), (30, LONG_WORD, LONG), (100, WORD, LONG)),
)
"""The number of options, the text of each, and the question."""


@SLOW
async def test_nothing_overlaps_or_is_cut_off(venue: Venue) -> None:
    wrong = []
    # No picture is taken: the same layout, drawn quickly.
    async with venue.visit(device_scale_factor=0.25, reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, "/")
        for turn, (number, text, question) in enumerate(STAGES if THOROUGH else STAGES[::2]):
            poll = await venue.host.poll(*texts_of(number, text), question=question)
            await venue.ballots(poll, 0, 0, 1, number - 1)
            await page.goto(venue.server.url + live(poll))
            await in_touch(page)
            await expect(page.locator("#turnout")).to_have_text("4 people voted")
            await expect(page.locator("#results .bar")).to_have_count(number)
            if number > MANY:
                await expect(page.locator(".more")).to_have_text(f"and {number - TOP} more")
                await page.keyboard.press("a")
                await expect(page.locator(".more")).to_be_hidden()
            for size in SIZES if THOROUGH else (SIZES[turn % 5], SIZES[(turn + 2) % 5]):
                await resized(page, size)
                found = await page.evaluate(MEASURE)
                assert found["texts"] > 3 * number
                wrong += [f"{number} of {text[:9]} at {size}: {found['number']}, {found['faults']}"] * (
                    found["number"] > 0
                )
    assert not wrong, "\n".join(wrong)


async def test_what_comes_after_the_first_fit_finds_room(venue: Venue) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    poll = await venue.host.poll(*texts_of(8, WORD), question=SENTENCE, expires_at=ends)
    async with venue.visit() as visitor:
        for size in ((360, 740), (1280, 720)) if THOROUGH else ((360, 740),):
            page = await venue.page(visitor, "/")
            await resized(page, size)
            await page.goto(venue.server.url + live(poll))
            await in_touch(page)
            await expect(page.locator("#left")).to_contain_text("left")
            watcher = await venue.audience.voter(70).watch(poll)
            await expect(page.locator("#online")).to_be_visible(timeout=TOUCH_MS)
            await painted(page)
            await laid_out(page)
            await watcher.close()
            await page.close()


@SLOW
async def test_names_that_could_stand_in_one_line_beside_a_second_column_do(venue: Venue) -> None:
    names = ("Lisbon", "A cabin by the lake", "The Scottish Highlands", "Rome", "Stay in town")
    poll = await venue.host.poll(*names, *(f"{name} {n}" for n, name in enumerate(names, 6)))
    async with venue.visit(viewport=(1280, 720), reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await painted(page)
        rows = page.locator("#results .text")
        heights = await rows.evaluate_all("(all) => all.map((one) => one.offsetHeight)")
        places = await rows.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().left)")
        assert len(set(places)) == 2 and len(heights) == 10 and len(set(heights)) == 1, (places, heights)


async def test_on_a_phone_the_line_above_the_question_is_one(venue: Venue) -> None:
    async with venue.visit(viewport=(360, 740), reduced_motion="reduce") as visitor:
        for more in ({"results": "host"}, {"results": "after_close"}):
            page = await venue.page(visitor, live(await venue.host.poll(**more)))
            await in_touch(page)
            await expect(page.locator("#veil")).to_be_visible()
            await painted(page)
            middles = (
                "(all) => all.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => (top + bottom) / 2)"
            )
            found = await page.locator(".stage header :is(.brand, #veil, #status)").evaluate_all(middles)
            assert len(found) == 3 and max(found) - min(found) < 4, (more, found)
            await page.close()


@SLOW
async def test_thirty_options_on_a_wall(venue: Venue) -> None:
    poll = await venue.host.poll(*(f"Option {n}" for n in range(1, 31)), question="Which of these would you like best?")
    await venue.ballots(poll, *range(30), *range(0, 30, 3), *range(0, 30, 5))
    async with venue.visit(viewport=(3840, 2160), reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll), clock=True)
        await in_touch(page)
        await expect(page.locator("#turnout")).to_have_text("46 people voted")
        await expect(page.locator("#results .bar:visible")).to_have_count(TOP)
        await page.keyboard.press("a")
        await expect(page.locator("#results .bar:visible")).to_have_count(30)
        await idle(page)
        await laid_out(page)
        await accessible(page, "thirty")
