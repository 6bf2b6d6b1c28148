"""The presenter's page for tests: a server and a host's account that a module shares, and what the stage shows.

A module imports the fixtures it needs: `venue`, with `account` and `live_server` below it.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.support.audience import Audience, Device, audience_of
from tests.support.audience_acts import vote
from tests.support.browser import FINISH, Chromium, Visitor, axe, picture
from tests.support.served import Server, serving
from tests.support.thorough import THOROUGH
from tests.support.values import Json

PASSWORD = "four words in line"
TOUCH_MS = 60_000
"""For a page to notice that a connection is gone, or to be back."""
CUT_OFF = (
    r"WebSocket connection to .* failed",
    r"ERR_(CONNECTION_|INTERNET_DISCONNECTED|EMPTY_RESPONSE|CONTENT_LENGTH)",
)
"""What a browser says of a connection that a test cuts."""

PUBLIC = "https://votes.example:8443"
"""The address by which an audience would reach the server."""

KEEP_PLACES = """
const seen = JSON.parse(sessionStorage.getItem("seen") ?? "[]");
new MutationObserver(() => {
  const list = document.querySelector("#results[data-version]");
  if (!list) return;
  const counts = [...list.children].map((item) => Number(item.dataset.count ?? -1));
  const state = [Number(list.dataset.epoch), Number(list.dataset.version), counts];
  if (JSON.stringify(seen.at(-1)) === JSON.stringify(state)) return;
  seen.push(state);
  sessionStorage.setItem("seen", JSON.stringify(seen));
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
"""Records every epoch and version that the stage shows, with its counts; reloads add to the list."""


CONTRAST = """() => axe.run(document, { runOnly: ["color-contrast", "link-in-text-block"] })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`)))"""
"""The rules of axe that depend on the colour scheme."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live_server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(
        tmp_path_factory.mktemp("live"), module_database_url, NEXUS_VOTES_BURST="100000", NEXUS_PUBLIC_URL=PUBLIC
    ) as server:
        yield server


@dataclass(frozen=True)
class HostAccount:
    """The account of a registered user, who hosts the polls."""

    id: int
    name: str

    def at(self, audience: Audience) -> Device:
        """Their device."""
        return audience.device(f"user:{self.id}", "user")


async def register(server: Server, name: str) -> HostAccount:
    """A new account, whose password is `PASSWORD`."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        made = await client.post("/auth/register/", json={"username": name, "password": PASSWORD})
    return HostAccount(made.raise_for_status().json()["id"], name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def account(live_server: Server) -> HostAccount:
    """Who makes the polls of a module."""
    return await register(live_server, "gastgeber")


@dataclass(frozen=True)
class Venue:
    """What a test finds: a browser, a server, its host and an audience."""

    chromium: Chromium
    server: Server
    account: HostAccount
    audience: Audience

    @property
    def host(self) -> Device:
        """The host's own device."""
        return self.account.at(self.audience)

    def visit(self, **options: Any) -> AbstractAsyncContextManager[Visitor]:
        """A browser's visit; see `Chromium.visit`."""
        return self.chromium.visit(self.server.url, **options)

    async def ballots(self, poll: Json, *choices: int, first: int = 1) -> None:
        """Cast one vote each for `choices`, places of options, by voters numbered from `first` on."""
        for n, choice in enumerate(choices, first):
            await self.audience.voter(n).act(vote(poll, choice))

    async def page(self, visitor: Visitor, path: str, *, login: bool = False, clock: bool = False) -> Page:
        """A new page at `path`, in a tab where the host is logged in if so asked; it keeps every place that it shows.
        With `clock` the test can wind its clock on."""
        page = await visitor.context.new_page()
        if login:
            kept = {"access": self.host.token, "refresh": "none", "until": (time.time() + 3600) * 1000}
            words = json.dumps([f"nexus:login:{self.server.url}", json.dumps(kept)])
            await page.add_init_script(f"sessionStorage.setItem(...{words})")
        if clock:
            await page.clock.install()
        await page.add_init_script(KEEP_PLACES)
        await page.goto(self.server.url + path)
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def venue(chromium: Chromium, live_server: Server, account: HostAccount) -> AsyncIterator[Venue]:
    """This test's visit to the module's server."""
    async with audience_of(live_server) as audience:
        yield Venue(chromium, live_server, account, audience)


def live(poll: Json) -> str:
    """The path of a poll's page."""
    return f"/live/{poll['code']}"


async def screen_path(device: Device, poll: Json) -> str:
    """The path of a new link for a screen, with its token in the fragment."""
    url: str = (await device.post(f"/polls/{poll['id']}/screen/"))["url"]
    assert "#token=" in url and "?" not in url
    return url[url.index("/live/") :]


async def in_touch(page: Page) -> None:
    """Returns once the page is connected and shows no message about the connection."""
    await expect(page.locator("body[data-touch=good]")).to_be_attached(timeout=TOUCH_MS)
    await expect(page.locator("#link")).to_be_hidden()


async def out_of_touch(page: Page) -> None:
    """Returns once the page says since when it has no connection, and that it is reconnecting."""
    await expect(page.locator("body[data-touch=lost]")).to_be_attached(timeout=TOUCH_MS)
    await expect(page.locator("#link")).to_contain_text("No connection since")
    await expect(page.locator("#link")).to_be_visible()


def act(page: Page, name: str) -> Locator:
    """A button among the controls."""
    return page.locator(f"[data-act={name}]")


async def offers(page: Page, name: str, *, whether: bool = True) -> None:
    """Returns once a button is among the controls, or is not; they all go unseen while nobody uses them."""
    await expect(act(page, name)).to_have_js_property("hidden", not whether)


async def press(page: Page, name: str) -> None:
    """Click a button as a presenter does: the mouse that comes brings back buttons that went unused."""
    await act(page, name).click(force=True)


async def shows(page: Page, *counts: int | None) -> None:
    """Returns once the stage shows these counts, in the order of the options; None is a hidden count."""
    bars = page.locator("#results .bar")
    await expect(bars).to_have_count(len(counts))
    for n, count in enumerate(counts):
        if count is None:
            await expect(bars.nth(n).locator(".figures")).to_be_hidden(timeout=TOUCH_MS)
            assert await bars.nth(n).get_attribute("data-count") is None
        else:
            await expect(bars.nth(n)).to_have_attribute("data-count", str(count), timeout=TOUCH_MS)
            await expect(bars.nth(n).locator(".count")).to_have_text(str(count))


async def places(page: Page) -> list[list[Any]]:
    """Every `[epoch, version, counts]` that the stage has shown in this tab, in that order."""
    kept: list[list[Any]] = await page.evaluate("JSON.parse(sessionStorage.getItem('seen'))")
    return kept


def never_back(seen: list[list[Any]]) -> None:
    """Fails if an older epoch or version was shown after a newer one."""
    back = [(one, later) for one, later in itertools.pairwise(seen) if later[:2] < one[:2]]
    assert not back, back


async def accessible(page: Page, name: str = "") -> None:
    """Fails if axe finds anything in light mode, or anything about colours in dark mode.

    Keeps a picture of each in CI, if it has a name: `live-NAME-WIDTH-light` and `-dark`.
    """
    await axe(page)
    width = page.viewport_size and page.viewport_size["width"]
    if name and THOROUGH:
        await picture(page, f"live-{name}-{width}-light")
    await page.emulate_media(color_scheme="dark")
    await page.evaluate(FINISH)
    found = await page.evaluate(CONTRAST)
    assert not found, found
    if name and THOROUGH:
        await picture(page, f"live-{name}-{width}-dark")
    await page.emulate_media(color_scheme="light")


async def painted(page: Page) -> None:
    """Returns once the page has had time to fit: it notices a change in one frame and fits in the next."""
    frame = "await new Promise(requestAnimationFrame)"
    await page.evaluate(f"async () => {{ {frame}; {frame}; {frame}; }}")


async def held_back(page: Page) -> None:
    """Returns once the stage says that the results are hidden, and contains no counts."""
    await expect(page.locator("#veil")).to_have_text("Results are hidden")
    await shows(page, None, None, None)
    assert await page.locator("[data-count]").count() == 0
    assert await page.locator("#results .fill:not([data-none])").count() == 0
