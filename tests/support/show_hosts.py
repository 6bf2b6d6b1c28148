"""Hosts of one event who do whatever hosts do, in any order and against each other, made of a seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from tests.support.audience import Device
from tests.support.show_record import ShowRecord, secret
from tests.support.spectators import LOSSES, PAUSE_S, TRIES
from tests.support.values import Json

POLICIES = ("live", "after_vote", "after_close", "host")
FEWEST, MOST = 4, 12
"""Polls in the run sheet."""
LATE = {
    *((409, code) for code in ("event_moved", "event_changed", "too_many_polls", "poll_has_votes")),
    *((404, code) for code in ("poll_not_found", "user_not_found")),
    *((422, "invalid"), (503, "unavailable")),
}
"""What a host may be told that others were quicker than."""


def new_poll(n: int, mind: random.Random) -> Json:
    """A poll that is known by its texts wherever it is told of."""
    options = [{"option_text": f"{secret(n)} {text}"} for text in ("Yes", "No", "Maybe")]
    several = mind.random() < 0.3
    return {
        "question": f"{secret(n)} Which?",
        "options": options,
        "results": mind.choice(POLICIES),
        "votes_per_user": 3 if several else 1,
        "max_choices": mind.choice((1, 2)),
    }


class ShowHost:
    """One host on one worker, with a socket that follows the event; `owner` says who its co-hosts are."""

    def __init__(
        self, device: Device, event: Json, names: list[str], numbers: Iterator[int], mind: random.Random, *, owner: bool
    ) -> None:
        self.event = event
        self.done: list[str] = []
        self.deleted: set[int] = set()
        self._device = device
        self._numbers = numbers
        self._mind = mind
        self._names = names
        self._owner = owner

    async def run(self, acts: int, record: ShowRecord) -> None:
        """Do so many things, each by what it saw last."""
        self.event = await self._now()
        for _ in range(acts):
            moves = [(self._step, 40), (self._show, 20), (self._turn, 12), (self._reveal, 8), (self._rename, 8)]
            sheet = [(self._reorder, 8), (self._add, 6), (self._delete, 4), (self._title, 4)]
            ways = [*moves, *sheet, *([(self._co_host, 8)] if self._owner else [])]
            await self._mind.choices([way for way, _ in ways], [weight for _, weight in ways])[0](record)
            await asyncio.sleep(self._mind.random() * 2 * PAUSE_S)

    async def move(self, record: ShowRecord) -> None:
        """Show something else."""
        await self._mind.choice((self._step, self._show))(record)

    async def delete(self) -> None:
        """Delete the event, with its polls."""
        assert (await self._device.call("DELETE", self._path())).status == 204

    async def _now(self) -> Json:
        for _ in range(TRIES):
            try:
                return await self._device.get(f"/events/{self.event['id']}/")
            except LOSSES:
                await asyncio.sleep(PAUSE_S)
        raise AssertionError("the worker of a host does not come back")

    async def _ask(self, method: str, path: str, body: object = None) -> Json | None:
        """What is answered, None where somebody was quicker; a call whose worker dies is not made again."""
        try:
            answer = await self._device.call(method, path, body)
        except LOSSES:
            self.event = await self._now()
            return None
        self.done.append(f"{method} {path} {body} {answer.status}")
        if answer.status < 300:
            if "revision" in answer.body:
                self.event = answer.body
            return answer.body
        assert (answer.status, answer.body["code"]) in LATE, (self.done[-1], answer)
        self.event = await self._now()
        return None

    def _path(self, tail: str = "") -> str:
        return f"/events/{self.event['id']}/{tail}"

    def _poll(self) -> int:
        poll: int = self._mind.choice(self.event["polls"])["id"]
        return poll

    def _how(self) -> Json:
        how: Json = {"from": self.event["shown"]} if self._mind.random() < 0.5 else {}
        if self._mind.random() < 0.2:
            how["open"] = False
        elif self._mind.random() < 0.25:
            how["seconds"] = self._mind.randint(1, 2)
        if self._mind.random() < 0.15:
            how["keep_open"] = True
        return how

    async def _step(self, record: ShowRecord) -> None:
        await self._ask("POST", self._path(self._mind.choice(("next/", "next/", "previous/"))), self._how())

    async def _show(self, record: ShowRecord) -> None:
        poll = None if self._mind.random() < 0.15 else self._poll()
        how = self._how()
        if poll is None:
            how.pop("seconds", None)
        await self._ask("POST", self._path("show/"), {"poll": poll, **how})

    async def _turn(self, record: ShowRecord) -> None:
        poll, turn = self._poll(), self._mind.choice(("open", "open", "close", "close", "reset"))
        if turn == "open":
            record.reopened.add(poll)
        body = {"seconds": self._mind.randint(1, 3)} if turn == "open" and self._mind.random() < 0.5 else None
        await self._ask("POST", f"/polls/{poll}/{turn}/", body)

    async def _reveal(self, record: ShowRecord) -> None:
        poll = self.event["shown"] or self._poll()
        await self._ask("PATCH", f"/polls/{poll}/", {"results": self._mind.choice(POLICIES)})

    async def _rename(self, record: ShowRecord) -> None:
        poll = self._mind.choice(self.event["polls"])
        text = f"{poll['question'].split()[0]} And {self._mind.randrange(1000)}?"
        await self._ask("PATCH", f"/polls/{poll['id']}/", {"question": text})

    async def _title(self, record: ShowRecord) -> None:
        await self._ask("PATCH", self._path(), {"title": f"Show {self._mind.randrange(1000)}"})

    async def _reorder(self, record: ShowRecord) -> None:
        order = [one["id"] for one in self.event["polls"]]
        self._mind.shuffle(order)
        await self._ask("PUT", self._path("order/"), {"polls": order})

    async def _add(self, record: ShowRecord) -> None:
        polls = self.event["polls"]
        if len(polls) >= MOST:
            return
        at = {"position": self._mind.randint(0, len(polls))} if self._mind.random() < 0.5 else {}
        await self._ask("POST", self._path("polls/"), new_poll(next(self._numbers), self._mind) | at)
        self.event = await self._now()

    async def _delete(self, record: ShowRecord) -> None:
        if len(self.event["polls"]) > FEWEST:
            poll = self._poll()
            self.deleted.add(poll)
            await self._ask("DELETE", f"/polls/{poll}/")
            self.event = await self._now()

    async def _co_host(self, record: ShowRecord) -> None:
        if self._mind.random() < 0.5:
            await self._ask("POST", self._path("hosts/"), {"username": self._mind.choice(self._names)})
            return
        found = (await self._ask("GET", self._path("hosts/")) or {"results": []})["results"]
        removable = [one["id"] for one in found if one["username"] in self._names]
        if removable:
            await self._ask("DELETE", self._path(f"hosts/{self._mind.choice(removable)}/"))
            self.event = await self._now()
