"""What the benchmarks of the screens share: a server, its polls, pages of a real browser, and a crowd that votes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Page

from bench.voter import Tally, Voter
from tests.support.browser import Chromium
from tests.support.served import Server

LIMITS = ("NEXUS_VOTES_PER_SECOND", "NEXUS_VOTES_BURST", "NEXUS_MESSAGES_PER_SECOND")
NO_LIMITS: dict[str, Any] = dict.fromkeys(LIMITS, "100000")
WAIT_MS = 30_000.0
ENTER_S = 30.0
SETTLE_S = 2.0

AFTER_PAINT = """
const painted = (done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(performance.timeOrigin + performance.now());
  port2.postMessage(null);  // a task: it comes after the frame
});
"""


@dataclass(frozen=True)
class BenchPoll:
    """A poll of this benchmark: the first two options are the crowd's, the other two those of the one who taps."""

    id: int
    code: str
    options: list[int]


@dataclass(frozen=True)
class Bench:
    """What is measured, and with what."""

    server: Server
    chromium: Chromium
    arguments: argparse.Namespace

    async def ask(self, method: str, path: str, body: object, subject: str = "user:1") -> Any:
        """One call of the interface."""
        headers = {"Authorization": f"Bearer {self.server.token(subject, 'user')}"}
        async with httpx.AsyncClient(base_url=self.server.url, headers=headers, timeout=30) as client:
            return (await client.request(method, path, json=body)).raise_for_status().json()

    async def poll(self, *texts: str) -> BenchPoll:
        """A new poll of some cities, or of `texts`, with a vote for its second option: a bar that has a width."""
        options = [{"option_text": text} for text in texts or ("Amsterdam", "Berlin", "Copenhagen", "Dublin")]
        made = await self.ask("POST", "/polls/", {"question": "Where shall we meet?", "options": options})
        poll = BenchPoll(made["id"], made["code"], [option["id"] for option in made["options"]])
        await self.vote(poll, 1)
        return poll

    async def vote(self, poll: BenchPoll, option: int, subject: str = "user:2") -> None:
        """A vote over HTTP."""
        await self.ask("POST", f"/polls/{poll.id}/vote/", {"options": [poll.options[option]]}, subject)

    @asynccontextmanager
    async def page(self, viewport: tuple[int, int], script: str) -> AsyncIterator[Page]:
        """A page in a context of its own, which keeps what `script` says."""
        width, height = viewport
        context = await self.chromium.browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
        try:
            page = await context.new_page()
            await page.add_init_script(script)
            yield page
        finally:
            await context.close()

    async def enter(self, page: Page, path: str) -> None:
        """Go to a page of a poll, and wait until it is connected."""
        await page.goto(self.server.url + path)
        await page.locator("body[data-touch=good]").wait_for(timeout=WAIT_MS, state="attached")


@asynccontextmanager
async def crowd(bench: Bench, poll: BenchPoll, options: Sequence[int]) -> AsyncIterator[Tally]:
    """Voters who watch, and who vote for `options` one after another, at a steady rate."""
    tally, loop, port = Tally(), asyncio.get_running_loop(), bench.server.port
    members = []
    for n in range(bench.arguments.voters):
        token = bench.server.token(f"user:{1000 + n}", "user")
        own = [*options[n % len(options) :], *options[: n % len(options)]]
        member = Voter(tally, token, poll.id, own, f"127.0.0.1:{port}")
        member.stopped = True
        await loop.create_connection(lambda member=member: member.socket, "127.0.0.1", port)  # type: ignore[misc]
        members.append(member)
    async with asyncio.timeout(ENTER_S):
        await asyncio.gather(*(member.enter() for member in members))
    voting = asyncio.create_task(vote_steadily(members, bench.arguments.votes))
    await asyncio.sleep(SETTLE_S)
    tally.counting = True
    yield tally
    tally.counting = False
    voting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await voting
    for member in members:
        member.socket.close()


async def vote_steadily(members: Sequence[Voter], rate: float) -> None:
    """Begin each vote at its time, until cancelled."""
    began, n = time.perf_counter(), 0
    while True:
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        members[n % len(members)].vote()
        n += 1


def tell(what: str, took: Sequence[float], aim: str = "") -> None:
    """Print one line of the table; times are in ms."""
    p95 = f"{statistics.quantiles(took, n=20)[18]:,.0f}" if len(took) >= 20 else "–"
    print(f"{what:<52} {len(took):>4} {statistics.median(took):>7,.0f} {p95:>7} {max(took):>7,.0f}  {aim}", flush=True)
