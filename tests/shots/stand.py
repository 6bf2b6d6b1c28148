"""Where pictures are taken: a server with a host, polls that are made once for all, and visits in a browser."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Page, expect

from nexus.access.passwords import Passwords
from nexus.store import accounts
from nexus.store.database import Database
from tests.shots.texts import TEXTS, Texts
from tests.support.audience import Audience, audience_of
from tests.support.audience_acts import vote
from tests.support.browser import Chromium, Visitor
from tests.support.live_page import PASSWORD, TOUCH_MS
from tests.support.served import Server
from tests.support.values import Json

HOST = "mara"
ADMIN = "admin"
OTHERS = ("ines", "jonas", "a.name.that.is.as.long.as.names.of.people.sometimes.are", "yusuf")
LOCALES = {"en": "en-US"}
"""The browser's locale for a language, where it is not the language itself."""
SETTINGS: dict[str, Any] = {
    "NEXUS_PUBLIC_URL": "https://vote.example.org",
    "NEXUS_VOTES_BURST": "100000",
    "NEXUS_WRONG_CODES_PER_MINUTE": "10000",
    "NEXUS_WRONG_CODES_PER_ADDRESS": "10000",
    "NEXUS_GUESTS_PER_MINUTE": "100000",
}
"""The address that phones would see, and room for everybody: all visits come from one address."""
SHARES = (34, 21, 13, 8, 5, 3, 2)
"""The votes of the first options of a poll."""


@dataclass
class Stand:
    """A server and who hosts there. Polls are made once for each language, by their name."""

    server: Server
    chromium: Chromium
    audience: Audience
    host: httpx.AsyncClient
    pair: Json
    admin: Json
    polls: dict[tuple[str, str], Json] = field(default_factory=dict)

    async def poll(self, name: str, language: str, options: Sequence[str], votes: Sequence[int], **fields: Any) -> Json:
        """The poll called `name` in a language, made where there is none yet; `votes` of its options, while open."""
        found = self.polls.get((name, language))
        if found is None:
            body = {"question": TEXTS[language].question, "options": [{"option_text": text} for text in options]}
            answer = await self.host.post("/polls/", json=body | fields)
            assert answer.status_code == 201, answer.text
            found = self.polls[name, language] = answer.json()
            await self.cast(found, votes)
        return found

    async def cast(self, poll: Json, votes: Sequence[int]) -> None:
        """So many votes for each option, each of another voter."""
        places = [place for place, count in enumerate(votes) for _ in range(count)]
        await asyncio.gather(*(self.audience.voter(n).act(vote(poll, place)) for n, place in enumerate(places)))

    async def act(self, poll: Json, path: str, body: object = None) -> Json:
        """A call of the host's about a poll."""
        answer = await self.host.post(f"/polls/{poll['id']}/{path}/", json=body)
        assert answer.is_success, answer.text
        done: Json = answer.json()
        return done


@dataclass
class Visit:
    """One look at a state: a new page of a browser that has never been here, and what stands on the server."""

    stand: Stand
    visitor: Visitor
    page: Page
    language: str

    @property
    def texts(self) -> Texts:
        """What the polls say."""
        return TEXTS[self.language]

    async def poll(self, name: str, options: int = 5, votes: Sequence[int] = SHARES, **fields: Any) -> Json:
        """A poll with so many options; see `Stand.poll`."""
        texts = self.texts.some(options)
        given = list(votes[:options]) + [1 + n % 5 for n in range(min(options - len(votes), 40))] * bool(votes)
        return await self.stand.poll(name, self.language, texts, given, **fields)

    async def go(self, path: str, ready: str = "") -> None:
        """Load a path of the server, and wait until `ready`, a selector, is there to see."""
        await self.page.goto(self.stand.server.url + path)
        if ready:
            await expect(self.page.locator(ready).first).to_be_visible(timeout=TOUCH_MS)

    async def enter(self, path: str) -> None:
        """Load the page of a poll, and wait until it is connected."""
        await self.go(path)
        await expect(self.page.locator("body[data-touch=good]")).to_be_attached(timeout=TOUCH_MS)

    async def log_in(self, pair: Json | None = None) -> None:
        """The tab is logged in as the host from the next page on."""
        given = pair or self.stand.pair
        kept = {**given, "until": (time.time() + given["expires_in"]) * 1000}
        item = json.dumps([f"nexus:login:{self.stand.server.url}", json.dumps(kept)])
        mine = "location.protocol === 'http:' && !sessionStorage.length"
        await self.page.add_init_script(f"if ({mine}) sessionStorage.setItem(...{item})")

    async def settled(self) -> None:
        """Returns once what was begun has been painted."""
        frame = "await new Promise(requestAnimationFrame)"
        await self.page.evaluate(f"async () => {{ await document.fonts.ready; {frame}; {frame}; {frame}; }}")


Arrange = Callable[[Visit], Any]
"""Brings the page of a visit into a state."""


@dataclass(frozen=True)
class State:
    """A screen in one of its states."""

    screen: str
    name: str
    arrange: Arrange
    sample: bool = False
    """Whether it stands for the others where there is no time for all."""


STATES: list[State] = []


def state(screen: str, name: str, *, sample: bool = False) -> Callable[[Arrange], Arrange]:
    """The function brings a page into this state of a screen."""

    def add(arrange: Arrange) -> Arrange:
        STATES.append(State(screen, name, arrange, sample))
        return arrange

    return add


async def _login(http: httpx.AsyncClient, name: str) -> Json:
    answer = await http.post("/auth/token/", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    pair: Json = answer.json()
    return pair


async def _add_accounts(database_url: str) -> None:
    database = Database(database_url)
    await database.connect()
    for name in (ADMIN, HOST, *OTHERS):
        hashed = await Passwords().hash(PASSWORD)
        await accounts.add(database, name, f"{name}@example.org", hashed, admin=name == ADMIN)
    await database.close()


@asynccontextmanager
async def stand_at(server: Server, database_url: str, chromium: Chromium) -> AsyncIterator[Stand]:
    """A stand at a server, which has `SETTINGS` and an empty database."""
    await _add_accounts(database_url)
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as host, audience_of(server) as audience:
        admin, pair = await _login(host, ADMIN), await _login(host, HOST)
        host.headers["Authorization"] = f"Bearer {pair['access']}"
        yield Stand(server, chromium, audience, host, pair, admin)


@asynccontextmanager
async def visiting(stand: Stand, language: str = "en", **options: Any) -> AsyncIterator[Visit]:
    """A visit in a language; `options` are of `Chromium.visit`. Nothing moves, and no complaint fails it."""
    chosen = {"reduced_motion": "reduce", "locale": LOCALES.get(language, language), "allowed": [""], **options}
    async with stand.chromium.visit(stand.server.url, **chosen) as visitor:
        yield Visit(stand, visitor, await visitor.context.new_page(), language)
