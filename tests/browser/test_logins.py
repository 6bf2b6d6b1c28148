"""Logins and guests in a real browser: tabs that share one, answers that get lost, weeks that pass, blocked storage."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from nexus.access.tokens import Tokens
from tests.support.browser import Chromium, Visitor, axe, blocking_storage
from tests.support.host_page import PASSWORD, home, log_in, new_account, server
from tests.support.served import KEY
from tests.support.thorough import SLOW, THOROUGH
from tests.support.vote_page import WAIT_MS, Paper, said
from tests.support.waiting import SERVER_S, eventually

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

MONTH_S = 30 * 86400
KEEP = "Keep me logged in on this device"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
NO_LOCKS = "delete Navigator.prototype.locks"
RENEW = """async (times) => {
    const { session } = await import("/assets/client.js");
    const one = session({ url: location.origin });
    for (let n = 0; n < times; n += 1) await one.token(await one.token());
}"""
"""Makes a tab use its refresh token, as it would after some lifetimes of its access token."""
REPLACE = """async (earlier) => {
    const { session } = await import("/assets/client.js");
    await session({ url: location.origin }).token(earlier);
}"""
"""Makes a tab need another access token than this one."""


async def account(home: str) -> str:
    """The name of a new account."""
    async with httpx.AsyncClient(base_url=home) as http:
        return await new_account(http)


async def make_poll(home: str, name: str, **fields: object) -> dict[str, Any]:
    """A poll of this account."""
    async with httpx.AsyncClient(base_url=home) as http:
        pair = (await http.post("/auth/token/", json={"username": name, "password": PASSWORD})).json()
        body = {"question": "Tea?", "options": [{"option_text": "Yes"}, {"option_text": "No"}], **fields}
        answer = await http.post("/polls/", json=body, headers={"Authorization": f"Bearer {pair['access']}"})
        return dict(answer.json())


async def entered(visitor: Visitor, name: str, *, keep: bool = False) -> Page:
    """The host's page, logged in by its form."""
    page = await visitor.open("/host")
    if keep:
        await page.get_by_role("checkbox", name=KEEP).check()
    await log_in(page, name)
    await is_in(page)
    return page


async def is_in(page: Page) -> None:
    """Returns once the page shows the bar of somebody who is logged in."""
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible(timeout=WAIT_MS)


async def is_out(page: Page) -> None:
    """Returns once the page asks for a login."""
    await expect(page.locator("form.login")).to_be_visible(timeout=WAIT_MS)


async def stored(page: Page, kind: str = "sessionStorage") -> str:
    """The pair of tokens that a tab or a device keeps; empty without one."""
    return str(await page.evaluate(f"{kind}.getItem(`nexus:login:${{location.origin}}`) ?? ''"))


@SLOW
async def test_lost_answers_to_a_refresh_keep_the_host_in(chromium: Chromium, home: str) -> None:
    name = await account(home)
    async with chromium.visit(home, allowed=(r"net::ERR_FAILED",)) as visitor:
        page, lost = await entered(visitor, name), []

        async def lose(route: Route) -> None:
            lost.append((await route.fetch()).status)  # the server has spent the token
            await route.abort()

        await page.route("**/auth/token/refresh/", lose, times=2)
        overdue = json.dumps({**json.loads(await stored(page)), "until": 0})
        await page.evaluate("(pair) => sessionStorage.setItem(`nexus:login:${location.origin}`, pair)", overdue)
        while len(lost) < 2:
            await page.reload()
            await expect(page.get_by_text(said("shared.unreachable")).first).to_be_visible(timeout=WAIT_MS)
        await page.reload()
        await is_in(page)
        assert lost == [200, 200]


@SLOW
async def test_a_doubled_tab_keeps_both_in_while_one_sleeps(chromium: Chromium, home: str) -> None:
    name = await account(home)
    async with chromium.visit(home) as visitor:
        page = await entered(visitor, name)
        before = await stored(page)
        async with page.expect_popup() as popup:
            await page.evaluate("open(location.href)")  # with a copy of what the tab stores
        copy = await popup.value
        await is_in(copy)

        async def each_has_its_own() -> bool:
            return len({before, await stored(copy), await stored(page)}) == 3

        await eventually(each_has_its_own, SERVER_S)
        await copy.evaluate(RENEW, 3)  # while the first sleeps; then it wakes up
        for tab in (page, copy, page):
            await tab.evaluate(RENEW, 2)
            await tab.reload()
            await is_in(tab)
        stranger = await visitor.open("/host")
        await is_out(stranger)  # the login ends with its tabs
        await page.goto(home + "/host#/account")
        await page.get_by_role("button", name="Log out").click()
        await is_out(copy)
        assert await stored(copy) == ""


@pytest.mark.parametrize(
    "locks", [True, False] if THOROUGH else [False], ids=lambda has: "locks" if has else "plain http"
)
@SLOW
async def test_a_kept_login_is_shared_by_all_tabs(chromium: Chromium, home: str, locks: bool) -> None:
    name = await account(home)
    async with chromium.visit(home) as visitor:
        if not locks:
            await visitor.context.add_init_script(NO_LOCKS)
        page = await entered(visitor, name, keep=True)
        assert (await stored(page), bool(await stored(page, "localStorage"))) == ("", True)
        async with visitor.context.expect_page() as opened:
            await page.get_by_role("link", name="New poll").first.click(button="middle")
        tabs = [page, await opened.value, await visitor.open("/host")]
        await asyncio.gather(*(is_in(tab) for tab in tabs))
        for _ in range(2):
            now = json.loads(await stored(page, "localStorage"))["access"]
            await asyncio.gather(*(tab.evaluate(REPLACE, now) for tab in tabs))  # all at once
            assert json.loads(await stored(page, "localStorage"))["access"] != now
        for tab in tabs:
            await tab.reload()
            await is_in(tab)
        state = await visitor.context.storage_state()
        async with chromium.visit(home, storage_state=state) as later:  # the browser is started again
            await is_in(await later.open("/host"))
        await tabs[2].goto(home + "/host#/account")
        await tabs[2].get_by_role("button", name="Log out").click()
        await asyncio.gather(*(is_out(tab) for tab in tabs))
        assert await stored(page, "localStorage") == ""


@SLOW
async def test_a_guest_of_weeks_ago_is_the_same_voter(chromium: Chromium, home: str) -> None:
    poll = await make_poll(home, await account(home))
    async with chromium.visit(home) as visitor:
        paper = Paper(await visitor.open(f"/vote/{poll['code']}"))
        await paper.tap("Yes")
        await paper.stands("Yes")
        key = f"nexus:guest:{home}:{poll['code']}"
        read = f"JSON.parse(localStorage.getItem('{key}'))"
        guest = await paper.page.evaluate(read)
        then = Tokens(KEY.encode(), clock=lambda: time.time() - 3 * MONTH_S)
        guest |= {"access": then.access(guest["voter"], ["guest"], 43200, [poll["id"]]), "until": 0}
        await paper.page.evaluate("(item) => localStorage.setItem(...item)", [key, json.dumps(guest)])
        await paper.page.reload()
        await paper.stands("Yes")
        assert (await paper.page.evaluate(read))["voter"] == guest["voter"]
        await paper.tap("No")
        await paper.stands("No")
        await paper.shows(0, 1)


async def host_works(visitor: Visitor, name: str) -> None:
    """The host's page works where nothing can be stored, and says what that means."""
    page = await visitor.open("/host")
    await expect(page.get_by_text(said("login.fleeting"))).to_be_visible()
    await axe(page)
    assert await page.get_by_role("checkbox", name=KEEP).count() == 0
    await log_in(page, name)
    await is_in(page)
    await page.get_by_role("link", name="New poll").first.click()
    await page.evaluate("history.back()")
    await expect(page.get_by_role("link", name="Tea?")).to_be_visible()
    await page.reload()
    await is_out(page)


async def paper_works(visitor: Visitor, poll: dict[str, Any]) -> None:
    """So does the audience's, which the start page leads to."""
    page = await visitor.open("/")
    await page.locator("form.code input").fill(poll["code"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/vote/*")
    paper = Paper(page)
    await paper.tap("Yes")
    await paper.stands("Yes")
    await expect(page.get_by_text(said("vote.fleeting"))).to_be_visible()
    await axe(page)
    await page.reload()
    await paper.says("vote.tap")


async def stage_works(visitor: Visitor, name: str, poll: dict[str, Any]) -> None:
    """So does the presenter's, with a login too, which does not reload it."""
    page = await visitor.open(f"/live/{poll['code']}")
    await expect(page.locator("[data-act=login]")).to_be_attached(timeout=WAIT_MS)
    await page.keyboard.press("l")
    await expect(page.get_by_text(said("login.fleeting"))).to_be_visible()
    await log_in(page, name)
    await expect(page.locator("[data-act=close]")).to_be_attached(timeout=WAIT_MS)
    await page.keyboard.press("c")
    await expect(page.locator("#status")).to_have_attribute("data-status", "closed", timeout=WAIT_MS)


@SLOW
async def test_pages_work_where_all_cookies_are_blocked(chromium: Chromium, home: str, tmp_path: Path) -> None:
    name = await account(home)
    poll = await make_poll(home, name)
    async with blocking_storage(home, tmp_path) as visitor:
        await host_works(visitor, name)
        await paper_works(visitor, poll)
        await stage_works(visitor, name, poll)


@SLOW
async def test_pages_work_where_a_storage_is_full(chromium: Chromium, home: str) -> None:
    """As in a private window of some browsers, whose storages have no room at all."""
    name = await account(home)
    poll = await make_poll(home, name)
    async with chromium.visit(home) as visitor:
        await visitor.context.add_init_script(FULL)
        await host_works(visitor, name)
        await paper_works(visitor, poll)
        await stage_works(visitor, name, poll)


@SLOW
async def test_a_poll_for_accounts_takes_a_kept_login(chromium: Chromium, home: str) -> None:
    name = await account(home)
    poll = await make_poll(home, name, allow_guests=False)
    async with chromium.visit(home) as visitor:
        page = await visitor.open(f"/vote/{poll['code']}")
        await page.get_by_role("checkbox", name=KEEP).check()
        await log_in(page, name)
        await Paper(page).tap("Yes")
        await Paper(page).stands("Yes")
        await Paper(await visitor.open(f"/vote/{poll['code']}")).stands("Yes")
        stage = await visitor.open(f"/live/{poll['code']}")
        await expect(stage.locator("[data-act=close]")).to_be_attached(timeout=WAIT_MS)
        await page.goto(home + "/host#/account")
        await page.get_by_role("button", name="Log out").click()
        await expect(stage.get_by_text(said("shared.link_expired"))).to_be_visible(timeout=WAIT_MS)
