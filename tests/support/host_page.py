"""The page `/host` for tests: a host for each test, what others do meanwhile, and the way to each view."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.support.browser import Chromium, Visitor
from tests.support.served import Server, serving

PASSWORD = "a horse that is correct"

REFUSED = r"Failed to load resource: the server responded with a status of 4\d\d"
"""What the browser complains of where the server refuses."""


LOST = r"ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|WebSocket connection"
"""What it complains of without a connection."""


@dataclass
class Host:
    """An account with its page, logged in, and the same account by HTTP."""

    name: str
    page: Page
    visitor: Visitor
    http: httpx.AsyncClient

    async def make(self, question: str = "Tea?", *options: str, **more: object) -> dict[str, Any]:
        """A poll of this host, made by HTTP."""
        texts = [{"option_text": text} for text in options or ("Yes", "No")]
        answer = await self.http.post("/polls/", json={"question": question, "options": texts, **more})
        assert answer.status_code == 201, answer.text
        poll: dict[str, Any] = answer.json()
        return poll

    async def poll(self, id_: int) -> dict[str, Any]:
        """A poll as it is now."""
        found: dict[str, Any] = (await self.http.get(f"/polls/{id_}/")).json()
        return found

    async def goto(self, route: str, heading: str) -> None:
        """Go to `#/…` and wait for its heading, and for the focus: there, or on the question of a new poll."""
        await self.page.evaluate("(route) => { location.hash = route }", route)
        await expect(self.heading(heading)).to_be_visible()
        await expect(self.page.locator("h1:focus, #question:focus")).to_be_attached()

    async def unfold(self, *names: str) -> None:
        """Open settings of the form that are folded away."""
        for name in names:
            await self.page.locator("summary").filter(has_text=re.compile(f"^{name}")).click()

    def state(self, name: str) -> Locator:
        """The tab of the list that shows polls in this state."""
        return self.page.get_by_role("group", name="Status").get_by_role("button", name=name)

    async def menu(self, name: str) -> None:
        """Open the menu of the account, and follow a link of it."""
        await self.page.get_by_role("button", name="Account: ").click()
        await self.page.get_by_role("link", name=name, exact=True).click()

    def heading(self, text: str) -> Locator:
        """The heading of a view."""
        return self.page.get_by_role("heading", level=1, name=text)

    def button(self, name: str) -> Locator:
        """A button of the page, or of the dialog that is open."""
        return self.page.get_by_role("button", name=name, exact=True)

    def row(self, option: str) -> Locator:
        """An option's row of results."""
        return self.page.get_by_role("row").filter(has_text=option)

    def status(self, text: str) -> Locator:
        """What a live region says."""
        return self.page.get_by_role("status").filter(has_text=text)


async def guest_votes(url: str, code: str, *options: int) -> str:
    """Vote for `options` as a new guest; returns its token."""
    async with httpx.AsyncClient(base_url=url) as http:
        guest = (await http.post("/auth/guest/", json={"code": code})).json()
        token = str(guest["access"])
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.post(f"/polls/{guest['poll']}/vote/", json={"options": options}, headers=headers)
        assert answer.status_code == 201, answer.text
        return token


async def new_account(http: httpx.AsyncClient) -> str:
    """Create an account with `PASSWORD`; returns its name."""
    name = f"host-{uuid4().hex[:8]}"
    answer = await http.post("/auth/register/", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return name


async def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the login form and send it, in English or German."""
    await page.locator("[name=username]").fill(name)
    await page.locator("[name=password]").fill(password)
    await page.locator("form.login").get_by_role("button").click()


# The login of a tab, as client.js keeps it; a page that has another one already keeps that.
_LOGIN = "if (location.protocol === 'http:' && !sessionStorage.length) sessionStorage.setItem(...{item})"


@asynccontextmanager
async def hosting(chromium: Chromium, url: str, **options: Any) -> AsyncIterator[Host]:
    """A new host, logged in already, at the list of polls. (The login form has its own tests.)"""
    async with httpx.AsyncClient(base_url=url) as http, chromium.visit(url, **options) as visitor:
        name = await new_account(http)
        pair = (await http.post("/auth/token/", json={"username": name, "password": PASSWORD})).json()
        http.headers["Authorization"] = f"Bearer {pair['access']}"
        held = {**pair, "until": (time.time() + pair["expires_in"]) * 1000}
        item = json.dumps([f"nexus:login:{url}", json.dumps(held)])
        await visitor.context.add_init_script(_LOGIN.format(item=item))
        page = await visitor.open("/host")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        yield Host(name, page, visitor, http)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for all tests of a module."""
    async with serving(tmp_path_factory.mktemp("host"), module_database_url) as started:
        yield started


@pytest.fixture
def home(server: Server) -> str:
    """Where it is."""
    return server.url


async def poll_id(page: Page) -> int:
    """The poll that the page shows."""
    await page.wait_for_url(re.compile(r"#/poll/\d+$"))
    return int(page.url.rsplit("/", 1)[1])
