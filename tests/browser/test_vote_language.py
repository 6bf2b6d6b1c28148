"""The audience's page in German, and what people write on it, in a real browser."""

from __future__ import annotations

import html
import re

import pytest
from playwright.async_api import expect

from tests.support.browser import axe
from tests.support.thorough import SLOW
from tests.support.values import Json
from tests.support.vote_page import HOSTILE, NO_POLL, Booth, Paper, booth, is_german, said, server

__all__ = ["booth", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nothing_that_people_write_runs(booth: Booth) -> None:
    fields: Json = {"question": " ".join(HOSTILE), "description": "\n".join(HOSTILE), "max_choices": 2}
    poll = await booth.poll(*HOSTILE, **fields)
    async with booth.visit(allowed=[NO_POLL]) as visitor:
        page = await visitor.context.new_page()
        answer = await page.goto(f"{booth.server.url}/vote/{poll['code']}")
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and not re.search(r"unsafe|https?:|\*|ws:", policy)
        head, _, body = (await answer.text()).partition("</head>")
        assert HOSTILE[0] not in head + body
        assert html.escape(HOSTILE[0]) not in body  # in a block of data, not as HTML
        assert "<" not in "".join(re.findall(r'<meta property="og:[^"]*" content="([^"]*)">', head))  # what links tell
        paper = Paper(page)
        await paper.lists(*HOSTILE)
        await expect(page.get_by_role("heading", level=1)).to_have_text(fields["question"])
        await expect(page.locator("#description")).to_have_text(fields["description"], use_inner_text=True)
        await expect(page).to_have_title(said("vote.title_of", question=fields["question"], brand="Nexus"))
        await paper.option(HOSTILE[0]).click()
        await paper.press("vote.send")
        await paper.stands(HOSTILE[0])
        strange = "#screen :is(img, script, b, [onload], [onerror], [onfocus]), svg:not(.icon)"
        await expect(page.locator(strange)).to_have_count(0)
        assert await page.evaluate("window.ran") is None
        await page.goto(f"{booth.server.url}/vote/%22%3E%3Csvg onload=%22window.ran=7%22%3E")
        await expect(page.get_by_label(said("code.label"))).to_have_value('"><svg onload="window.ran=7">')
        await expect(page.locator("svg:not(.icon)")).to_have_count(0)
        assert await page.evaluate("window.ran") is None


@SLOW
async def test_a_german_page_has_no_english_left(booth: Booth) -> None:
    poll = await booth.poll("Ja", "Nein", question="Was?", results="after_vote", lasts_s=3600)
    async with booth.visit(locale="de-DE", allowed=[NO_POLL]) as visitor:
        page = await visitor.open("/")
        await expect(page.get_by_role("heading", level=1)).to_have_text(said("enter.heading", "de"))
        await is_german(page)
        await page.goto(f"{booth.server.url}/vote/ooooo2")
        await expect(page.get_by_role("heading", level=1)).to_have_text(said("vote.unknown", "de"))
        await is_german(page)
        paper = await booth.paper(visitor, poll, "de")
        await paper.says("vote.tap")
        await is_german(paper.page)
        await paper.tap("Ja")
        await paper.says("vote.recorded_change")
        await paper.shows(1, 0)
        await is_german(paper.page)
        await booth.host(poll, "close")
        await paper.says("vote.closed_voted")
        await is_german(paper.page)


@SLOW
async def test_texts_of_a_poll_are_marked_with_its_language(booth: Booth) -> None:
    poll = await booth.poll("نعم", "No", question="أي موعد؟", description="اختر واحدة.", language="ar", results="live")
    async with booth.visit() as visitor:
        page = (await booth.paper(visitor, poll)).page
        texts = page.locator("#question, #description, #results .text")
        await expect(texts).to_have_count(4)
        for text in await texts.all():
            await expect(text).to_have_attribute("lang", "ar")
        await expect(page.locator("#screen [lang]")).to_have_count(4)
        await axe(page)
        stage = await visitor.open(f"/live/{poll['code']}")
        await expect(stage.locator("#question, #results .text").filter(visible=True)).to_have_count(3)
        for text in await stage.locator("#question, #results .text").all():
            await expect(text).to_have_attribute("lang", "ar")
