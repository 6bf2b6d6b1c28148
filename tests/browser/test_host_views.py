"""Every view of the host's page in a real browser: accounts, accessibility, size, language and weight."""

from __future__ import annotations

import asyncio
import gzip
from typing import Literal

import httpx
import pytest
from playwright.async_api import expect

from tests.support.browser import Chromium, axe, transferred
from tests.support.host_page import PASSWORD, REFUSED, guest_votes, home, hosting, log_in, new_account, server
from tests.support.thorough import SLOW, THOROUGH

__all__ = ["home", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


LONGEST = "W" * 255


BUDGET = 60 * 1024


BEYOND = """[document.documentElement, ...document.querySelectorAll("main *, header *")].filter((one) =>
  !one.closest(".tabs, .chips, .looks") && (one.getBoundingClientRect().right > innerWidth + 1
  || (!one.matches(".unseen, .me, .track, .value") && one.clientWidth && one.scrollWidth > one.clientWidth + 1))
).map((one) => `${one.outerHTML.slice(0, 100)} ${one.scrollWidth} > ${one.clientWidth}`)"""
"""The elements that extend beyond the right edge of the page, or whose content is wider than they are; tabs and chips
scroll, and small pictures of polls are cut off."""


def views(poll: int, question: str) -> dict[str, str]:
    """Every view by its route, and its heading."""
    of_poll = {f"#/poll/{poll}/history": "History", f"#/poll/{poll}/edit": "Edit poll", f"#/poll/{poll}": question}
    return {"#/account": "Account", "#/new": "New poll", **of_poll, "#/": "Your polls"}


@SLOW
async def test_an_account_is_made(chromium: Chromium, home: str) -> None:
    async with httpx.AsyncClient(base_url=home) as http:
        name = await new_account(http)
    async with chromium.visit(home, allowed=[REFUSED]) as visitor:
        page = await visitor.open("/host#/account")
        await page.get_by_role("button", name="Create an account").click()
        await expect(page.get_by_role("heading", level=1, name="Create an account")).to_be_visible()
        form = page.locator("form.login")
        await form.locator("[name=username]").fill(name)
        await form.locator("[name=password]").fill("12345678")
        await form.locator("[name=email]").fill("nobody")
        await form.get_by_role("button").click()
        await expect(page.get_by_text("Enter a valid email address.")).to_be_visible()
        await expect(page.get_by_text("This password is too common.")).to_be_visible()
        await form.locator("[name=email]").fill("")
        await form.locator("[name=password]").fill(PASSWORD)
        await form.get_by_role("button").click()
        await expect(page.get_by_text("This username is taken.")).to_be_visible()
        await form.locator("[name=username]").fill(f"{name}-2")
        await form.get_by_role("button").click()
        await expect(page.get_by_role("heading", level=1, name="Account", exact=True)).to_be_focused()
        assert await page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1]


@SLOW
async def test_a_poll_for_accounts_leads_to_an_account_and_back(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        poll = await host.make("Members?", allow_guests=False)
    async with chromium.visit(home) as visitor:
        page = await visitor.open(f"/vote/{poll['code']}")
        await page.get_by_role("link", name="Create an account").click()
        await expect(page.get_by_role("heading", level=1, name="Create an account")).to_be_visible()
        form = page.locator("form.login")
        await form.locator("[name=username]").fill(f"member-{poll['code']}")
        await form.locator("[name=password]").fill(PASSWORD)
        await form.get_by_role("button").click()
        await expect(page.get_by_text("Members?")).to_be_visible()
        assert page.url == f"{home}/vote/{poll['code']}"
        await page.get_by_role("button", name="Yes").click()
        await expect(page.get_by_text("Your vote is recorded")).to_be_visible()


@SLOW
async def test_a_password_is_changed_and_a_login_left(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, allowed=[REFUSED]) as host:
        page = host.page
        await host.goto("#/account", "Account")
        await page.get_by_label("Current password").fill("wrong")
        await page.get_by_label("New password").fill("another good one")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("That is not your current password.")).to_be_visible()
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("Your password has been changed.")).to_be_visible()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_text("You have logged out.")).to_be_visible()
        assert await page.evaluate("sessionStorage.length") == 0
        await log_in(page, host.name, "another good one")
        await expect(page.get_by_role("heading", name="Your polls")).to_be_focused()


@SLOW
async def test_no_view_breaks_a_rule_of_accessibility(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, viewport=(360, 800), color_scheme="dark", reduced_motion="reduce") as host:
        poll = await host.make("Tea?", "Green", LONGEST, "Black", description="Which?", max_choices=2)
        await guest_votes(home, poll["code"], poll["options"][1]["id"])
        for route, heading in views(poll["id"], "Tea?").items():
            await host.goto(route, heading)
            await axe(host.page)
            if THOROUGH:
                await host.page.emulate_media(color_scheme="light")
                await axe(host.page)
                await host.page.emulate_media(color_scheme="dark")
        await host.goto(f"#/poll/{poll['id']}", "Tea?")
        await host.button("More").click()
        await host.button("Delete…").click()
        await expect(host.page.get_by_role("dialog")).to_be_visible()
        await axe(host.page)


@SLOW
async def test_nothing_is_cut_off_of_the_largest_poll(chromium: Chromium, home: str) -> None:
    question = "Q" * 250 + " words" * 41
    texts = ["a", LONGEST, *(f"option {n} {'word ' * n}".strip()[:255] for n in range(98))]
    async with hosting(chromium, home, viewport=(360, 800)) as host:
        poll = await host.make(question, *texts, max_choices=3)
        for route, heading in views(poll["id"], question).items():
            await host.goto(route, heading)
            for width in (360, 1280, 3840):
                await host.page.set_viewport_size({"width": width, "height": 800})
                assert await host.page.evaluate(BEYOND) == [], (route, width)


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=SLOW), "dark"])
async def test_what_comes_before_a_login_breaks_no_rule_of_accessibility(
    chromium: Chromium, home: str, scheme: Literal["light", "dark"]
) -> None:
    async with chromium.visit(home, color_scheme=scheme) as visitor:
        page = await visitor.open("/host")
        await expect(page.get_by_label("Username")).to_be_focused()
        await axe(page)
        await page.get_by_role("button", name="Create an account").click()
        await expect(page.get_by_role("heading", level=1, name="Create an account")).to_be_visible()
        await axe(page)


@SLOW
async def test_it_speaks_german(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home, locale="de-DE") as host:
        page = host.page
        await expect(host.heading("Ihre Umfragen")).to_be_visible()
        assert await page.title() == "Ihre Umfragen – Nexus"
        poll = await host.make("Tee?", "Ja", "Nein")
        await guest_votes(home, poll["code"], poll["options"][0]["id"])
        await host.goto(f"#/poll/{poll['id']}", "Tee?")
        await expect(host.button("Umfrage beenden")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Prozent")).to_be_visible()
        await expect(host.row("Ja")).to_have_text("Ja1100\u202f%")
        await expect(page.get_by_text("CSV (mit Semikolons)")).to_be_visible()
        async with page.expect_download() as download:
            await host.button("CSV herunterladen").click()
        text = await asyncio.to_thread((await (await download.value).path()).read_text, "utf-8-sig")
        assert text.splitlines()[0] == "ballot;option_ids;options"
        await host.goto(f"#/poll/{poll['id']}/history", "Verlauf")
        await expect(page.get_by_text("Eine Stimme wurde abgegeben.")).to_be_visible()
        await host.goto("#/new", "Neue Umfrage")
        await host.button("Erstellen und öffnen").click()
        await expect(page.get_by_text("Geben Sie eine Frage ein.")).to_be_visible()


async def test_votes_of_a_minute_share_a_row_of_the_history(chromium: Chromium, home: str) -> None:
    async with hosting(chromium, home) as host:
        poll = await host.make("Tea?")

        def entry(action: str, time: str) -> dict[str, object]:
            what = {"action": action, "target_type": "poll", "target_id": str(poll["id"]), "user": "guest:abc"}
            return {
                **what,
                "timestamp": f"2026-01-02T10:{time}Z",
                "details": {"status": "open"} if action == "create" else {},
            }

        told = [entry("close", "23:00"), entry("create", "22:30"), *(entry("vote", "22:00") for _ in range(3))]
        found = {"count": 6, "results": [*told[:1], entry("vote", "22:50"), *told[1:]]}
        await host.page.route("**/audit/?*", lambda route: route.fulfill(json=found))
        await host.goto(f"#/poll/{poll['id']}/history", "History")
        entries = host.page.locator("ol.history > li")
        await expect(entries).to_have_count(3)
        await expect(entries.nth(1)).to_contain_text("4 votes")
        await expect(entries.nth(1).get_by_text("A vote was cast.").last).to_be_hidden()
        await entries.nth(1).locator("summary").click()
        await expect(entries.nth(1).get_by_text("A vote was cast.").last).to_be_visible()
        await expect(entries.last).to_contain_text("The poll was created")


@SLOW
async def test_all_it_loads_is_small(chromium: Chromium, home: str) -> None:
    async with chromium.visit(home) as visitor:
        page = await visitor.context.new_page()
        async with transferred(page) as sent:
            await page.goto(f"{home}/host")
        await expect(page.locator("form.login")).to_be_visible()
        packed = 0
        async with httpx.AsyncClient(base_url=home) as http:
            for url in sent.by_url:
                packed += len(gzip.compress((await http.get(url)).content))
        assert packed < BUDGET, packed
