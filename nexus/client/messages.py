"""The messages that a client reads and writes: the shapes of `nexus.v1` (docs/contract.md, "Server messages"), read
with tolerance.

Fields and messages of newer servers are ignored, and what has a fixed list of words today is a plain string here.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from uuid import UUID

import msgspec


class Option(msgspec.Struct, frozen=True):
    """One possible answer; `votes_count` is None where counts are hidden."""

    id: int
    option_text: str
    position: int = 0
    votes_count: int | None = None


class Poll(msgspec.Struct, frozen=True):
    """A poll. The counts of its options are as old as this value: `Totals` has the newest. A poll of an `event` has no
    code, and a `position` in its run sheet."""

    id: int
    code: str | None
    question: str
    status: str
    options: tuple[Option, ...]
    epoch: int
    version: int
    description: str = ""
    created_by: str = ""
    event: int | None = None
    position: int | None = None
    is_public: bool = True
    opens_at: datetime | None = None
    expires_at: datetime | None = None
    closed_at: datetime | None = None
    max_choices: int = 1
    votes_per_user: int = 1
    allow_change: bool = True
    allow_guests: bool = True
    anonymous: bool = True
    results: str = "live"
    chart: str = "bars"
    option_order: str = "position"
    language: str | None = None
    corrected_at: datetime | None = None
    updated_at: str = ""


class Count(msgspec.Struct, frozen=True):
    """One option's votes; None where counts are hidden."""

    id: int
    votes_count: int | None


class Totals(msgspec.Struct, frozen=True, tag="totals"):
    """All counts of one poll, at one place in the order of its totals."""

    poll: int
    epoch: int
    version: int
    status: str
    visibility: str
    final: bool
    voters: int
    total_votes: int
    options: tuple[Count, ...]
    server_now: datetime

    @property
    def rank(self) -> tuple[int, int, bool]:
        """The order of totals: show these only if they rank above those that are shown (docs/contract.md, "Words")."""
        return self.epoch, self.version, self.visibility == "full"


class PollChanged(msgspec.Struct, frozen=True, tag="poll"):
    """The definition or status of a poll has changed."""

    poll: Poll


class Presence(msgspec.Struct, frozen=True, tag="presence", kw_only=True):
    """How many voters are watching a poll, or following an event, over all workers; hosts and screens are not
    counted."""

    poll: int | None = None
    event: int | None = None
    online: int


class Deleted(msgspec.Struct, frozen=True, tag="deleted"):
    """The poll, or the event, no longer exists, or no longer for this voter."""

    poll: int | None = None
    event: int | None = None


Update = Totals | PollChanged | Presence | Deleted
"""What happens in the room of a poll."""


class CastBallot(msgspec.Struct, frozen=True):
    """One of a voter's own standing ballots."""

    op: UUID
    options: tuple[int, ...]
    cast_at: datetime


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """A room has been entered; `totals` is None where the client already has the newest."""

    poll: Poll
    totals: Totals | None
    me: tuple[CastBallot, ...]
    role: str


class SheetPoll(msgspec.Struct, frozen=True):
    """A poll as it stands in the run sheet of its event."""

    id: int
    question: str
    status: str


class Event(msgspec.Struct, frozen=True):
    """An event: polls in an order, of which at most one, `shown`, is shown to everybody who follows it.

    `polls` is the run sheet; drafts that have not been shown are in it for hosts and screens alone, and counted by
    `polls_count` for everybody. `revision` grows with every change (docs/contract.md, "Events").
    """

    id: int
    code: str
    title: str
    polls: tuple[SheetPoll, ...]
    polls_count: int
    shown: int | None
    revision: int
    description: str = ""
    created_by: str = ""
    hosts: tuple[str, ...] = ()
    is_public: bool = True
    allow_guests: bool = True
    updated_at: str = ""


class Entered(msgspec.Struct, frozen=True, tag="entered"):
    """An event is followed from now on; `poll` is what it shows, if anything. `totals` is None also where this socket
    has joined that poll by itself."""

    event: Event
    role: str
    poll: Poll | None
    totals: Totals | None
    me: tuple[CastBallot, ...]


class ShownFrame(msgspec.Struct, frozen=True, tag="shown"):
    """An event has changed; `poll`, `totals` and `me` are there only where it shows another poll than before."""

    event: Event
    poll: Poll | msgspec.UnsetType | None = msgspec.UNSET
    totals: Totals | None = None
    me: tuple[CastBallot, ...] = ()


Unasked = Update | ShownFrame
"""What the server says of polls and events by itself."""


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The token is accepted."""

    voter: str
    expires_at: datetime
    server_now: datetime


class Receipt(msgspec.Struct, frozen=True, tag="ack"):
    """A vote or retraction is committed.

    `status` is `recorded`, `changed`, `unchanged`, `retracted` or `replayed`; `stands` says whether the ballot counts
    now, and `epoch` and `version` are the place of the first totals that include it.
    """

    op: UUID
    poll: int
    status: str
    epoch: int
    version: int
    stands: bool


class Reject(msgspec.Struct, frozen=True, tag="reject"):
    """A vote or retraction is refused."""

    op: UUID
    code: str
    detail: str = ""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """A vote or retraction had no effect yet, or its outcome is unknown: the same op must be sent again."""

    op: UUID
    after_ms: int


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    server_now: datetime


class Expiring(msgspec.Struct, frozen=True, tag="expiring"):
    """The token expires soon."""

    in_s: float


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """The poll of a code can't be seen yet."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """What has a code that was waited for can be seen now."""


class Of(msgspec.Struct, frozen=True):
    """What an error is about."""

    type: str = ""


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A message could not be handled."""

    code: str
    detail: str = ""
    of: Of = Of()


Verdict = Receipt | Reject | Retry
"""The answers to a vote or retraction."""


def new_op() -> UUID:
    """Returns a new op: a UUID of version 7 (RFC 9562, section 5.7), so that later ones sort later."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
