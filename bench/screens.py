"""What people wait for at the screens, measured inside of real browsers.

    scripts/bench screens [--taps 100] [--voters 300] [--votes 100] [--loads 5] [--restarts 5]

From a tap on one device to the changed count painted on another, without a crowd and beside one that votes steadily;
the first result bar on slow networks, with nothing cached; the way back to the right screen after a restart, untouched.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page

from bench.voter import Tally, Voter
from nexus.embedded import PrivatePostgres
from tests.support.browser import DESKTOP, PHONE, Chromium, launched, throttled
from tests.support.served import Server, serving

LIMITS = ("NEXUS_VOTES_PER_SECOND", "NEXUS_VOTES_BURST", "NEXUS_MESSAGES_PER_SECOND")
NO_LIMITS: dict[str, Any] = dict.fromkeys(LIMITS, "100000")
WAIT_MS = 30_000.0
ENTER_S = 30.0
SETTLE_S = 2.0
NETWORKS = {
    "3G, 300 ms and 1,600 kbit/s": (300.0, 1600.0, 768.0),
    "Fast 3G of DevTools": (562.5, 1440.0, 675.0),
}
"""Latency of a request in ms, and kbit/s down and up."""

AFTER_PAINT = """
const painted = (done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(performance.timeOrigin + performance.now());
  port2.postMessage(null);  // a task: it comes after the frame
});
"""
KEEP_TAPS = """
globalThis.taps = [];
addEventListener("pointerdown", (event) => taps.push(performance.timeOrigin + event.timeStamp), true);
"""
KEEP_COUNTS = f"""
{AFTER_PAINT}
globalThis.counts = [];
let shown = null;
new MutationObserver(() => {{
  const count = document.querySelector("#results[data-version] > :last-child")?.dataset.count ?? null;
  if (count === shown) return;
  shown = count;
  painted((at) => counts.push([count, at]));
}}).observe(document, {{ subtree: true, childList: true, attributes: true, attributeFilter: ["data-count"] }});
"""
"""When each count of the last option, which only one voter ever chooses, was on the screen."""

KEEP_FIRST_BAR = f"""
{AFTER_PAINT}
const watch = new MutationObserver(() => {{
  const parts = [...document.querySelectorAll(".track, .fill")].map(({{ style }}) => style);
  const fills = parts.map((style) => Number(style.getPropertyValue("--share") || style.getPropertyValue("--part")));
  if (!fills.some((share) => share > 0)) return;
  watch.disconnect();
  painted((at) => (globalThis.firstBar = at - performance.timeOrigin));
}});
watch.observe(document, {{ subtree: true, childList: true, attributes: true, attributeFilter: ["style"] }});
"""
PING = """async ([token, times]) => {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "nexus.v1");
  const heard = () => new Promise((done) => socket.addEventListener("message", done, { once: true }));
  await new Promise((done) => socket.addEventListener("open", done));
  const ask = async (message) => {
    const began = performance.now();
    const answer = heard();
    socket.send(JSON.stringify(message));
    await answer;
    return performance.now() - began;
  };
  await ask({ type: "hello", token });
  const took = [];
  for (let id = 0; id < times; id += 1) {
    took.push(await ask({ type: "ping", id }));
    await new Promise((done) => setTimeout(done, 20));
  }
  socket.close();
  return took;
}"""


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

    async def poll(self) -> BenchPoll:
        """A new poll, with a vote for its second option: a bar that has a width."""
        options = [{"option_text": text} for text in ("Amsterdam", "Berlin", "Copenhagen", "Dublin")]
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


# --- From a tap to the other screen -----------------------------------------------------------------------------------


async def until_counted(page: Page, number: int) -> list[tuple[str, float]]:
    """The counts that a stage has shown, once there are `number` of them."""
    await page.wait_for_function("(number) => counts.length >= number", arg=number, timeout=WAIT_MS)
    kept: list[tuple[str, float]] = await page.evaluate("counts")
    return kept


async def taps(bench: Bench, poll: BenchPoll, stage: Page, paper: Page) -> list[float]:
    """Tap on one device, and see on the other: ms from each tap to its count."""
    rows = paper.locator("#results > [data-option]")
    took = []
    for n in range(bench.arguments.taps):
        before = len(await until_counted(stage, 1))
        await rows.nth(3 if n % 2 == 0 else 2).get_by_role("button").click()
        (count, seen) = (await until_counted(stage, before + 1))[before]
        if count != str((n + 1) % 2):
            raise RuntimeError(f"the stage shows {count} after tap {n}")
        took.append(seen - (await paper.evaluate("taps"))[-1])
        await asyncio.sleep(random.uniform(0.05, 0.25))  # at any moment of the server's rhythm
    return took


@asynccontextmanager
async def crowd(bench: Bench, poll: BenchPoll) -> AsyncIterator[Tally]:
    """Voters who watch, and who vote one after another, at a steady rate."""
    tally, loop, port = Tally(), asyncio.get_running_loop(), bench.server.port
    members = []
    for n in range(bench.arguments.voters):
        token = bench.server.token(f"user:{1000 + n}", "user")
        member = Voter(tally, token, poll.id, poll.options[:2], f"127.0.0.1:{port}")
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


async def measure_taps(bench: Bench) -> None:
    """Without a crowd, then with one, and bare pings beside it."""
    poll = await bench.poll()
    async with bench.page(DESKTOP, KEEP_COUNTS) as stage, bench.page(PHONE, KEEP_TAPS) as paper:
        await bench.enter(stage, f"/live/{poll.code}")
        await bench.enter(paper, f"/vote/{poll.code}")
        tell("tap to paint, no crowd", await taps(bench, poll, stage, paper))
        async with crowd(bench, poll) as tally:
            began = time.perf_counter()
            took = await taps(bench, poll, stage, paper)
            rate = tally.acks / (time.perf_counter() - began)
            pings = await stage.evaluate(PING, [bench.server.token("user:3", "user"), bench.arguments.taps])
        tell(f"tap to paint, {bench.arguments.voters} voters, {rate:.0f} votes/s", took, "p95 < 200 ms")
        tell("bare ping on a page's socket beside them", pings)


# --- The first bar, and the way back ----------------------------------------------------------------------------------


async def measure_first_bar(bench: Bench) -> None:
    """Both pages of a poll on slow networks, each time by a browser that has never been here."""
    poll = await bench.poll()
    for network, (latency, down, up) in NETWORKS.items():
        for path in ("vote", "live"):
            took = []
            for _ in range(bench.arguments.loads):
                async with bench.page(PHONE if path == "vote" else DESKTOP, KEEP_FIRST_BAR) as page:
                    await throttled(page, latency_ms=latency, down_kbps=down, up_kbps=up)
                    await page.goto(f"{bench.server.url}/{path}/{poll.code}", wait_until="commit")
                    await page.wait_for_function("() => globalThis.firstBar > 0", timeout=WAIT_MS)
                    took.append(await page.evaluate("firstBar"))
            tell(f"first bar of /{path}, {network}", took, "< 1,000 ms" if network.startswith("3G") else "")


async def measure_return(bench: Bench) -> None:
    """Restart and kill the server under a stage that nobody touches, and vote once it is ready."""
    poll = await bench.poll()
    async with bench.page(DESKTOP, KEEP_COUNTS) as stage:
        await bench.enter(stage, f"/live/{poll.code}")
        voters = iter(range(100, 1000))
        for name, kill in (("restarted", False), ("killed and started", True)):
            took = []
            for _ in range(bench.arguments.restarts):
                before = len(await until_counted(stage, 1))
                if kill:
                    bench.server.kill()
                else:
                    await bench.server.stop()
                await bench.server.start()
                ready = time.time() * 1000
                await bench.vote(poll, 3, f"user:{next(voters)}")
                took.append((await until_counted(stage, before + 1))[before][1] - ready)
                await stage.locator("body[data-touch=good]").wait_for(timeout=WAIT_MS, state="attached")
            tell(f"right screen after ready, {name}", took, "< 3,000 ms")


def tell(what: str, took: Sequence[float], aim: str = "") -> None:
    """Print one line of the table; times are in ms."""
    p95 = f"{statistics.quantiles(took, n=20)[18]:,.0f}" if len(took) >= 20 else "–"
    print(f"{what:<52} {len(took):>4} {statistics.median(took):>7,.0f} {p95:>7} {max(took):>7,.0f}  {aim}", flush=True)


async def measure(arguments: argparse.Namespace) -> None:
    """All of it, on a server and a PostgreSQL of its own."""
    print(f"{'ms':<52} {'n':>4} {'p50':>7} {'p95':>7} {'max':>7}  aim")
    with tempfile.TemporaryDirectory() as folder, PrivatePostgres(Path(folder)) as address:
        log = Path(folder) / "server"
        async with serving(log, address.url, **NO_LIMITS) as server, launched() as chromium:
            bench = Bench(server, chromium, arguments)
            for part in (measure_taps, measure_first_bar, measure_return):
                await part(bench)


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench screens", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--voters", type=int, default=300, help="voters in the crowd")
    parser.add_argument("--votes", type=float, default=100, help="votes of the crowd a second")
    parser.add_argument("--loads", type=int, default=5, help="of each page on each network")
    parser.add_argument("--restarts", type=int, default=5, help="of each kind")
    asyncio.run(measure(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
