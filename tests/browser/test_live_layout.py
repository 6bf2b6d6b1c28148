"""How the presenter's page looks in a real browser: at every size, in every state, language and colour scheme."""

from __future__ import annotations

import json
import re
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from nexus.http.framework.static import WEB
from nexus.http.pages.qr import qr_svg
from nexus.runtime.lan import ALL_IPV4, lan_hosts
from tests.support.audience import audience_of
from tests.support.browser import SCREENSHOTS, Chromium, Visitor
from tests.support.live_page import (
    MEASURE,
    TOUCH_MS,
    Venue,
    accessible,
    account,
    act,
    in_touch,
    laid_out,
    live,
    live_server,
    offers,
    painted,
    shows,
    venue,
)
from tests.support.served import serving
from tests.support.thorough import SLOW, THOROUGH
from tests.support.values import Json

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


async def resized(page: Page, size: tuple[int, int]) -> None:
    """Returns once the page has fitted itself to a viewport."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await painted(page)


def texts_of(number: int, text: str) -> list[str]:
    """This many options with nearly this text: no two may be the same."""
    return [f"{text[: len(text) - 3 * (len(text) > 190)]}{n or ''}" for n in range(number)]


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


# --- Every state ------------------------------------------------------------------------------------------------------


async def idle(page: Page) -> None:
    """Advance the clock until the controls are hidden, of which none keeps the focus."""
    await page.evaluate("document.activeElement.blur()")
    await page.clock.fast_forward(5000)
    await expect(page.locator("body.idle")).to_be_attached()


@SLOW
async def test_every_state_of_a_stage_is_accessible(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", "Copenhagen", question="Where shall we meet next year?")
    await venue.ballots(poll, 0, 0, 1, 0, 1, 2)
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, live(poll), login=True, clock=True)
        await in_touch(page)
        await offers(page, "close")
        await page.keyboard.press("Tab")
        await expect(act(page, "close")).to_be_focused()  # so they stay
        await accessible(page, "controls")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await accessible(page)
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        await expect(page.locator("#veil")).to_be_visible()
        await idle(page)
        await accessible(page, "held")
        await page.keyboard.press("r")
        await page.keyboard.press("c")
        await expect(page.locator("#status")).to_have_text("Final results")
        await shows(page, 3, 2, 1)
        await idle(page)
        await accessible(page, "closed")
        await page.keyboard.press("o")
        await expect(page.locator("#status")).to_have_text("Open")
    await check_as_a_guest(venue, poll)


async def check_as_a_guest(venue: Venue, poll: Json) -> None:
    async with venue.visit(reduced_motion="reduce", allowed=["404"]) as visitor:
        page = await venue.page(visitor, live(poll), clock=True)
        await in_touch(page)
        await page.keyboard.press("l")
        await accessible(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="hidden")
        await idle(page)
        await accessible(page, "open")
        await resized(page, (360, 740))
        await accessible(page, "open")
        await venue.host.call("DELETE", f"/polls/{poll['id']}/")
        await expect(page.get_by_role("heading", level=1)).to_have_text("This poll no longer exists")
        await accessible(page)
        await page.goto(venue.server.url + live({"code": "NOSUCH"}))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Poll not found")
        await expect(page.get_by_label("Code")).to_have_value("NOS UCH")
        await expect(page.get_by_role("alert")).to_have_text("There is no poll with this code.")
        await expect(page.locator("form.code button")).to_have_text("Show")
        await accessible(page)


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


def pixel(png: bytes) -> tuple[int, ...]:
    """The first pixel of a picture, with its alpha: no filter of PNG touches that one."""
    (header,) = struct.iter_unpack(">IIBBBBB", png[16:29])
    assert header[2:4] == (8, 6), "no picture of 8 bits and an alpha"
    at, packed = 8, b""
    while at < len(png):
        (size,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        packed += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return tuple(zlib.decompress(packed)[1:5])


async def overlay(venue: Venue, visitor: Visitor, poll: Json, *, login: bool) -> Page:
    """The page for streaming software: bars and the code, and no controls."""
    page = await venue.page(visitor, f"{live(poll)}?overlay=1", login=login)
    await in_touch(page)
    await shows(page, 2, 1)
    assert await page.locator("img, button, nav, dialog, input").count() == 0
    await expect(page.locator("#code")).to_have_text(poll["code"])
    await page.keyboard.press("c")
    await accessible(page)
    return page


@SLOW
async def test_an_overlay_lies_on_whatever_is_behind_it(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", question="Where shall we meet?")
    await venue.ballots(poll, 0, 0, 1)
    async with venue.visit(viewport=(1920, 1080), reduced_motion="reduce") as visitor:
        await overlay(venue, visitor, poll, login=True)
        page = await overlay(venue, visitor, poll, login=False)
        drawn = await page.screenshot(omit_background=True, path=SCREENSHOTS / "live-overlay.png")
        assert pixel(drawn)[3] == 0
        await laid_out(page)
        assert (await venue.host.get(f"/polls/{poll['id']}/"))["status"] == "open"


BAND = """() => {
  const stage = document.querySelector(".stage");
  const [columns, rows] = ["--columns", "--rows"].map((name) => Number(stage.style.getPropertyValue(name)));
  const size = parseFloat(stage.style.getPropertyValue("--size"));
  return { cells: columns * rows, third: stage.offsetHeight <= innerHeight / 3 + 1, size };
}"""


async def test_an_overlay_is_a_lower_third_without_an_empty_cell(venue: Venue) -> None:
    async with venue.visit(reduced_motion="reduce") as visitor:
        for number in (2, 4, 5, 7):
            poll = await venue.host.poll(*texts_of(number, "Lisbon"), question="Where shall we meet?")
            page = await venue.page(visitor, f"{live(poll)}?overlay=1")
            await in_touch(page)
            await expect(page.locator("#results .bar")).to_have_count(number)
            await painted(page)
            band = await page.evaluate(BAND)
            assert (band["cells"], band["third"]) == (number, True) and band["size"] > 15, (number, band)
            await laid_out(page)
            await page.close()


async def test_the_address_on_an_overlay_stands_apart_from_the_code_in_every_direction(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", question="Where?")
    async with venue.visit(locale="ar", reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, f"{live(poll)}?overlay=1")
        await in_touch(page)
        await painted(page)
        address, code = [await page.locator(part).bounding_box() for part in (".join", "#code")]
        assert address and code and code["x"] + code["width"] + 8 < address["x"]


SIZE_AND_WIDTH = "(one) => [parseFloat(one.style.getPropertyValue('--size')), one.offsetWidth]"


async def test_an_overlay_has_what_the_line_of_the_turnout_says_and_its_picture_at_its_end(venue: Venue) -> None:
    ends = (datetime.now(UTC) + timedelta(minutes=50)).isoformat()
    texts = texts_of(5, "Copenhagen")
    poll = await venue.host.poll(*texts, question="Where?", results="host", expires_at=ends)
    async with venue.visit(reduced_motion="reduce") as visitor:
        page = await venue.page(visitor, f"{live(poll)}?overlay=1&show=question,results,turnout,join,qr")
        await in_touch(page)
        for told in ("#qr", "#veil", "#left", "#turnout", ".join", "#code"):
            await expect(page.locator(told)).to_be_visible()
        await painted(page)
        await laid_out(page)
        bottoms = [await page.locator(part).bounding_box() for part in ("#qr", ".stage")]
        assert bottoms[0] and bottoms[1] and bottoms[0]["height"] < bottoms[1]["height"] < 241


@SLOW
async def test_a_corner_has_the_same_part_of_every_picture(venue: Venue) -> None:
    poll = await venue.host.poll("Amsterdam", "Berlin", question="Where shall we meet?")
    async with venue.visit(reduced_motion="reduce") as visitor:
        parts = []
        for width, height in ((1280, 720), (3840, 2160)):
            page = await venue.page(visitor, f"{live(poll)}?overlay=1&at=top-right&show=question,results,join,qr")
            await in_touch(page)
            await resized(page, (width, height))
            size, wide = await page.locator(".stage").evaluate(SIZE_AND_WIDTH)
            parts.append([round(100 * size / height, 1), round(100 * wide / width)])
        assert parts[0] == parts[1]


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


# --- Languages --------------------------------------------------------------------------------------------------------

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


CODE_LINES = """(one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getClientRects().length;
}"""
UPRIGHT = ((960, 900), (900, 1200), (1000, 1000), (1080, 1920), (1200, 1600), (2160, 3840), (768, 1024), (1300, 1200))


async def test_a_stage_that_only_this_machine_reaches_fills_every_size_and_shows_no_useless_picture(
    chromium: Chromium, module_database_url: str, tmp_path: Path
) -> None:
    async with serving(tmp_path, module_database_url) as server, audience_of(server) as audience:
        poll = await audience.device("user:1", "user").poll("Yes", "No", "Perhaps")
        async with chromium.visit(server.url, reduced_motion="reduce") as visitor:
            page = await visitor.context.new_page()
            await page.goto(f"{server.url}{live(poll)}")
            await in_touch(page)
            await expect(page.locator(".local")).to_contain_text("scripts/serve --lan")
            await expect(page.locator("#code")).to_have_text(poll["code"])
            await expect(page.locator("#qr")).to_have_count(0)
            for size in UPRIGHT if THOROUGH else UPRIGHT[:3]:
                await resized(page, size)
                fitted = await page.locator(".stage").evaluate(
                    "(one) => [one.className, one.style.getPropertyValue('--size')]"
                )
                assert fitted[0] == "stage" and float(fitted[1][:-2]) > 0.025 * min(size), (size, fitted)
                await laid_out(page)
            await accessible(page)


@SLOW
async def test_a_stage_on_the_servers_own_machine_invites_to_its_address_in_the_network(
    chromium: Chromium, module_database_url: str, tmp_path: Path
) -> None:
    hosts = lan_hosts(ALL_IPV4)
    if not hosts:
        pytest.skip("this machine is in no network")
    async with serving(tmp_path, module_database_url, NEXUS_HOST=ALL_IPV4) as server, audience_of(server) as audience:
        root = f"http://{hosts[0]}:{server.port}/"
        assert f"Phones on the same network open\n  {root.rstrip('/')}\n" in server.log
        poll = await audience.device("user:1", "user").poll("Yes", "No")
        async with chromium.visit(server.url) as visitor:
            page = await visitor.context.new_page()
            await page.goto(f"{server.url}{live(poll)}")
            await in_touch(page)
            await expect(page.locator(".join strong")).to_have_text(f"{hosts[0]}:{server.port}")
            source = await page.locator("#qr").get_attribute("src") or ""
            picture = await page.evaluate("(source) => fetch(source).then((one) => one.text())", source)
            assert picture.encode() == qr_svg(f"{root}vote/{poll['code']}")
            private = await audience.device("user:1", "user").poll("Yes", "No", is_public=False)
            for one in (poll, private):
                await page.goto(f"{server.url}{live(one)}")
                await expect(page.locator("#code")).to_have_text(one["code"])
                for size in ((1280, 720), (1080, 1920)):
                    await resized(page, size)
                    assert await page.locator("#code").evaluate(CODE_LINES) == 1, (size, one["code"])
                    await laid_out(page)
