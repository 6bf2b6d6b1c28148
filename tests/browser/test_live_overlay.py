"""The presenter's page as an overlay for streaming software, in a real browser."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import SCREENSHOTS, Visitor
from tests.support.live_page import Venue, accessible, account, in_touch, live, live_server, painted, shows, venue
from tests.support.stage_layout import laid_out, resized, texts_of
from tests.support.thorough import SLOW
from tests.support.values import Json

__all__ = ["account", "live_server", "venue"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


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


@SLOW
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
