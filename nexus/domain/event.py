"""Events: polls in an order under one code, of which at most one is shown: pure values, no I/O and no clock
(docs/contract.md, "Events")."""

from __future__ import annotations

from datetime import datetime

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
