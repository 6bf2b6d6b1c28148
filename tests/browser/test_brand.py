"""Brands in a real browser: set on the host's page, worn by the pages of polls, and text whatever they say."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Locator, Page, Route, expect

from nexus.access.passwords import Passwords
from nexus.domain.colour import accents
from nexus.store import accounts
from nexus.store.database import Database
from tests.branding.test_picture import SVG
from tests.rest.test_brands import png
from tests.support.browser import Chromium, axe
from tests.support.host_page import PASSWORD, REFUSED, log_in
from tests.support.served import Server, serving
from tests.support.thorough import SLOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = '"><img src=x onerror=alert(1)> שלום'
YELLOW = "#ffd400"
CUT_OFF = """(frames) => frames.flatMap((frame) => {
  const [around, within] = [frame.getBoundingClientRect(), [...frame.querySelectorAll("p, span, div")]];
  const cut = ({ bottom, right, height }) => !height || bottom > around.bottom || right > around.right;
  return within.filter((one) => cut(one.getBoundingClientRect())).map((one) => one.outerHTML);
})"""
"""What a picture of a brand does not show whole."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("brand"), module_database_url) as started:
        database = Database(module_database_url, size=1)
        await database.connect()
        passwords = Passwords(threads=1)
        hashed = await passwords.hash(PASSWORD)
        passwords.close()
        await accounts.add(database, "boss", None, hashed, admin=True)
        await database.close()
        yield started


async def property_of(page: Page, name: str) -> str:
    found = await page.evaluate("(name) => getComputedStyle(document.documentElement).getPropertyValue(name)", name)
    return str(found).strip()


async def a_poll(url: str) -> str:
    """The code of a poll of the host."""
    async with httpx.AsyncClient(base_url=url) as http:
        pair = (await http.post("/auth/token/", json={"username": "boss", "password": PASSWORD})).json()
        body = {"question": "Us?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
        answer = await http.post("/polls/", json=body, headers={"Authorization": f"Bearer {pair['access']}"})
        return str(answer.json()["code"])


@SLOW
async def test_a_host_sets_a_brand_and_the_pages_of_a_poll_wear_it(chromium: Chromium, server: Server) -> None:
    code = await a_poll(server.url)
    async with chromium.visit(server.url, allowed=["status of 422"]) as visitor:
        page = await visitor.open("/host")
        await log_in(page, "boss")
        await expect(page.locator("h1:focus")).to_be_visible()
        await page.goto(f"{server.url}/host#/account")
        card = page.get_by_role("region", name="Your brand")
        await card.get_by_label("Name").fill(HOSTILE)
        await choose_colour(card)
        await card.get_by_label("Dark", exact=True).check()
        await expect(card.locator(".mini.stage")).to_have_attribute("data-theme", "dark")
        files = card.locator("input[type=file]")
        await files.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": SVG})
        await expect(card.get_by_role("status")).to_have_text("This file can’t be used as a logo.")
        await files.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": png()})
        await expect(card.locator(".logozone img")).to_be_visible()
        await card.get_by_role("button", name="Save").click()
        await expect(card.get_by_role("status")).to_have_text("Saved. Pages opened from now on show it.")
        await axe(page)
        await pictured(page, card)
        await worn(await visitor.open(f"/vote/{code}"), "light")
        live = await visitor.open(f"/live/{code}")
        await worn(live, "dark")
        assert await property_of(live, "--paper") == "#0d0e17"
        await page.bring_to_front()
        await card.get_by_role("button", name="Remove the brand").click()
        await expect(card.get_by_role("status")).to_have_text("The brand has been removed.")
        plain = await visitor.open(f"/vote/{code}")
        assert await property_of(plain, "--accent") == "#4338ca"
        await expect(plain).to_have_title("Us? – Nexus")


async def pictured(page: Page, card: Locator) -> None:
    """Its pictures show a long name on narrow screens, too."""
    await card.get_by_label("Name").fill("Accessibility Conference of Northern Europe")
    await card.get_by_role("button", name="Remove the logo").click()
    await expect(card.locator(".mini bdi")).to_have_count(3)
    for width in (360, 768):
        await page.set_viewport_size({"width": width, "height": 740})
        assert await card.locator(".mini").evaluate_all(CUT_OFF) == []


async def choose_colour(card: Locator) -> None:
    """Yellow: it can be chosen once the brand is to have a colour of its own."""
    await expect(card.get_by_label("Colour", exact=True)).to_be_hidden()
    await card.get_by_label("Use a colour of your own").check()
    await card.get_by_label("Colour", exact=True).fill(YELLOW)
    await expect(card.get_by_text("Contrast")).to_have_count(2)


async def worn(page: Page, scheme: str) -> None:
    """The page wears the brand in `scheme`."""
    await expect(page.locator("#question")).to_be_visible()
    colours = getattr(accents(YELLOW), scheme)
    assert await property_of(page, "--accent") == colours.accent
    assert await property_of(page, "--on-accent") == colours.on_accent
    assert HOSTILE in await page.title()
    assert await page.locator("img[src='x']").count() == 0


@SLOW
async def test_the_form_for_logging_in_on_a_stage_is_the_service_s(chromium: Chromium, server: Server) -> None:
    code = await a_poll(server.url)
    async with httpx.AsyncClient(base_url=server.url) as http:
        pair = (await http.post("/auth/token/", json={"username": "boss", "password": PASSWORD})).json()
        brand = {"name": "Another service", "accent": YELLOW}
        await http.put("/auth/me/brand/", json=brand, headers={"Authorization": f"Bearer {pair['access']}"})
    async with chromium.visit(server.url) as visitor:
        live = await visitor.open(f"/live/{code}")
        assert await property_of(live, "--accent") in {accents(YELLOW).light.accent, accents(YELLOW).dark.accent}
        await expect(live.locator("[data-act=login]")).to_be_attached()
        await live.keyboard.press("l")
        dialog = live.get_by_role("dialog")
        await expect(dialog).to_contain_text(httpx.URL(server.url).netloc.decode())
        ink = await live.evaluate("getComputedStyle(document.querySelector('dialog h2')).color")
        await expect(dialog.locator("button.main")).to_have_css("background-color", ink)


async def test_the_form_for_logging_in_on_a_page_for_voting_is_the_service_s(
    chromium: Chromium, server: Server
) -> None:
    code = await a_poll(server.url)
    async with httpx.AsyncClient(base_url=server.url) as http, chromium.visit(server.url, allowed=[REFUSED]) as visitor:
        pair = (await http.post("/auth/token/", json={"username": "boss", "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        await http.put("/auth/me/brand/", json={"name": "Another service", "accent": YELLOW})
        page = await visitor.context.new_page()

        async def shut(route: Route) -> None:
            """The page has shown the poll, and it admits no guests any more."""
            poll = (await http.post("/polls/join/", json={"code": code})).json()
            await http.patch(f"/polls/{poll['id']}/", json={"allow_guests": False})
            await route.continue_()

        await page.route("**/auth/guest/", shut)
        await page.goto(f"{server.url}/vote/{code}")
        await expect(page.locator("main.service .brand")).to_have_text(httpx.URL(server.url).netloc.decode())
        await expect(page.locator("main")).not_to_contain_text("Another service")
        ink = await page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        await expect(page.locator("form button.main")).to_have_css("background-color", ink)
        await log_in(page, "boss")
        await expect(page.locator("#question")).to_be_visible()
        await expect(page.locator(".brand")).to_have_text("Another service")
        await expect(page.locator("main")).not_to_have_class("service")


def stroke(colour: str) -> bytes:
    """A logo of one colour, with nothing behind it."""
    drawn = Image.new("RGBA", (120, 40), (0, 0, 0, 0))
    drawn.paste(Image.new("RGBA", (90, 16), colour), (10, 12))
    written = io.BytesIO()
    drawn.save(written, "PNG")
    return written.getvalue()


@SLOW
async def test_a_logo_that_would_be_lost_has_a_plate(chromium: Chromium, server: Server) -> None:
    code = await a_poll(server.url)
    async with httpx.AsyncClient(base_url=server.url) as http, chromium.visit(server.url) as visitor:
        pair = (await http.post("/auth/token/", json={"username": "boss", "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        for colour, stage, plate in (("#101030", "dark", True), ("#101030", "light", False), ("#fff", "light", True)):
            assert (await http.put("/auth/me/brand/", json={"name": "Acme", "stage": stage})).is_success
            assert (await http.put("/auth/me/brand/logo/", content=stroke(colour))).is_success
            page = await visitor.open(f"/live/{code}")
            await expect(page.locator(".stage .logo")).to_be_visible()
            await expect(page.locator(":root[data-plate]")).to_have_count(int(plate))
            await page.close()
        await http.delete("/auth/me/brand/")
