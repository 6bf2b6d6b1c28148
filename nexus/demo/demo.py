"""`nexus serve --demo`: a sample event and a simulated audience, as real guests over real WebSockets.

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
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TextIO, cast

from nexus.client import Event, EventRoom, GuestPass, Nexus, Patience, Poll, Refused, VoteUnsettled, connect, socket_url
from nexus.demo.audience import Mood, Pace, Progress
from nexus.demo.show import READING_S, START_S, VOTING_S, Presenter, create_event, patiently

ARRIVING = 20
"""Voters who are connecting at the same time."""
RETRACTING = 0.06
"""The share of retractions among the acts of those who have voted; the others change their vote."""
STOP_S = 1.5
"""How long voters may take to leave."""
PATIENCE = Patience(connect_s=START_S, away_s=120.0)
"""The demo survives a restart of the server, and ends if the server stays away."""


class Demo:
    """A sample event, its presenter and its audience, which votes until the demo is cancelled."""

    def __init__(
        self,
        base_url: str,
        *,
        voters: int,
        rate: float,
        out: TextIO,
        chance: random.Random,
        voting_s: int = VOTING_S,
        reading_s: float = READING_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._voters = voters
        self._out = out
        self._chance = chance
        self._rate = rate
        self._pace = Pace(rate, chance)
        self._times = (voting_s, reading_s)
        self._moods: dict[int, Mood] = {}
        self._drifted: dict[int, float] = {}
        self._door = asyncio.Semaphore(ARRIVING)
        self._progress = Progress("connecting voters", voters, out)

    async def run(self, host_token: str) -> None:
        """Make the event, bring in the audience and let it vote, until cancelled or until one of them fails.

        Raises the `ClientError` of what failed. Ends within `STOP_S`.
        """
        event = await patiently(lambda: create_event(self._base_url, host_token))
        self._say(announcement(self._base_url, event, sys.executable, Path.cwd()))
        tasks = [asyncio.create_task(self._attend(event), name="voter") for _ in range(self._voters)]
        tasks.append(asyncio.create_task(self._present(event, host_token), name="presenter"))
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

    async def _present(self, event: Event, token: str) -> None:
        voting_s, reading_s = self._times
        await Presenter(self._base_url, token, event, voting_s=voting_s, reading_s=reading_s).run()
        self._say("Somebody else has moved the event: from now on it is theirs.")
        await asyncio.Event().wait()  # the audience stays

    async def _attend(self, event: Event) -> None:
        """The life of one voter."""
        async with AsyncExitStack() as visit:
            async with self._door:
                token = GuestPass(self._base_url, event.code)
                nexus = await visit.enter_async_context(connect(socket_url(self._base_url), token, patience=PATIENCE))
                place = cast("EventRoom", await nexus.enter(event.code))
            self._progress.step()
            voted: set[tuple[int, int]] = set()  # in which rounds
            while True:
                await self._pace.turn()
                if place.room is not None:
                    await self._act(nexus, place.room.poll, voted)

    async def _act(self, nexus: Nexus, poll: Poll, voted: set[tuple[int, int]]) -> None:
        """Vote, change the vote or retract it."""
        if poll.status != "open":
            return
        place = (poll.id, poll.epoch)
        try:
            if place in voted and self._chance.random() < RETRACTING:
                await nexus.retract(poll.id)
                voted.discard(place)
            else:
                await nexus.vote(poll.id, [poll.options[nth].id for nth in self._choices(poll)])
                voted.add(place)
        except (Refused, VoteUnsettled):
            return  # it has just been closed, say: the next turn tries again

    def _choices(self, poll: Poll) -> set[int]:
        """The places of the options that a voter names now."""
        mood = self._moods.setdefault(poll.id, Mood(len(poll.options), self._chance))
        now = time.monotonic()
        mood.drift(now - self._drifted.get(poll.id, now))
        self._drifted[poll.id] = now
        return {mood.choose() % len(poll.options) for _ in range(self._chance.randint(1, poll.max_choices))}


def announcement(base_url: str, event: Event, python: str, folder: Path) -> str:
    """What a person at a terminal in `folder` needs to follow the event; `python` is the interpreter that runs this."""
    relative = os.path.relpath(python, folder)
    if not relative.startswith("."):
        relative = f".{os.sep}{relative}"
    command = shlex.join([min(python, relative, key=len), "-m", "nexus.client", base_url, event.code])
    return "\n".join(
        (
            f'The demo is an event of {event.polls_count} questions, "{event.title}"',
            f"  on the stage     {base_url}/live/{event.code}",
            f"  as a voter       {base_url}/vote/{event.code}",
            f"  as its host      {base_url}/host#/event/{event.id}",
            f"  in a terminal    {command}",
            f"  join by the code {event.code}",
        )
    )
