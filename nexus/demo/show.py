"""The demo's event: four questions of different kinds, and who moves it from one to the next."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from nexus.client import Event, Refused, Unreachable, post

T = TypeVar("T")

TITLE = "Team day 2027"
QUESTIONS: tuple[tuple[str, tuple[str, ...], dict[str, str | int]], ...] = (
    (
        "Where should our next team trip go?",
        ("Lisbon", "Reykjavík", "Kyoto", "Skiing in the Alps", "A cabin by a lake"),
        {},
    ),
    (
        "What should we do there? Choose up to three.",
        ("Hiking", "A cooking class", "Museums", "Sailing", "Nothing at all", "A hackathon"),
        {"max_choices": 3, "option_order": "votes"},
    ),
    ("How should we get there?", ("By train", "By plane", "By bike"), {"chart": "donut"}),
    (
        "Who tells the best jokes? The result comes at the end.",
        ("Ada", "Grace", "Linus", "Margaret"),
        {"results": "after_close", "chart": "columns"},
    ),
)
"""Each question, its options, and what is special about it."""

VOTING_S = 25
"""How long each question stays open."""
READING_S = 8
"""How long a result is shown, and the title before the first question."""
START_S = 60.0
"""How long the demo waits for a server that is about to accept connections."""


class _Anything(msgspec.Struct):
    """An answer of which nothing is needed."""


async def create_event(base_url: str, token: str) -> Event:
    """Make the event as the host with this token. Raises `Refused` or `Unreachable`."""
    polls = [
        {"question": question, "options": [{"option_text": text} for text in options], "results": "live", **special}
        for question, options, special in QUESTIONS
    ]
    definition = {"title": TITLE, "description": "A sample event with a simulated audience.", "polls": polls}
    return await post(base_url, "/events/", definition, Event, token=token)


class Presenter:
    """Moves an event through its questions, again and again, until somebody else does: then it is theirs."""

    def __init__(self, base_url: str, token: str, event: Event, *, voting_s: int, reading_s: float) -> None:
        self._base_url = base_url
        self._token = token
        self._event = event
        self._voting_s = voting_s
        self._reading_s = reading_s
        self._shown: int | None = None

    async def run(self) -> None:
        """Returns once somebody else has moved the event. Raises the `ClientError` of what failed."""
        try:
            for turn in itertools.count():
                await asyncio.sleep(self._reading_s)
                for poll in self._event.polls:
                    await self._ask(poll.id, again=turn > 0)
                await self._show(None)
        except Refused as error:
            if error.code != "event_moved":
                raise

    async def _ask(self, poll: int, *, again: bool) -> None:
        if again:
            await self._call(f"/polls/{poll}/reset/", {})
        await self._call(f"/polls/{poll}/open/", {"seconds": self._voting_s})
        await self._show(poll)
        await asyncio.sleep(self._voting_s + self._reading_s)

    async def _show(self, poll: int | None) -> None:
        await self._call(f"/events/{self._event.id}/show/", {"poll": poll, "from": self._shown})
        self._shown = poll

    async def _call(self, path: str, body: object) -> None:
        await patiently(lambda: post(self._base_url, path, body, _Anything, token=self._token))


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
