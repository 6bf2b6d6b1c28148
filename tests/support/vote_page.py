"""The audience's page in a browser: a server and its polls, what the page says, and sockets that can be held up."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from nexus.http.framework.static import WEB
from tests.support.audience import Audience, audience_of
from tests.support.audience_acts import vote
from tests.support.browser import Chromium, Visitor, axe, picture
from tests.support.counts_told import tells_counts
from tests.support.served import Server, serving
from tests.support.thorough import THOROUGH
from tests.support.values import Json

WAIT_MS = 40_000
"""For what must come: generous, as the machine may be busy."""
PHONE = (360, 740)
LARGE = ((1280, 720), (3840, 2160))
NO_POLL = r"status of 404.*/vote/"
"""What browsers say of a page whose poll does not exist."""
HOSTILE: tuple[str, ...] = (
    '<img src="x" onerror="window.ran = 1">',
    "<script>window.ran = 2</script>",
    '"><svg onload="window.ran = 3">',
    "</script><script>window.ran = 4</script><!--<script>",
    "{n} {reason} {{question}} $& &lt;b&gt; ${window.ran = 5}",
    "' autofocus onfocus='window.ran = 6' x='",
)
"""Texts that would run, or break the page, if they were ever treated as more than text."""
HOURS_AHEAD = "{ const now = Date.now; Date.now = () => now() + 5 * 3_600_000; }"
"""Sets a browser's clock wrong."""
SECTIONS = ("shared", "enter", "code", "error", "login", "vote")
"""The words of the pages that an audience sees."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark") if THOROUGH else ("dark",)
WORDS: dict[str, Json] = {name: json.loads((WEB / "words" / f"{name}.json").read_text()) for name in ("en", "de")}
ROOM: dict[str, Any] = {
    "NEXUS_VOTES_BURST": "100000",
    "NEXUS_WRONG_CODES_PER_MINUTE": "1000",
    "NEXUS_WRONG_CODES_PER_ADDRESS": "1000",
}
"""All tests come from one address: none may use up the limits of the next."""


def after(seconds: float) -> str:
    """The time this many seconds from now, in the format of polls."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def said(name: str, language: str = "en", **values: object) -> str:
    """The sentence of this name, such as `vote.recorded`, as a page of this language says it."""
    section, _, key = name.partition(".")
    found = WORDS[language][section][key]
    text: str = found if isinstance(found, str) else found["one" if values["n"] == 1 else "other"]
    return text.format(**values)


def _english() -> set[str]:
    """The texts of English sentences between their placeholders, without two words that are German too."""
    whole = [text for name in SECTIONS for text in WORDS["en"][name].values()]
    forms = [form for text in whole for form in ([text] if isinstance(text, str) else text.values())]
    pieces = {piece.strip(" :.…–") for form in forms for piece in re.split(r"\{\w+\}", form)}
    return {piece for piece in pieces if len(piece) > 3} - {"Code", "Nexus"}


class Wire:
    """All sockets of a page: what the page sent, and the answers to its acts, which can be held back."""

    def __init__(self) -> None:
        self.holding = False
        """Whether answers to acts are held back."""
        self.losing = False
        """Whether acts do not reach the server."""
        self.acts: list[Json] = []
        self.heard: list[str] = []
        self._held: list[tuple[WebSocketRoute, str]] = []

    async def on(self, page: Page) -> Wire:
        """Start to intercept the sockets of `page`, which must not be loaded yet."""
        await page.route_web_socket(re.compile("/ws$"), self._route)
        return self

    def let_go(self) -> None:
        """Pass on what was held, and hold nothing more."""
        self.holding = False
        for socket, message in self._held:
            socket.send(message)
        self._held.clear()

    def _route(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def up(message: str | bytes) -> None:
            read = json.loads(message)
            if read["type"] in ("vote", "retract"):
                self.acts.append(read)
                if self.losing:
                    return
            server.send(message)

        def down(message: str | bytes) -> None:
            text = str(message)
            self.heard.append(text)
            if self.holding and json.loads(text)["type"] in ("ack", "reject", "retry"):
                self._held.append((socket, text))
            else:
                socket.send(text)

        socket.on_message(up)
        server.on_message(down)


class Paper:
    """The audience's page of a poll."""

    def __init__(self, page: Page, language: str = "en") -> None:
        self.page = page
        self.language = language

    def option(self, text: str) -> Locator:
        """The line of an option."""
        return self.page.locator("#results > .option").filter(has=self.page.get_by_text(text, exact=True))

    async def tap(self, text: str) -> None:
        """Tap an option as soon as it can be chosen."""
        await self.option(text).locator("button.choice").click()

    async def press(self, name: str) -> None:
        """Tap the button with this label, even if it is marked as disabled."""
        await self.page.get_by_role("button", name=said(name, self.language), exact=True).click(force=True)

    async def says(self, name: str, **values: object) -> None:
        """Returns once the page says how things stand with the sentence of this name."""
        text = said(name, self.language, **values)
        await expect(self.page.locator("#said")).to_have_text(text, timeout=WAIT_MS)

    async def complains(self, name: str, **values: object) -> None:
        """Returns once the page says what is wrong with the sentence of this name."""
        text = said(name, self.language, **values)
        await expect(self.page.locator("#trouble")).to_have_text(text, timeout=WAIT_MS)
        await expect(self.page.get_by_role("alert").filter(has_text=text)).to_be_visible()

    async def lists(self, *texts: str) -> None:
        """Returns once the page lists these options, in this order."""
        await expect(self.page.locator("#results .text")).to_have_text(list(texts), timeout=WAIT_MS)

    async def stands(self, *texts: str) -> None:
        """Returns once the page marks these options, and no others, as voted for."""
        standing = self.page.locator('#results [data-state="standing"] .text')
        await expect(standing).to_have_text(list(texts), timeout=WAIT_MS)

    async def shows(self, *counts: int) -> None:
        """Returns once the page visibly shows these counts."""
        await expect(self.page.locator("#results .count")).to_have_text([str(n) for n in counts], timeout=WAIT_MS)
        for place, count in enumerate(counts):
            line = self.page.locator("#results > .option").nth(place)
            await expect(line).to_have_attribute("data-count", str(count), timeout=WAIT_MS)
            await expect(line.locator(".count")).to_be_visible()

    async def can_choose(self, whether: bool) -> None:
        """Returns once the page offers options as buttons, or offers none."""
        buttons = self.page.locator("#results button.choice")
        await (expect(buttons).not_to_have_count(0) if whether else expect(buttons).to_have_count(0, timeout=WAIT_MS))

    async def hides_all(self) -> None:
        """Fails if the page or its data contains a count or share of its three options, visible or not."""
        inside = await self.page.content()
        assert not tells_counts(inside) and "data-count" not in inside
        assert await self.page.locator("#results .figures").all_text_contents() == [" "] * 3
        parts = "(all) => all.map((one) => [getComputedStyle(one).visibility, one.style.getPropertyValue('--part')])"
        assert await self.page.locator("#results .track").evaluate_all(parts) == [["hidden", "0"]] * 3

    async def moves(self) -> bool:
        """Whether anything in the page is animated, or would be."""
        styles = "[...document.querySelectorAll('*')].map((one) => getComputedStyle(one))"
        still = "({ transitionDuration, animationName }) => transitionDuration === '0s' && animationName === 'none'"
        return not await self.page.evaluate(f"{styles}.every({still})")

    async def focused(self) -> str:
        """What has the focus: the text or id of an element, or `body`."""
        name = "(one) => one === document.body ? 'body' : one.querySelector('.text')?.textContent ?? one.id"
        focused: str = await self.page.evaluate(f"({name})(document.activeElement)")
        return focused

    async def until_focused(self, name: str) -> None:
        """Returns once `focused` is `name`."""
        async with asyncio.timeout(WAIT_MS / 1000):
            while await self.focused() != name:  # noqa: ASYNC110 - the page tells nobody
                await asyncio.sleep(0.02)


@dataclass
class Booth:
    """A server with its host, and a browser for its audience."""

    chromium: Chromium
    audience: Audience
    names: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    @property
    def server(self) -> Server:
        """Where it all is."""
        return self.audience.server

    async def poll(self, *texts: str, crowd: Sequence[int] = (), lasts_s: float = 0, **fields: object) -> Json:
        """A new poll with the options `texts`; `crowd` says how many votes the first ones have."""
        fields |= {"expires_at": after(lasts_s)} if lasts_s else {}
        poll = await self.audience.host.poll(*texts, **fields)
        places = [place for place, count in enumerate(crowd) for _ in range(count)]
        await asyncio.gather(*(self.audience.voter(n).act(vote(poll, place)) for n, place in enumerate(places)))
        return poll

    async def host(self, poll: Json, act: str) -> Json:
        """Let the host `open`, `close` or `reset` a poll."""
        return await self.audience.host.post(f"/polls/{poll['id']}/{act}/")

    async def counted(self, poll: Json) -> tuple[int, list[int]]:
        """The voters of a poll, and the votes of its options."""
        results = await self.audience.host.get(f"/polls/{poll['id']}/results/")
        return results["voters"], [option["votes_count"] for option in results["options"]]

    async def until_counted(self, poll: Json, *counts: int) -> None:
        """Returns once the options have these counts; fails if they never do."""
        async with asyncio.timeout(WAIT_MS / 1000):
            while (await self.counted(poll))[1] != list(counts):  # noqa: ASYNC110 - the server is asked
                await asyncio.sleep(0.02)

    def visit(self, **options: Any) -> AbstractAsyncContextManager[Visitor]:
        """A phone with its own storage."""
        return self.chromium.visit(self.server.url, **{"viewport": PHONE, **options})

    async def paper(self, visitor: Visitor, poll: Json, language: str = "en") -> Paper:
        """The page of a poll, loaded."""
        return Paper(await visitor.open(f"/vote/{poll['code']}"), language)

    async def wired(self, visitor: Visitor, poll: Json) -> tuple[Paper, Wire]:
        """The same, with its sockets intercepted."""
        page = await visitor.context.new_page()
        wire = await Wire().on(page)
        await page.goto(f"{self.server.url}/vote/{poll['code']}")
        return Paper(page), wire

    @asynccontextmanager
    async def seat(self, poll: Json, *allowed: str) -> AsyncIterator[tuple[Paper, Wire]]:
        """The page of a poll on a new phone, with its sockets intercepted; see `Chromium.visit`."""
        async with self.visit(allowed=allowed) as visitor:
            yield await self.wired(visitor, poll)


async def examine(page: Page, name: str, *, large: bool = False) -> None:
    """Check the page with axe; in CI in light mode too, with pictures as `name`, if `large` those of large screens."""
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await axe(page)
        for width, height in (*LARGE, PHONE) if large and THOROUGH and scheme == "light" else (PHONE,):
            await page.set_viewport_size({"width": width, "height": height})
            if THOROUGH:
                await picture(page, f"{name}-{width}-{scheme}")
    await page.emulate_media(color_scheme="light")


async def is_german(page: Page) -> None:
    """Fails if an English sentence is left in a page, visible or not."""
    assert await page.locator("html").get_attribute("lang") == "de"
    labels = "[...document.querySelectorAll('[aria-label]')].map((one) => one.ariaLabel)"
    told = f"[document.title, document.querySelector('main').textContent, ...{labels}]"
    words = "\n".join(await page.evaluate(told))
    assert not [piece for piece in _english() if re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", words)], words


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for all tests of a module."""
    async with serving(tmp_path_factory.mktemp("server"), module_database_url, **ROOM) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def booth(chromium: Chromium, server: Server) -> AsyncIterator[Booth]:
    """This test's visit to `server`."""
    async with audience_of(server) as audience:
        yield Booth(chromium, audience)
