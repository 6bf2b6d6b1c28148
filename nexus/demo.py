"""`nexus serve --demo`: a sample poll and a simulated audience, as real guests over real WebSockets.

The server and a host's token come from `NEXUS_DEMO_URL` and `NEXUS_DEMO_TOKEN`: an argument could be read by anybody
in the list of processes.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import shlex
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TextIO, TypeVar

from nexus.client import (
    ClientError,
    GuestPass,
    Nexus,
    Patience,
    Poll,
    Refused,
    Room,
    Unreachable,
    VoteUnsettled,
    connect,
    post,
    socket_url,
)

T = TypeVar("T")

QUESTION = "Where should our next team trip go?"
PLACES = ("Lisbon", "Reykjavík", "Kyoto", "Skiing in the Alps", "A cabin by a lake, no Wi-Fi")

VOTERS, MOST_VOTERS = 200, 5_000
RATE, HIGHEST_RATE = 30.0, 1_000.0
ARRIVING = 20
"""Voters on their way in at once."""
RETRACTING = 0.06
"""Of the acts of those who have voted; the others change their vote."""
FORGETTING_S = 10.0
START_S = 60.0
"""For a server that is about to accept connections."""
STOP_S = 1.5
PATIENCE = Patience(connect_s=START_S, away_s=120.0)
"""A server may be restarted under the demo; one that stays away ends it."""


class Mood:
    """What an audience likes: a leaning for each option that wanders at random, and never far for long."""

    def __init__(self, options: int, chance: random.Random) -> None:
        self._chance = chance
        self._leanings = [chance.gauss(0.0, 1.0) for _ in range(options)]

    def drift(self, seconds: float) -> None:
        """Let so much time pass: an Ornstein-Uhlenbeck step of standard deviation 1."""
        kept = math.exp(-seconds / FORGETTING_S)
        spread = math.sqrt(1.0 - kept**2)
        self._leanings = [kept * one + self._chance.gauss(0.0, spread) for one in self._leanings]

    def choose(self) -> int:
        """The number of the option that somebody picks now."""
        weights = [math.exp(leaning) for leaning in self._leanings]
        return self._chance.choices(range(len(weights)), weights)[0]


class Pace:
    """Lets one after another through: `rate` a second, never more than twice that, in the order in which they came."""

    def __init__(self, rate: float, chance: random.Random) -> None:
        self._pause_s = 1.0 / rate
        self._chance = chance
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for one's turn."""
        async with self._turn:
            await asyncio.sleep(self._pause_s * self._chance.uniform(0.5, 1.5))


class Progress:
    """How far a long work is: one line that is rewritten on a TTY, else a line for each quarter."""

    def __init__(self, what: str, total: int, out: TextIO) -> None:
        self._what = what
        self._total = total
        self._out = out
        self._done = 0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        line = f"{self._what} {self._done}/{self._total}"
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{line}" + ("\n" if self._done == self._total else ""))
        elif self._done * 4 // self._total > (self._done - 1) * 4 // self._total:
            self._out.write(f"{line}\n")
        self._out.flush()


class Demo:
    """A poll and its audience, which votes until the demo is cancelled."""

    def __init__(self, base_url: str, *, voters: int, rate: float, out: TextIO, chance: random.Random) -> None:
        self._base_url = base_url.rstrip("/")
        self._voters = voters
        self._out = out
        self._chance = chance
        self._rate = rate
        self._pace = Pace(rate, chance)
        self._mood = Mood(len(PLACES), chance)
        self._drifted = time.monotonic()
        self._door = asyncio.Semaphore(ARRIVING)
        self._progress = Progress("connecting voters", voters, out)

    async def run(self, host_token: str) -> None:
        """Make the poll, bring in the audience and let it vote; until cancelled, or until a voter fails.

        Raises the `ClientError` of what failed. Ends within `STOP_S`.
        """
        poll = await patiently(lambda: create_poll(self._base_url, host_token))
        self._say(announcement(self._base_url, poll, sys.executable, Path.cwd()))
        tasks = [asyncio.create_task(self._attend(poll), name="voter") for _ in range(self._voters)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=STOP_S)
        for task in done:
            task.result()

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()

    async def _attend(self, poll: Poll) -> None:
        """The life of one voter."""
        async with AsyncExitStack() as visit:
            async with self._door:
                token = GuestPass(self._base_url, poll.code)
                nexus = await visit.enter_async_context(connect(socket_url(self._base_url), token, patience=PATIENCE))
                room = await nexus.join(poll.id)
            self._progress.step()
            voted = False
            while True:
                await self._pace.turn()
                voted = await self._act(nexus, room, voted=voted)

    async def _act(self, nexus: Nexus, room: Room, *, voted: bool) -> bool:
        """Vote, change the vote or take it back; gives whether one stands then."""
        try:
            if voted and self._chance.random() < RETRACTING:
                await nexus.retract(room.id)
                return False
            options = room.poll.options
            await nexus.vote(room.id, [options[self._choice() % len(options)].id])
        except VoteUnsettled:
            return voted
        except Refused as error:
            if error.code == "poll_not_found":
                raise
            return voted  # closed, say: the next turn tries again
        return True

    def _choice(self) -> int:
        now = time.monotonic()
        self._mood.drift(now - self._drifted)
        self._drifted = now
        return self._mood.choose()


async def create_poll(base_url: str, token: str) -> Poll:
    """Make the sample poll as the host whose token this is. Raises `Refused` or `Unreachable`."""
    definition = {
        "question": QUESTION,
        "description": "A sample poll with a simulated audience.",
        "options": [{"option_text": place} for place in PLACES],
        "results": "live",
        "votes_per_user": 1,
        "allow_change": True,
    }
    return await post(base_url, "/polls/", definition, Poll, token=token)


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it succeeds, for `START_S`. Raises its last error, and at once what will not pass."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            return await call()
        except (Unreachable, Refused) as error:
            wait = max(0.5, error.after_s if isinstance(error, Refused) else 0.0)
            passing = isinstance(error, Unreachable) or error.after_s > 0
            if not passing or time.monotonic() + wait > deadline:
                raise
        await asyncio.sleep(wait)


def announcement(base_url: str, poll: Poll, python: str, folder: Path) -> str:
    """What a person at a terminal in `folder` needs to see the poll; `python` is the interpreter that runs this."""
    relative = os.path.relpath(python, folder)
    if not relative.startswith("."):
        relative = f".{os.sep}{relative}"
    command = shlex.join([min(python, relative, key=len), "-m", "nexus.client", base_url, poll.code])
    return "\n".join(
        (
            f'The demo asks: "{poll.question}"',
            f"  on the stage     {base_url}/live/{poll.code}",
            f"  as a voter       {base_url}/vote/{poll.code}",
            f"  in a terminal    {command}",
            f"  join by the code {poll.code}",
        )
    )


async def _run(arguments: argparse.Namespace, base_url: str, token: str) -> None:
    chance = random.Random()  # noqa: S311 - it picks votes, not secrets
    demo = Demo(base_url, voters=arguments.voters, rate=arguments.rate, out=sys.stdout, chance=chance)
    running = asyncio.create_task(demo.run(token), name="demo")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run the demo until SIGTERM or Ctrl-C; gives the exit status. What is wrong is said in one line."""
    arguments = _parser().parse_args(argv)
    base_url, token = environ.get("NEXUS_DEMO_URL", ""), environ.get("NEXUS_DEMO_TOKEN", "")
    try:
        if not token:
            raise ValueError("NEXUS_DEMO_TOKEN must be set; `nexus serve --demo` does it")
        socket_url(base_url)
    except ValueError as error:
        sys.stderr.write(f"nexus.demo: {error}\n")
        return 2
    try:
        asyncio.run(_run(arguments, base_url, token))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    except ClientError as error:
        sys.stderr.write(f"nexus.demo: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nexus.demo", description="A sample poll with an audience.")
    parser.add_argument("--voters", type=_voters, default=VOTERS, help=f"how many, {VOTERS} unless given")
    parser.add_argument("--rate", type=_rate, default=RATE, help=f"votes a second, {RATE:g} unless given")
    return parser


def _voters(text: str) -> int:
    voters = int(text)
    if not 1 <= voters <= MOST_VOTERS:
        raise argparse.ArgumentTypeError(f"from 1 to {MOST_VOTERS}")
    return voters


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= HIGHEST_RATE:
        raise argparse.ArgumentTypeError(f"above 0, and at most {HIGHEST_RATE:g}")
    return rate


if __name__ == "__main__":
    sys.exit(main())
