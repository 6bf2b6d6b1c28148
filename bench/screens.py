"""What people wait for at the screens, measured inside of real browsers.

    scripts/bench screens [--taps 100] [--voters 300] [--votes 100] [--loads 5] [--restarts 5] [--seconds 10]

From a tap on one device to the changed count painted on another, without a crowd and beside one that votes steadily;
the first result bar on slow networks, with nothing cached; the way back to the right screen after a restart, untouched;
how evenly a stage with many options moves.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page

from bench.browsers import AFTER_PAINT, NO_LIMITS, WAIT_MS, Bench, BenchPoll, crowd, tell
from nexus.embedded import PrivatePostgres
from tests.support.browser import DESKTOP, PHONE, PROJECTOR, launched, throttled
from tests.support.served import serving

OPTIONS = 100
NETWORKS = {
    "3G, 300 ms and 1,600 kbit/s": (300.0, 1600.0, 768.0),
    "Fast 3G of DevTools": (562.5, 1440.0, 675.0),
}
"""Latency of a request in ms, and kbit/s down and up."""

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
  if (!document.querySelector('#results [data-count]:not([data-count="0"])')) return;
  watch.disconnect();
  painted((at) => (globalThis.firstBar = at - performance.timeOrigin));
}});
watch.observe(document, {{ subtree: true, childList: true, attributes: true, attributeFilter: ["data-count"] }});
"""
KEEP_FRAMES = """
globalThis.keepFrames = (ms) => new Promise((done) => {
  const took = [];
  let last = null;
  let began = null;
  const frame = (now) => {
    began ??= now;
    if (last !== null) took.push(now - last);
    last = now;
    if (now - began < ms) requestAnimationFrame(frame);
    else done(took);
  };
  requestAnimationFrame(frame);
});
"""
"""How long each frame took in so many ms."""
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


async def measure_taps(bench: Bench) -> None:
    """Without a crowd, then with one, and bare pings beside it."""
    poll = await bench.poll()
    async with bench.page(DESKTOP, KEEP_COUNTS) as stage, bench.page(PHONE, KEEP_TAPS) as paper:
        await bench.enter(stage, f"/live/{poll.code}")
        await bench.enter(paper, f"/vote/{poll.code}")
        tell("tap to paint, no crowd", await taps(bench, poll, stage, paper))
        async with crowd(bench, poll, poll.options[:2]) as tally:
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


# --- How evenly a stage moves -----------------------------------------------------------------------------------------


async def measure_frames(bench: Bench) -> None:
    """A stage of many options while each of its totals changes some: its frames, as the browser makes them."""
    poll = await bench.poll(*(f"Option {n}" for n in range(1, OPTIONS + 1)))
    async with bench.page(PROJECTOR, KEEP_FRAMES) as stage:
        await bench.enter(stage, f"/live/{poll.code}")
        async with crowd(bench, poll, poll.options) as tally:
            before = tally.totals
            frames = await stage.evaluate("(ms) => keepFrames(ms)", bench.arguments.seconds * 1000)
            totals = (tally.totals - before) / bench.arguments.voters / bench.arguments.seconds
        rate = len(frames) * 1000 / sum(frames)
        tell(f"frame of a stage of {OPTIONS} options, {totals:.0f} totals/s", frames)
        print(f"{'  frames a second; the longest frame is the last figure above':<52} {rate:.0f}", flush=True)


async def measure(arguments: argparse.Namespace) -> None:
    """All of it, on a server and a PostgreSQL of its own."""
    print(f"{'ms':<52} {'n':>4} {'p50':>7} {'p95':>7} {'max':>7}  aim")
    with tempfile.TemporaryDirectory() as folder, PrivatePostgres(Path(folder)) as address:
        log = Path(folder) / "server"
        async with serving(log, address.url, **NO_LIMITS) as server, launched() as chromium:
            bench = Bench(server, chromium, arguments)
            for part in (measure_taps, measure_first_bar, measure_return, measure_frames):
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
    parser.add_argument("--seconds", type=float, default=10, help="in which the frames of a stage are counted")
    asyncio.run(measure(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
