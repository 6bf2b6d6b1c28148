"""The presenter's page in other languages, in a real browser: no word is left in English, and lines run both ways."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from nexus.http.framework.static import WEB
from tests.support.live_page import Venue, account, in_touch, live, live_server, venue
from tests.support.thorough import SLOW

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@SLOW
async def test_a_share_below_one_percent_is_read_from_the_left_in_arabic(venue: Venue) -> None:
    poll = await venue.host.poll("نعم", "لا")
    await venue.ballots(poll, *[0] * 220, 1)
    async with venue.visit(locale="ar", reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        share = page.locator("#results .share").last
        await expect(share).to_have_text("<1%")
        lefts = await share.evaluate(
            """({ firstChild: text }) => [0, 1, 2].map((at) => {
              const range = document.createRange();
              range.setStart(text, at);
              range.setEnd(text, at + 1);
              return range.getBoundingClientRect().left;
            })"""
        )
        assert lefts == sorted(set(lefts))
        ends = (
            "(one) => [one, one.closest('li').querySelector('.track')].map((each) => each.getBoundingClientRect().left)"
        )
        figure, track = await share.evaluate(ends)
        assert abs(figure - track) < 4


SAID = """() => [document.title, ...[...document.querySelectorAll("body *")].flatMap((node) => [
  ...[...node.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data.trim()),
  ...["aria-label", "alt", "title", "placeholder"].map((name) => node.getAttribute(name) ?? ""),
])].filter((text) => text && !text.startsWith("{"))"""
"""Every text of a page, seen or not, and every label."""


def sentences(language: str) -> set[str]:
    """The sentences of a language, with their placeholders."""
    words = json.loads((WEB / "words" / f"{language}.json").read_text("utf-8"))
    return {text for part in ("shared", "enter", "login", "live") for text in flat(words[part])}


def flat(words: dict[str, Any]) -> list[str]:
    return [text for one in words.values() for text in (one.values() if isinstance(one, dict) else [one])]


def in_english_alone(text: str) -> bool:
    """Whether a text is a sentence of the English words, and none of the German ones."""
    english = {re.sub(r"\\{\w+\\}", ".*", re.escape(one)) for one in sentences("en") - sentences("de")}
    german = {re.sub(r"\\{\w+\\}", ".*", re.escape(one)) for one in sentences("de")}
    return any(re.fullmatch(one, text) for one in english) and not any(re.fullmatch(one, text) for one in german)


async def check_that_all_is_german(page: Page) -> None:
    said = await page.evaluate(SAID)
    assert len(said) > 5 and not [text for text in said if in_english_alone(text)]
    assert await page.locator("html").get_attribute("lang") == "de"


@SLOW
async def test_a_german_page_has_no_english(venue: Venue) -> None:
    assert in_english_alone("3 people voted") and not in_english_alone("3 Stimmen")
    poll = await venue.host.poll("Ja", "Nein", question="Gehen wir?")
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit(locale="de-DE", allowed=["404"]) as visitor:
        page = await venue.page(visitor, live(poll), login=True)
        await in_touch(page)
        await check_that_all_is_german(page)
        await page.keyboard.press("r")
        await expect(page.locator("#veil")).to_have_text("Ergebnisse sind verborgen")
        await page.keyboard.press("c")
        await expect(page.locator("#status")).to_have_text("Beendet")
        await check_that_all_is_german(page)
        await page.keyboard.press("r")
        await expect(page.locator("#status")).to_have_text("Endergebnis")
        await check_that_all_is_german(page)
        page = await venue.page(visitor, live(poll))
        await in_touch(page)
        await check_that_all_is_german(page)
        await page.goto(venue.server.url + live({"code": "NOSUCH"}))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Umfrage nicht gefunden")
        await expect(page.get_by_label("Code")).to_be_visible()  # the form comes after the heading
        await check_that_all_is_german(page)
