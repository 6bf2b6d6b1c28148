"""Accounts on the host's page: the administrators' list, invitations, deletion, and what strangers are offered."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from nexus.access.passwords import Passwords
from nexus.access.refresh_tokens import new_refresh
from nexus.store import account_changes, accounts, invitations
from nexus.store.database import Database
from tests.browser.test_host_views import BEYOND
from tests.support.browser import Chromium, Visitor, axe
from tests.support.host_page import PASSWORD, REFUSED, log_in
from tests.support.served import Server, serving
from tests.support.thorough import SLOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = "several words in a row"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server where nobody creates an account by themselves."""
    async with serving(tmp_path_factory.mktemp("closed"), module_database_url, NEXUS_REGISTRATION="closed") as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def database(module_database_url: str) -> AsyncIterator[Database]:
    found = Database(module_database_url, size=2)
    await found.connect()
    yield found
    await found.close()


async def account(database: Database, name: str, *, admin: bool = False) -> str:
    """An account with `PASSWORD`; returns its subject."""
    passwords = Passwords(threads=1)
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    return (await accounts.add(database, name, f"{name}@example.org", hashed, admin=admin)).subject


@asynccontextmanager
async def logged_in(chromium: Chromium, url: str, name: str, **options: object) -> AsyncIterator[tuple[Page, Visitor]]:
    async with chromium.visit(url, **options) as visitor:  # type: ignore[arg-type]
        page = await visitor.open("/host")
        await log_in(page, name)
        await expect(page.locator("h1:focus")).to_be_visible()
        yield page, visitor


@SLOW
async def test_strangers_are_offered_a_login_alone(chromium: Chromium, server: Server, database: Database) -> None:
    async with chromium.visit(server.url) as visitor:
        page = await visitor.open("/")
        await expect(page.get_by_role("link", name="Log in")).to_be_visible()
        await expect(page.get_by_text("Create a poll")).to_have_count(0)
        await page.get_by_role("link", name="Log in").click()
        await expect(page.get_by_text("Accounts are by invitation here.")).to_be_visible()
        await expect(page.get_by_role("button", name="Create an account")).to_have_count(0)
        await axe(page)
        poll = await poll_for_accounts(database, server.url)
        await page.goto(f"{server.url}/vote/{poll}")
        await expect(page.get_by_text("Accounts are by invitation here.")).to_be_visible()


async def poll_for_accounts(database: Database, url: str) -> str:
    """The code of a poll that takes an account."""
    await account(database, "olga")
    async with httpx.AsyncClient(base_url=url) as http:
        pair = (await http.post("/auth/token/", json={"username": "olga", "password": PASSWORD})).json()
        body = {"question": "Us?", "options": [{"option_text": "a"}, {"option_text": "b"}], "allow_guests": False}
        answer = await http.post("/polls/", json=body, headers={"Authorization": f"Bearer {pair['access']}"})
        return str(answer.json()["code"])


@SLOW
async def test_an_administrator_invites_somebody(chromium: Chromium, server: Server, database: Database) -> None:
    await account(database, "boss", admin=True)
    async with logged_in(chromium, server.url, "boss", allowed=[REFUSED], viewport=(320, 800)) as (page, _):
        await page.get_by_role("button", name="Account: boss").click()
        await page.get_by_role("link", name="Accounts").click()
        await expect(page.get_by_role("heading", level=1, name="Accounts")).to_be_focused()
        await page.get_by_role("button", name="Invite someone").press("Enter")
        name = page.get_by_label("Username")
        for typed, said in (("", "Must have 1 to 150 characters."), ("BOSS", "This username is taken.")):
            await name.fill(typed)
            await page.keyboard.press("Enter")
            await expect(page.get_by_text(said)).to_be_visible()
        await axe(page)
        await name.fill("eve")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Link for eve")).to_be_focused()
        await expect(page.get_by_role("listitem").filter(has_text="eve").get_by_text("Invited")).to_be_visible()
        await axe(page)
        assert await page.evaluate(BEYOND) == []
        link = await page.locator(".address a").get_attribute("href")
        assert link is not None and link.startswith(f"{server.url}/host#/invitation/")
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("button", name="Invite someone")).to_be_focused()


async def invited(database: Database, name: str) -> str:
    """The token of an invitation."""
    token, digest = new_refresh()
    await invitations.invite(database, name, None, digest, 3600, admin=False, by="cli")
    return token


async def test_an_invitation_leads_to_a_login_once(chromium: Chromium, server: Server, database: Database) -> None:
    link = f"#/invitation/{await invited(database, 'gus')}"
    async with chromium.visit(server.url, allowed=[REFUSED], viewport=(320, 800)) as visitor:
        page = await visitor.open(f"/host{link}")
        await expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
        await expect(page.get_by_label("Username")).to_have_value("gus")
        assert page.url == f"{server.url}/host#/"
        await axe(page)
        await page.get_by_label("New password").fill("password")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("This password is too common.")).to_be_visible()
        await page.get_by_label("New password").fill(NEW)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Your polls")).to_be_visible()
        await expect(page.get_by_role("link", name="Accounts")).to_have_count(0)
        await page.evaluate("location.hash = '#/accounts'")  # which are not for everybody
        await expect(page.get_by_role("heading", level=1, name="Your polls")).to_be_visible()
        await page.evaluate("(hash) => { location.hash = hash }", link)
        await expect(page.get_by_role("heading", name="This link is not valid")).to_be_visible()
        assert "invitation" not in page.url
        await page.get_by_role("button", name="Log in").click()  # the login of this tab goes on
        await expect(page.get_by_role("heading", name="Your polls")).to_be_visible()


@SLOW
async def test_an_administrator_changes_accounts(chromium: Chromium, server: Server, database: Database) -> None:
    await account(database, "chief", admin=True)
    await account(database, "ann")
    await account(database, "bob")
    async with logged_in(chromium, server.url, "chief", allowed=[REFUSED], locale="en-GB") as (page, _):
        await page.evaluate("location.hash = '#/accounts'")
        await page.get_by_label("Search by name or email").fill("ann@")
        await expect(page.get_by_text("1 account", exact=True)).to_be_visible()
        for act, confirm, said in (
            ("Make administrator… ann", "Make administrator", "ann is now an administrator."),
            ("Remove administrator role… ann", "Remove role", "ann is no longer an administrator."),
            ("Disable… ann", "Disable", "ann is disabled."),
            ("Enable ann", None, "ann is enabled again."),
        ):
            await page.get_by_role("button", name=act, exact=True).click()
            if confirm:
                await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
                await page.get_by_role("dialog").get_by_role("button", name=confirm).click()
            await expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        await page.get_by_role("button", name="Reset password… ann").click()
        await page.get_by_role("dialog").get_by_role("button", name="Create link").click()
        await expect(page.get_by_role("heading", name="Link for ann")).to_be_focused()
        await page.get_by_role("button", name="Done").click()
        await page.get_by_role("button", name="Delete… ann").click()
        await axe(page)
        await page.get_by_role("dialog").get_by_role("button", name="Delete account").click()
        await expect(page.get_by_text("ann has been deleted.")).to_be_visible()
        await expect(page.get_by_text("No accounts match your search.")).to_be_visible()
        await page.get_by_label("Search by name or email").fill("")
        await page.get_by_label("Role").select_option("Administrators")
        await expect(page.get_by_role("heading", level=2, name="bob")).to_have_count(0)
        if boss := await accounts.by_name(database, "boss"):
            await account_changes.change(database, boss.id, disabled=True, by="cli")
        await page.get_by_role("button", name="Disable… chief", exact=True).click()
        await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        await expect(page.get_by_text("This is the only administrator who can log in.")).to_be_visible()


@SLOW
async def test_people_delete_their_own_account(chromium: Chromium, server: Server, database: Database) -> None:
    await account(database, "dan")
    heir = await account(database, "fay")
    async with httpx.AsyncClient(base_url=server.url) as http:
        pair = (await http.post("/auth/token/", json={"username": "dan", "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        body = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
        poll = (await http.post("/polls/", json=body)).json()["id"]
        pair = (await http.post("/auth/token/", json={"username": "fay", "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        async with logged_in(chromium, server.url, "dan", allowed=[REFUSED], locale="de-DE") as (page, _):
            await page.evaluate("location.hash = '#/account'")
            submit = page.get_by_role("button", name="Konto löschen …")
            await submit.click()
            await expect(page.get_by_text("Geben Sie Ihr Passwort ein.")).to_be_visible()
            for password, to, said in (
                ("wrong", "", "Das ist nicht Ihr aktuelles Passwort."),
                (PASSWORD, "nobody", "Ein Konto mit diesem Namen gibt es nicht."),
                (PASSWORD, "dan", "Muss ein anderes Konto sein."),
            ):
                await page.locator("#leave").fill(password)
                await page.locator("#leave-to").fill(to)
                await submit.click()
                await page.get_by_role("dialog").get_by_role("button", name="Konto löschen").click()
                await expect(page.get_by_text(said)).to_be_visible()
            await axe(page)
            await page.locator("#leave-to").fill("fay")
            await submit.click()
            await expect(page.get_by_text("Ihre Umfragen gehen an fay.")).to_be_visible()
            await page.get_by_role("dialog").get_by_role("button", name="Konto löschen").click()
            await expect(page.get_by_text("Ihr Konto wurde gelöscht.")).to_be_visible()
            assert await page.evaluate("sessionStorage.length") == 0
            await log_in(page, "dan")
            await expect(page.get_by_text(re.compile("falsch"))).to_be_visible()
        assert (await http.get(f"/polls/{poll}/")).json()["created_by"] == heir


@SLOW
async def test_an_administrator_makes_renames_and_deletes_categories(
    chromium: Chromium, server: Server, database: Database
) -> None:
    await account(database, "carla", admin=True)
    async with logged_in(chromium, server.url, "carla", allowed=[REFUSED], viewport=(360, 740)) as (page, _):
        await page.get_by_role("button", name="Account: carla").click()
        await page.get_by_role("link", name="Categories").click()
        for typed, said in (("<b>Town</b>", "<b>Town</b> has been added."), ("Sport", "Sport has been added.")):
            await page.get_by_label("New category").fill(typed)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        await page.get_by_role("button", name="Rename Sport").click()
        await expect(page.get_by_label("New name")).to_be_focused()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("<B>town</B>")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("There is already a category with this name.")).to_be_visible()
        await axe(page)
        await page.get_by_label("New name").fill("Sports")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Rename Sports")).to_be_focused()
        await page.get_by_role("button", name="Delete… Sports").click()
        await page.get_by_role("button", name="Delete permanently").click()
        await expect(page.get_by_role("status").filter(has_text="Sports has been deleted.")).to_be_visible()
        await page.goto(f"{server.url}/host#/new")
        await page.locator("summary").filter(has_text=re.compile("^Look")).click()
        await page.get_by_label("Category").select_option("<b>Town</b>")
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")  # where the bar for saving covers nothing
        await axe(page)


@SLOW
async def test_a_co_host_who_has_no_account_is_invited_by_name(
    chromium: Chromium, server: Server, database: Database
) -> None:
    await account(database, "mona", admin=True)
    unknown = "<img src=x onerror=alert(1)> & #?%"
    async with logged_in(chromium, server.url, "mona", allowed=[REFUSED]) as (page, _):
        await page.goto(f"{server.url}/host#/events/new")
        await page.get_by_label("What is the event called?").fill("Show")
        await page.keyboard.press("Enter")
        await page.get_by_label("Add a co-host by username").fill(unknown)
        await page.keyboard.press("Enter")
        await axe(page)
        await page.get_by_role("link", name=f"Invite {unknown}").click()
        await expect(page.get_by_role("textbox", name="Username")).to_be_focused()
        await expect(page.get_by_role("textbox", name="Username")).to_have_value(unknown)
        await page.get_by_role("button", name="Create link").click()
        await expect(page.get_by_role("heading", name=f"Link for {unknown}")).to_be_focused()
