"""Pages besides those of a poll, in a real browser: addresses that lead nowhere, and those that people type."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.support.browser import axe, picture
from tests.support.thorough import SLOW
from tests.support.vote_page import WAIT_MS, WORDS, Booth, Paper, booth, is_german, said, server

__all__ = ["booth", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = r"status of 40[145]"
NARROW = (320, 640)


@SLOW
async def test_an_address_that_leads_nowhere_has_ways_on(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    async with booth.visit(viewport=NARROW, color_scheme="dark", allowed=[REFUSED]) as visitor:
        page = await visitor.open(f"/polls/{poll['id']}/")
        words = WORDS["en"]["error"]
        await expect(page.get_by_role("heading", level=1)).to_have_text(words["program_heading"])
        await expect(page.get_by_text(words["program_text"])).to_be_visible()
        await expect(page.get_by_role("link", name=words["start"])).to_have_attribute("href", re.compile("/$"))
        await axe(page)
        await picture(page, "error-program")
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        await page.get_by_label(said("code.label")).focus()
        code = poll["code"]
        await page.keyboard.type(f"x{code}"[:6].lower())
        for key in (*["ArrowLeft"] * 6, "Backspace", "End", code[-1]):  # one too many at the start, and none at the end
            await page.keyboard.press(key)
        await expect(page.get_by_label(said("code.label"))).to_have_value(f"{code[:3]} {code[3:]}")
        await page.keyboard.press("Enter")
        await Paper(page).says("vote.tap")
        await page.goto(f"{booth.server.url}/a/b/c/")
        await expect(page.get_by_role("heading", level=1)).to_have_text(words["missing_heading"])
        await page.get_by_role("link", name=words["host"]).click()
        await expect(page).to_have_url(f"{booth.server.url}/host")


@SLOW
async def test_what_people_type_is_the_page_they_want(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No")
    code = poll["code"]
    async with booth.visit(locale="de-DE", allowed=[REFUSED]) as visitor:
        page = await visitor.open(f"/{code.lower()}")
        await Paper(page, "de").says("vote.tap")
        await Paper(page, "de").tap("Yes")
        await page.goto(f"{booth.server.url}/Join/{code[:3]}%20{code[3:]}/")
        await expect(page).to_have_url(f"{booth.server.url}/vote/{code}")
        await Paper(page, "de").says("vote.recorded_change")  # the same guest
        await page.goto(f"{booth.server.url}/ZZZZZZ")
        await expect(page.get_by_role("heading", level=1)).to_have_text(said("vote.unknown", "de"), timeout=WAIT_MS)
        await page.goto(f"{booth.server.url}/nothing")
        await expect(page.get_by_role("heading", level=1)).to_have_text(WORDS["de"]["error"]["missing_heading"])
        await is_german(page)
        await page.goto(f"{booth.server.url}/live/")
        await expect(page.get_by_role("heading", level=1)).to_have_text(said("enter.live_heading", "de"))
        await axe(page)
        field = page.get_by_label(said("code.label", "de"))
        await field.fill(f"{booth.server.url}/vote/{code}")
        await field.press("Enter")
        await expect(page).to_have_url(f"{booth.server.url}/live/{code}")
        await expect(page.locator("#turnout")).to_be_visible(timeout=WAIT_MS)


DESCRIPTION = """Agenda: https://example.org/a_(b).
\u0645\u0631\u062d\u0628\u0627 https://\u0430pple.com/\u202egro

\u202ehttps://evil.example/x\u202c https://bank.example@evil.example/ javascript:alert(1)
<a href="https://example.org">no</a> """
LINKS = {
    "https://example.org/a_(b)": "https://example.org/a_(b)",
    "https://xn--pple-43d.com/": "https://xn--pple-43d.com/",
    "https://evil.example/x": "https://evil.example/x",
    "https://example.org": "https://example.org/",
}
"""What is shown, and where it leads."""


@SLOW
async def test_a_description_keeps_its_lines_and_its_links_open_outside(booth: Booth) -> None:
    poll = await booth.poll("Yes", "No", description=f"{DESCRIPTION}https://example.org/{'x' * 400}")
    async with booth.visit(viewport=NARROW) as visitor:
        early = await visitor.context.new_page()
        await early.route_web_socket("**/ws", lambda _: None)
        await early.goto(f"{booth.server.url}/vote/{poll['code']}")  # before it is connected, nothing moves later
        await expect(early.locator("header .prose")).to_contain_text("Agenda")
        paper = await booth.paper(visitor, poll)
        await paper.says("vote.tap")
        page, shown = paper.page, paper.page.locator("#description")
        links = shown.get_by_role("link")
        await expect(links).to_have_count(len(LINKS) + 1)
        told = await links.evaluate_all("(all) => all.map((one) => [one.textContent, one.href, one.target, one.rel])")
        assert {text: href for text, href, *_ in told[:-1]} == LINKS
        assert {tuple(rest) for *_, rest in [(0, one[2:]) for one in told]} == {
            ("_blank", "noopener noreferrer nofollow")
        }
        lines = (await shown.inner_text()).split("\n")
        assert len(lines) == 5 and lines[0] == "Agenda: https://example.org/a_(b)."
        assert '<a href="' in lines[4]
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        # Right-to-left lines begin at the right, and no direction of the text around it reaches into a link.
        places = await links.evaluate_all(
            """(all) => all.map((one) => {
              const range = document.createRange();
              const x = (at) => (range.setStart(one.firstChild, at), range.setEnd(one.firstChild, at + 1),
                range.getBoundingClientRect().x);
              return x(0) < x(4);
            })"""
        )
        assert places == [True] * (len(LINKS) + 1)
        await axe(page)
        await picture(page, "description")
        await booth.audience.host.patch(f"/polls/{poll['id']}/", {"description": ""})
        await expect(shown).to_be_hidden(timeout=WAIT_MS)
