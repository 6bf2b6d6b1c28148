"""All results of an event on the audience's page: what its policies let everybody see, and nothing else."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.test_vote_event import asking, event_of, following, move
from tests.support.thorough import SLOW
from tests.support.vote_page import HOSTILE, Booth, booth, examine, said, server

__all__ = ["booth", "server"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = HOSTILE[0]


def way(page: Page) -> Locator:
    return page.get_by_role("button", name=said("follow.results"))


async def test_results_that_everybody_may_see_are_offered_between_questions(booth: Booth) -> None:
    event = await event_of(
        booth,
        asking(EVIL, EVIL, "No"),
        asking("Of hosts?", "Secret one", "Secret two", results="host"),
        asking("After the close?", results="after_close"),
        asking("Never asked?"),
    )
    async with following(booth, event) as (paper, _):
        page = paper.page
        await paper.rests()
        await expect(way(page)).to_be_hidden()
        for place, option in enumerate((EVIL, "Secret one", "Yes")):
            await move(booth, event)
            await expect(page.locator("#step .number")).to_have_text(said("follow.place", place=place + 1, count=4))
            await expect(page.locator("[data-moved]")).to_have_count(0)
            await paper.tap(option)
            await paper.says("vote.recorded_change")
        await move(booth, event, "show", poll=None)
        await paper.rests()
        await way(page).press("Enter")
        await expect(page.get_by_role("heading", name=said("eventresults.title"))).to_be_focused()
        cards = page.locator(".all-results ol > li")
        await expect(cards.locator("h3")).to_have_text([EVIL, "Of hosts?", "After the close?"])
        await expect(cards.nth(0).locator(".share")).to_have_text(["100%", "0%"])
        await expect(cards.nth(1)).to_contain_text(said("eventresults.kept"))
        assert "Secret" not in await page.content()
        await expect(cards.nth(2).locator(".share")).to_have_text(["100%", "0%"])
        await examine(page, "vote-event-results")


@SLOW
async def test_results_go_with_the_next_question_and_are_read_anew(booth: Booth) -> None:
    event = await event_of(booth, asking("First?", results="host"), asking("Second?"))
    async with following(booth, event) as (paper, _):
        page = paper.page
        await move(booth, event)
        await move(booth, event, "show", poll=None)
        await way(page).click()
        cards = page.locator(".all-results ol > li")
        await expect(cards).to_have_count(1)
        await expect(cards.locator(".share")).to_have_count(0)
        await booth.audience.host.patch(f"/polls/{event['polls'][0]['id']}/", {"results": "live"})
        await move(booth, event)
        await paper.asks("Second?", 2, 2)
        await move(booth, event)
        await paper.rests("follow.over")
        await way(page).click()
        await expect(cards).to_have_count(2)
        await expect(cards.locator(".share")).to_have_count(4)


async def test_results_that_cannot_be_read_are_asked_for_again(booth: Booth) -> None:
    event = await event_of(booth, asking("First?"))
    await move(booth, event)
    await move(booth, event)
    async with following(booth, event, "ERR_FAILED") as (paper, _):
        page = paper.page
        await paper.rests("follow.over")
        await page.route("**/results/", lambda route: route.abort())
        await way(page).click()
        await expect(page.locator(".to-results [role=alert]")).to_have_text(said("shared.unreachable"))
        await page.unroute("**/results/")
        await way(page).click()
        await expect(page.locator(".all-results h3")).to_have_text(["First?"])
