"""What a stage invites to, in a real browser: where only this machine reaches it, and where phones do."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from nexus.http.pages.qr import qr_svg
from nexus.runtime.lan import ALL_IPV4, lan_hosts
from tests.support.audience import audience_of
from tests.support.browser import Chromium
from tests.support.live_page import TOUCH_MS, accessible, in_touch, live
from tests.support.served import serving
from tests.support.stage_layout import laid_out, resized
from tests.support.thorough import SLOW, THOROUGH

pytestmark = pytest.mark.asyncio(loop_scope="session")


CODE_LINES = """(one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getClientRects().length;
}"""
UPRIGHT = ((960, 900), (900, 1200), (1000, 1000), (1080, 1920), (1200, 1600), (2160, 3840), (768, 1024), (1300, 1200))


@SLOW
async def test_a_stage_that_only_this_machine_reaches_fills_every_size_and_shows_no_useless_picture(
    chromium: Chromium, module_database_url: str, tmp_path: Path
) -> None:
    async with serving(tmp_path, module_database_url) as server, audience_of(server) as audience:
        poll = await audience.device("user:1", "user").poll("Yes", "No", "Perhaps")
        async with chromium.visit(server.url, reduced_motion="reduce") as visitor:
            page = await visitor.context.new_page()
            await page.goto(f"{server.url}{live(poll)}")
            await in_touch(page)
            await expect(page.locator("#code")).to_have_text(poll["code"])
            await expect(page.locator(".join-card")).to_have_text(poll["code"])  # the room has no use for the reason
            await expect(page.locator("#qr")).to_have_count(0)
            for size in UPRIGHT if THOROUGH else UPRIGHT[:3]:
                await resized(page, size)
                fitted = await page.locator(".stage").evaluate(
                    "(one) => [one.className, one.style.getPropertyValue('--size')]"
                )
                assert fitted[0] == "stage" and float(fitted[1][:-2]) > 0.025 * min(size), (size, fitted)
                await laid_out(page)
            await page.keyboard.press("j")
            await expect(page.locator(".cover .local")).to_contain_text("scripts/serve --lan", timeout=TOUCH_MS)
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
