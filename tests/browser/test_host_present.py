"""A poll's page as a host presents and shares it: the stage in another tab, a code for another screen, pictures to
download, and acts that can be undone."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from nexus.http.pages.qr import qr_png, qr_svg
from tests.browser.test_embedding import publicly
from tests.support.browser import Chromium, axe
from tests.support.host_page import PASSWORD, REFUSED, Host, guest_votes, home, hosting, log_in, new_account, server
from tests.support.live_page import TOUCH_MS
from tests.support.thorough import SLOW

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOSE = "[data-act=close]"


async def presented(host: Host) -> Page:
    """The tab that `Present` opens, once it is the stage."""
    async with host.visitor.context.expect_page() as opened:
        await host.button("Present").click()
    stage = await opened.value
    await expect(stage.locator(CLOSE)).to_be_attached(timeout=TOUCH_MS)
    return stage


@SLOW
async def test_present_opens_the_stage_with_the_hosts_rights(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        poll = await host.make(results="host")
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        stage = await presented(host)
        assert stage.url == f"{home}/live/{poll['code']}", "the code has left the address"
        await stage.keyboard.press("r")
        await expect(host.page.get_by_label("Everyone, live")).to_be_checked()
        await stage.keyboard.press("c")
        await expect(host.button("Reopen voting")).to_be_visible()
        await stage.keyboard.press("o")
        await expect(host.button("Close voting")).to_be_visible()
        await host.page.goto(f"{home}/host#/")
        assert (await presented(host)).url == stage.url, "from the list as well"


@SLOW
async def test_the_stage_knows_no_login(chromium: Chromium, home: str) -> None:
    async with httpx.AsyncClient(base_url=home) as http, chromium.visit(home) as visitor:
        name = await new_account(http)
        pair = (await http.post("/auth/token/", json={"username": name, "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        page = await visitor.open("/host")
        await log_in(page, name)
        host = Host(name, page, visitor, http)
        await expect(host.heading("Your polls")).to_be_visible()
        await host.goto(f"#/poll/{(await host.make())['id']}", "Tea?")
        stage = await presented(host)
        kept = await stage.evaluate("[Object.keys(sessionStorage), opener]")
        assert kept == [[f"nexus:stage:{home}/"], None]
        await page.reload()
        await expect(page.get_by_role("heading", level=1, name="Tea?")).to_be_visible()  # this tab still does


@SLOW
async def test_present_says_what_keeps_it_from_its_tab(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED, "503"]) as host:
        poll = await host.make()
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await host.page.evaluate("window.open = () => null")
        await host.button("Present").click()
        await expect(host.status("Your browser has blocked the new tab.")).to_be_visible()
        link = host.page.get_by_role("link", name="Open the stage")
        assert re.fullmatch(rf"{home}/live/{poll['code']}#pair=\w{{32}}", await link.get_attribute("href") or "")
        await host.page.route("**/pairing/", lambda route: route.fulfill(status=503, body="{}"))
        await host.button("Present").click()
        await expect(host.status("The server can’t be reached")).to_be_visible()


@SLOW
async def test_another_screen_gets_a_short_code(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740)) as host:
        poll = await host.make()
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await host.button("Another screen…").click()
        dialog = host.page.get_by_role("dialog", name="Show on another screen")
        code = dialog.get_by_role("status").filter(has_text=re.compile(r"^[2-9A-Z]{4} [2-9A-Z]{4}$"))
        first = await code.inner_text()
        lines = "(one) => Math.round(one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight))"
        assert await code.evaluate(lines) == 1
        await expect(dialog.get_by_text(re.compile(r"^Works once, for another (10:00|9:\d\d)\.$"))).to_be_visible()
        await axe(host.page)
        await dialog.get_by_label("Only show").check()
        await expect(code).not_to_have_text(first)
        second = await code.inner_text()
        await host.button("New code").click()
        await expect(code).not_to_have_text(second)
        shown = await host.http.post("/auth/screen/", json={"code": await code.inner_text()})
        assert (shown.status_code, shown.json()["role"]) == (201, "screen")
        shown = await host.http.post("/auth/screen/", json={"code": first})
        assert (shown.status_code, shown.json()["role"]) == (201, "presenter")
        await host.button("Close").click()
        await expect(host.button("Another screen…")).to_be_focused()


@SLOW
async def test_a_code_that_has_expired_says_so(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        poll = await host.make()
        await host.page.route("**/pairing/", expired)
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await host.button("Another screen…").click()
        await expect(host.page.get_by_text("This code has expired.")).to_be_visible()


async def expired(route: Route) -> None:
    """Answer with a code of long ago."""
    await route.fulfill(
        status=201, json={"code": "2345ABCD", "role": "presenter", "expires_at": "2020-01-01T00:00:00Z"}
    )


@SLOW
async def test_the_qr_code_is_shown_and_saved(chromium: Chromium, home: str) -> None:
    # A browser does not know where the page that `publicly` answers is from, and lets it reach no local address.
    async with hosting(chromium, home, allowed=["LOCAL_NETWORK_ACCESS"]) as host:
        poll = await host.make()
        await host.page.route("**/host", publicly)
        await host.page.goto(f"{home}/host#/poll/{poll['id']}")
        await host.page.reload()
        address = f"{home}/vote/{poll['code']}"
        picture = host.page.get_by_role("img", name=f"QR code for https://vote.example.org/nexus/vote/{poll['code']}")
        await expect(picture).to_have_js_property("complete", value=True)
        for kind, draw in (("SVG", qr_svg), ("PNG", qr_png)):
            async with host.page.expect_download() as download:
                await host.button(f"Download the QR code as {kind}").click()
            saved = await download.value
            assert saved.suggested_filename == f"{poll['code']}.{kind.lower()}"
            assert await asyncio.to_thread((await saved.path()).read_bytes) == draw(address)
        whole = host.page.locator(".address .whole").filter(has_text=poll["code"])
        assert await whole.evaluate_all("(all) => all.map((one) => getComputedStyle(one).whiteSpace)") == ["nowrap"] * 2


@SLOW
async def test_an_overlay_is_chosen_and_copied(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 740), reduced_motion="reduce") as host:
        poll = await host.make("<b>Tea?</b>")
        await host.goto(f"#/poll/{poll['id']}", "<b>Tea?</b>")
        await host.button("For streams…").click()
        dialog = host.page.get_by_role("dialog", name="Overlay for streams")
        link = dialog.get_by_role("link")
        await expect(link).to_have_attribute("href", f"{home}/live/{poll['code']}?overlay=1")
        await dialog.get_by_label("Place").select_option("Top right")
        await dialog.get_by_label("Size").select_option("Large")
        await dialog.get_by_label("Turnout").uncheck()
        chosen = "?overlay=1&at=top-right&size=l&show=question,results,join"
        await expect(link).to_have_attribute("href", f"{home}/live/{poll['code']}{chosen}")
        await expect(dialog.locator(".asked")).to_have_text("<b>Tea?</b>")
        await axe(host.page)
        bars = dialog.locator(".sketch .lines > span")
        heights = await bars.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
        assert len(heights) == 3
        assert max(heights) < 12  # px, of bars that are lines
        for system in ("light", "dark"):
            await host.page.emulate_media(color_scheme=system)
            for colours, ground in (("Dark", "rgb(24, 26, 39)"), ("Light", "rgb(255, 255, 255)")):
                await dialog.get_by_label("Colors").select_option(colours)
                await expect(dialog.locator(".panel")).to_have_css("background-color", ground)


@SLOW
async def test_what_can_be_undone_is(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        poll = await host.make()
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await host.button("5 min").click()
        await expect(host.status("Voting is open and closes in 5 min.")).to_be_visible()
        await expect(host.page.get_by_role("button", name="5 min", pressed=True)).to_be_visible()
        assert (await host.poll(poll["id"]))["expires_at"]
        await host.button("Undo").click()
        await expect(host.status("Undone.")).to_be_visible()
        assert (await host.poll(poll["id"]))["expires_at"] is None
        await host.button("Close voting").click()
        said = host.page.locator("p.said").filter(has_text="Voting is closed.")
        await expect(host.page.get_by_role("group", name="Reopen for")).to_be_visible()
        await said.get_by_role("button", name="Reopen voting").click()
        await expect(host.status("Voting is open.")).to_be_visible()
        assert (await host.poll(poll["id"]))["options"][0]["votes_count"] == 1
        await expect(host.page.get_by_role("button", name="Who can see the results: Everyone, live")).to_be_visible()
        await host.page.get_by_label("Only me").check()
        await host.button("Apply").click()
        await host.button("Who can see the results: Only me").click()
        await expect(host.page.get_by_role("radio", name="Only me")).to_be_focused()
        await host.button("Undo").click()
        await expect(host.page.get_by_label("Everyone, live")).to_be_checked()
        assert (await host.poll(poll["id"]))["results"] == "live"


@SLOW
async def test_a_poll_of_somebody_else_can_be_watched(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as owner, hosting(chromium, home) as host:
        poll = await owner.make()
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        for name, kind in (("Watch the results", "live"), ("Go to the voting page", "vote")):
            link = host.page.get_by_role("link", name=name)
            await expect(link).to_have_attribute("href", f"{home}/{kind}/{poll['code']}")
        await expect(host.button("Present")).to_have_count(0)
