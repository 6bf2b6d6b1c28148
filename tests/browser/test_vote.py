"""The audience's pages in a real browser: entering a code, voting, and what may happen meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.support.counts_told import tells_counts
from tests.support.thorough import SLOW
from tests.support.vote_page import (
    NO_POLL,
    WAIT_MS,
    Booth,
    Paper,
    booth,
    examine,
    said,
    server,
)

__all__ = ["booth", "server"]
pytestmark = pytest.mark.asyncio(loop_scope="session")


# --- Entering ------------------------------------------------------------------------------------------------------


async def test_a_code_leads_to_its_poll_and_one_that_is_none_can_be_typed_again(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    code = poll["code"].lower()
    async with booth.visit(allowed=[NO_POLL]) as visitor:
        page = await visitor.open("/")
        field, join = page.get_by_label(said("code.label")), page.get_by_role("button", name=said("code.go"))
        await expect(field).to_be_focused()
        await field.fill(" - ")
        await join.click()
        await expect(page.get_by_role("alert")).to_have_text(said("code.missing"))
        await expect(field).to_be_focused()
        await examine(page, "enter", large=True)
        await field.fill("k7m2qo")
        await join.click()
        await expect(page.get_by_role("alert")).to_have_text(said("code.odd"))
        await field.fill("zzzzzz")
        await join.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(said("vote.unknown"), timeout=WAIT_MS)
        await expect(page.get_by_text(said("shared.refused_poll_not_found"))).to_be_visible()
        await expect(field).to_have_value("ZZZ ZZZ")
        await expect(field).to_be_focused()
        await expect(field).to_have_attribute("aria-invalid", "true")
        assert await field.evaluate("(field) => field.selectionEnd - field.selectionStart") == len("ZZZ ZZZ")
        await examine(page, "enter-unknown")
        await field.fill(f"Join at {booth.server.url}/vote/{code[:3]}-{code[3:]}/?x#y.")
        await field.press("Enter")
        await expect(page).to_have_url(re.compile(f"/vote/{poll['code']}$"))
        await Paper(page).says("vote.tap")


async def test_who_is_no_guest_logs_in_for_this_tab_alone(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", allow_guests=False)
    name, password = f"voter{poll['id']}", "a long and quiet evening"
    await booth.audience.host.post("/auth/register/", {"username": name, "password": password})
    async with booth.visit(allowed=["status of 401.*/auth/token/"]) as visitor:
        paper = await booth.paper(visitor, poll)
        page = paper.page
        username, secret = page.get_by_label(said("login.username")), page.get_by_label(said("login.password"))
        await expect(page.get_by_text(said("shared.refused_guests_not_allowed"))).to_be_visible()
        await expect(username).to_be_focused(timeout=WAIT_MS)
        submit = page.get_by_role("button", name=said("login.submit"))
        place = await submit.bounding_box()
        await paper.press("login.submit")
        await expect(page.get_by_role("alert")).to_have_text(said("login.missing"))
        await username.fill(name)
        await secret.fill("a short and loud morning")
        await paper.press("login.submit")
        wrong = said("shared.refused_invalid_credentials")
        await expect(page.get_by_role("alert")).to_have_text(wrong, timeout=WAIT_MS)
        await expect(secret).to_have_attribute("aria-invalid", "true")
        await expect(submit).to_be_enabled()
        assert await submit.bounding_box() == place  # what is wrong had its room
        await examine(page, "vote-login")
        await secret.fill(password)
        await secret.press("Enter")
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        kept = await page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]")
        assert kept == [[], [f"nexus:login:{booth.server.url}"], ""]
        await page.reload()
        await paper.stands("Yes")


# --- Voting --------------------------------------------------------------------------------------------------------


async def test_a_tap_is_called_recorded_once_it_is_acknowledged(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", crowd=(2, 1))
    async with booth.seat(poll) as (paper, wire):
        await paper.says("vote.tap")
        await examine(paper.page, "vote-open", large=True)
        wire.holding = True
        await paper.tap("Yes")
        await paper.shows(3, 1)  # committed, as everybody sees
        await paper.says("vote.sending")
        await paper.stands()
        await expect(paper.option("Yes")).to_have_attribute("data-state", "sending")
        await expect(paper.option("Yes").locator(".word")).to_contain_text(said("vote.word_sending"))
        assert "recorded" not in (await paper.page.inner_text("body")).lower()
        (pending,) = await paper.page.evaluate("Object.keys(localStorage).filter((key) => key.includes(':op:'))")
        assert pending.endswith(wire.acts[0]["op"])
        assert await paper.moves()
        await paper.page.emulate_media(reduced_motion="reduce")
        assert not await paper.moves()
        await examine(paper.page, "vote-pending")
        wire.let_go()
        await paper.says("vote.recorded_change")
        await paper.stands("Yes")
        await examine(paper.page, "vote-recorded")
        assert await paper.page.evaluate("Object.keys(localStorage).filter((key) => key.includes(':op:'))") == []
    assert await booth.counted(poll) == (4, [3, 1])


async def test_a_vote_is_changed_and_taken_back_and_the_same_tap_again_changes_nothing(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.seat(poll) as (paper, wire):
        wire.holding = True
        await paper.option("Yes").locator("button.choice").dblclick()
        await paper.says("vote.sending")
        wire.let_go()
        await paper.says("vote.recorded_change")
        await paper.tap("Yes")
        await paper.tap("No")
        await paper.stands("No")
        yes, no = ([option["id"]] for option in poll["options"])
        assert [act["options"] for act in wire.acts] == [yes, yes, no]  # two taps at once are one
        assert await booth.counted(poll) == (1, [0, 1])
        await paper.press("vote.retract")
        await paper.says("vote.tap")
        await paper.shows(0, 0)
        assert await booth.counted(poll) == (0, [0, 0])
        await expect(paper.page.get_by_role("button", name=said("vote.retract"))).to_be_hidden()


@SLOW
async def test_an_option_under_the_mouse_does_not_look_chosen(booth: Booth) -> None:
    async with booth.seat(await booth.poll("Yes", "No")) as (paper, _):
        await paper.can_choose(True)
        first, second = (paper.option(text).locator(".choice") for text in ("Yes", "No"))
        edge = await first.locator(".mark").evaluate("(mark) => getComputedStyle(mark).borderTopColor")
        ground = await second.evaluate("(option) => getComputedStyle(option).backgroundColor")
        await first.hover()
        await expect(first).to_have_css("border-top-color", edge)
        await expect(first).to_have_css("background-color", ground)


@SLOW
async def test_where_no_change_is_allowed_there_is_none_to_tap(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", allow_change=False)
    async with booth.seat(poll) as (paper, wire):
        await paper.tap("No")
        await paper.says("vote.recorded")
        await paper.can_choose(False)
        await paper.stands("No")
        await expect(paper.page.get_by_role("button")).to_have_count(0)
        await paper.option("Yes").click()
        assert len(wire.acts) == 1 and await booth.counted(poll) == (1, [0, 1])


@SLOW
async def test_each_tap_is_one_of_several_ballots(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", votes_per_user=3)
    async with booth.seat(poll) as (paper, wire):
        await paper.says("vote.several", n=3)
        await paper.tap("Yes")
        await paper.says("vote.several_left", n=2, each=3)
        await expect(paper.option("Yes").locator(".times")).to_be_hidden()  # a check says that it is one
        await paper.tap("Yes")
        await paper.says("vote.several_left", n=1, each=3)
        await expect(paper.option("Yes").locator(".times")).to_have_text(said("vote.times", n=2))
        await examine(paper.page, "vote-several")
        await paper.tap("No")
        await paper.says("vote.several_done", n=3)
        await paper.can_choose(False)
        assert await booth.counted(poll) == (1, [2, 1])
        await paper.press("vote.retract_last")
        await paper.says("vote.several_left", n=1, each=3)
        await paper.stands("Yes")
        assert await booth.counted(poll) == (1, [2, 0])
        assert len({act["op"] for act in wire.acts}) == 4


async def test_several_choices_are_sent_together_and_one_too_many_is_refused(booth: Booth) -> None:
    poll = await booth.poll("Red", "Green", "Blue", max_choices=2)
    async with booth.seat(poll) as (paper, wire):
        await paper.says("vote.pick", most=2)
        await paper.press("vote.send")
        await paper.complains("vote.none_picked")
        await paper.tap("Blue")
        await paper.says("vote.chosen", n=1, most=2)
        await paper.tap("Red")
        await paper.says("vote.chosen", n=2, most=2)
        await paper.tap("Green")
        await paper.complains("vote.too_many", n=2)
        await expect(paper.option("Green").locator(".word")).to_have_text(said("vote.too_many", n=2))
        await expect(paper.page.locator("[data-picked] .text")).to_have_text(["Red", "Blue"])
        assert not wire.acts
        await examine(paper.page, "vote-picked")
        await paper.press("vote.send")
        await paper.says("vote.recorded_change")
        await paper.tap("Blue")
        await paper.tap("Green")
        await paper.press("vote.send_again")
        await paper.stands("Red", "Green")
        assert len(wire.acts) == 2 and await booth.counted(poll) == (1, [1, 1, 0])


# --- Who sees counts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "seen"),
    [
        pytest.param("live", "123", marks=SLOW),
        ("after_vote", "23"),
        pytest.param("after_close", "3", marks=SLOW),
        ("host", ""),
    ],
    ids=str,
)
async def test_counts_are_in_the_page_once_they_may_be_seen_and_never_before(
    booth: Booth, policy: str, seen: str
) -> None:
    poll = await booth.poll("Yes", "No", "Maybe", crowd=(4, 3, 0), results=policy)
    async with booth.seat(poll) as (paper, wire):

        async def look(stage: str, *counts: int) -> None:
            if stage in seen:
                await paper.shows(*counts)
                return
            await expect(paper.page.get_by_text(said(f"vote.veiled_{policy}"))).to_be_visible()
            source = await (await paper.page.request.get(paper.page.url)).text()
            assert not tells_counts(source) and not tells_counts("".join(wire.heard))
            await paper.hides_all()

        await paper.says("vote.tap")
        await look("1", 4, 3, 0)
        if policy == "after_vote":
            await examine(paper.page, "vote-veiled")
        await paper.tap("Yes")
        await paper.says("vote.recorded_change")
        await look("2", 5, 3, 0)
        await expect(paper.page.get_by_text(said("shared.turnout", n=8))).to_be_visible()
        await booth.host(poll, "close")
        await paper.says("vote.closed_voted")
        await look("3", 5, 3, 0)
        if policy != "host":
            won = f"{said('vote.won')} · {said('vote.word_yours')}"
            await expect(paper.page.locator("#results .word").first).to_have_text(won)
            crown = "(rank) => getComputedStyle(rank, '::before').clipPath"
            assert "polygon" in await paper.page.locator("#results .rank").first.evaluate(crown)
        if policy == "host":
            await booth.audience.host.patch(f"/polls/{poll['id']}/", {"results": "live"})
            await paper.shows(5, 3, 0)


# --- For everybody -------------------------------------------------------------------------------------------------


async def test_a_vote_by_keyboard_alone_never_loses_its_place(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.seat(poll) as (paper, _):
        keys = paper.page.keyboard
        await paper.can_choose(True)
        await keys.press("Tab")
        assert await paper.focused() == "Yes"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert await paper.page.evaluate(outline) == "solid"
        await keys.press("Enter")
        await paper.stands("Yes")
        await keys.press("Tab")
        await keys.press("Space")
        await paper.stands("No")
        assert await paper.focused() == "No"
        await booth.host(poll, "close")
        await paper.until_focused("said")
        await booth.host(poll, "open")
        await paper.can_choose(True)
        assert await paper.focused() == "said"
        await keys.press("Tab")
        assert await paper.focused() == "retract"
        await keys.press("Enter")
        await paper.says("vote.tap")
        assert await paper.focused() == "said"
        await keys.press("Shift+Tab")
        assert await paper.focused() == "No"
        await booth.audience.host.call("DELETE", f"/polls/{poll['id']}/")
        await expect(paper.page.get_by_role("heading", name=said("vote.deleted"))).to_be_focused(timeout=WAIT_MS)
