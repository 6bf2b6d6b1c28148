"""What a client reads and writes on the wire: the shapes of `nexus.v1` (contract, section 3), read with tolerance.

Fields and messages of newer servers are passed over, and words with a fixed list today stay plain strings.
"""

from __future__ import annotations

import logging
import secrets
import time
from datetime import datetime
from uuid import UUID

import msgspec

log = logging.getLogger("nexus.client")

LONGEST = 16 * 1024
"""Bytes of a message to the server, at most."""


class Option(msgspec.Struct, frozen=True):
    """One possible answer; `votes_count` is None where counts are hidden."""

    id: int
    option_text: str
    position: int = 0
    votes_count: int | None = None


class Poll(msgspec.Struct, frozen=True):
    """A poll. The counts of its options are as old as itself: totals are what moves."""

    id: int
    code: str
    question: str
    status: str
    options: tuple[Option, ...]
    epoch: int
    version: int
    description: str = ""
    created_by: str = ""
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
    updated_at: str = ""


class Count(msgspec.Struct, frozen=True):
    """One option's votes; None where counts are hidden."""

    id: int
    votes_count: int | None


class Totals(msgspec.Struct, frozen=True, tag="totals"):
    """The whole counts of one poll at one place in the order of totals."""

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
        """What to compare: a frame is shown only if it ranks above the one that is (contract, section 1)."""
        return self.epoch, self.version, self.visibility == "full"


class PollChanged(msgspec.Struct, frozen=True, tag="poll"):
    """The definition or status of a poll changed."""

    poll: Poll


class Presence(msgspec.Struct, frozen=True, tag="presence"):
    """How many sockets watch a poll."""

    poll: int
    online: int


class Deleted(msgspec.Struct, frozen=True, tag="deleted"):
    """The poll is gone, or gone for this voter."""

    poll: int


Event = Totals | PollChanged | Presence | Deleted
"""What happens in a room."""


class CastBallot(msgspec.Struct, frozen=True):
    """One of a voter's own standing ballots."""

    op: UUID
    options: tuple[int, ...]
    cast_at: datetime


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """A room was entered; `totals` is None where the client has the newest already."""

    poll: Poll
    totals: Totals | None
    me: tuple[CastBallot, ...]
    role: str


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The token holds."""

    voter: str
    expires_at: datetime
    server_now: datetime


class Receipt(msgspec.Struct, frozen=True, tag="ack"):
    """An act has committed: `status` is recorded, changed, unchanged, retracted or replayed."""

    op: UUID
    poll: int
    status: str
    epoch: int
    version: int
    stands: bool


class Reject(msgspec.Struct, frozen=True, tag="reject"):
    """An act is refused."""

    op: UUID
    code: str
    detail: str = ""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """The outcome of an act is unknown, or the server is too busy: the same op again."""

    op: UUID
    after_ms: int


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    server_now: datetime


class Expiring(msgspec.Struct, frozen=True, tag="expiring"):
    """The token ends soon."""

    in_s: float


class Of(msgspec.Struct, frozen=True):
    """What an error is about."""

    type: str = ""


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A message went wrong."""

    code: str
    detail: str = ""
    of: Of = Of()


Verdict = Receipt | Reject | Retry
"""What answers a vote or a retraction."""

Message = Event | Joined | Welcome | Verdict | Pong | Expiring | Error

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_peek = msgspec.json.Decoder(Of)
_TYPES = frozenset(
    "totals poll presence deleted joined welcome ack reject retry pong expiring error".split()  # noqa: SIM905
)


def decode(data: bytes) -> Message | None:
    """The message of a frame; None for what this client does not know, which is no error."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            known = _peek.decode(data).type in _TYPES
        except (msgspec.DecodeError, UnicodeDecodeError):
            known = True
        if known:
            log.warning("a frame of the server was not understood: %s", error)
        return None


def encode(kind: str, **fields: object) -> str:
    """A message to the server, without the fields that are None. Raises ValueError where it would be too long."""
    body = {"type": kind} | {name: value for name, value in fields.items() if value is not None}
    data = msgspec.json.encode(body)
    if len(data) > LONGEST:
        raise ValueError(f"a {kind} may have {LONGEST} bytes, not {len(data)}")
    return data.decode()


def new_op() -> UUID:
    """A name for a new act: a UUID of version 7 (RFC 9562, section 5.7), so that later ones sort later."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
