"""`nexus serve --demo`: a sample poll and a simulated audience, as real guests over real WebSockets.

The server and a host's token come from `NEXUS_DEMO_URL` and `NEXUS_DEMO_TOKEN`: arguments can be read by anybody in the
list of processes.
"""

from __future__ import annotations

import asyncio
import os
import random
import shlex
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TextIO, TypeVar

from nexus.client import (
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
from nexus.demo.audience import Mood, Pace, Progress

T = TypeVar("T")

QUESTION = "Where should our next team trip go?"
PLACES = ("Lisbon", "Reykjavík", "Kyoto", "Skiing in the Alps", "A cabin by a lake, no Wi-Fi")

ARRIVING = 20
"""Voters who are connecting at the same time."""
RETRACTING = 0.06
"""The share of retractions among the acts of those who have voted; the others change their vote."""
START_S = 60.0
"""How long the demo waits for a server that is about to accept connections."""
STOP_S = 1.5
"""How long voters may take to leave."""
PATIENCE = Patience(connect_s=START_S, away_s=120.0)
"""The demo survives a restart of the server, and ends if the server stays away."""


class Demo:
    """A sample poll and its audience, which votes until the demo is cancelled."""

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
        """Make the poll, bring in the audience and let it vote, until cancelled or until a voter fails.

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
                token = GuestPass(self._base_url, str(poll.code))
                nexus = await visit.enter_async_context(connect(socket_url(self._base_url), token, patience=PATIENCE))
                room = await nexus.join(poll.id)
            self._progress.step()
            voted = False
            while True:
                await self._pace.turn()
                voted = await self._act(nexus, room, voted=voted)

    async def _act(self, nexus: Nexus, room: Room, *, voted: bool) -> bool:
        """Vote, change the vote or retract it. Returns whether a vote stands afterwards."""
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
            return voted  # the poll is closed, say: the next turn tries again
        return True

    def _choice(self) -> int:
        now = time.monotonic()
        self._mood.drift(now - self._drifted)
        self._drifted = now
        return self._mood.choose()


async def create_poll(base_url: str, token: str) -> Poll:
    """Make the sample poll as the host with this token. Raises `Refused` or `Unreachable`."""
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
    """Call until it succeeds, for `START_S`. Raises its last error then, and at once an error that will not pass."""
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
    """What a person at a terminal in `folder` needs to open the poll; `python` is the interpreter that runs this."""
    relative = os.path.relpath(python, folder)
    if not relative.startswith("."):
        relative = f".{os.sep}{relative}"
    command = shlex.join([min(python, relative, key=len), "-m", "nexus.client", base_url, str(poll.code)])
    return "\n".join(
        (
            f'The demo asks: "{poll.question}"',
            f"  on the stage     {base_url}/live/{poll.code}",
            f"  as a voter       {base_url}/vote/{poll.code}",
            f"  in a terminal    {command}",
            f"  join by the code {poll.code}",
        )
    )
