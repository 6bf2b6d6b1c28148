"""Events: polls in an order under one code, of which at most one is shown: pure values, no I/O and no clock
(docs/contract.md, "Events")."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from nexus.domain.poll import Status


class SheetPoll(msgspec.Struct, frozen=True):
    """A poll as it stands in the run sheet of its event; `was_shown` says that the event has shown it."""

    id: int
    question: str
    status: Status
    was_shown: bool

    @property
    def hidden(self) -> bool:
        """Whether it is there for hosts alone: a draft, until it is shown."""
        return self.status is Status.DRAFT and not self.was_shown


class Event(msgspec.Struct, frozen=True):
    """One event as the database holds it, with its run sheet.

    `hosts` are its co-hosts, in the order in which they were added. `shown` is the poll that everybody is shown, and
    `last_shown` the one after which the run sheet goes on; both are None where there is none. `revision` grows with
    every change of what its followers are sent.
    """

    id: int
    code: str
    title: str
    description: str
    created_by: str
    hosts: tuple[str, ...]
    is_public: bool
    allow_guests: bool
    polls: tuple[SheetPoll, ...]
    shown: int | None
    last_shown: int | None
    revision: int
    created_at: datetime
    updated_at: datetime

    @property
    def order(self) -> list[int]:
        """The polls of the run sheet."""
        return [poll.id for poll in self.polls]


class Cue(NamedTuple):
    """What an event is to show, and after which poll its run sheet goes on then."""

    shown: int | None
    last_shown: int | None


def forward(event: Event) -> Cue:
    """The next poll of the run sheet; past its end nothing. Where nothing is shown, it goes on after what was shown
    last."""
    order = event.order
    at = order.index(event.last_shown) + 1 if event.last_shown in order else 0
    return Cue(order[at], order[at]) if at < len(order) else Cue(None, event.last_shown)


def back(event: Event) -> Cue:
    """The poll before; before the first nothing. Where nothing is shown, what was shown last."""
    order = event.order
    if event.shown is None:
        return Cue(event.last_shown, event.last_shown)
    at = order.index(event.shown)
    return Cue(order[at - 1], order[at - 1]) if at else Cue(None, None)
