"""Every message of `nexus.v1`, each way, and how they are read and written (contract, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.ballot import Outcome, Receipt
from nexus.domain.poll import Poll, Totals, Visibility
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, PollView, TotalsView, poll_view, totals_view
from nexus.rooms.frame import Frame
from nexus.ws.unreadable import Of, readable, unreadable

Round = Annotated[int, msgspec.Meta(ge=0)]


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """Who I am; again to renew the token."""

    token: str


class Join(msgspec.Struct, frozen=True, tag="join", forbid_unknown_fields=True):
    """Let me watch a poll, by id or code; `epoch` and `version` say what I have from before."""

    poll: int | UnsetType = UNSET
    code: str | UnsetType = UNSET
    epoch: Round | UnsetType = UNSET
    version: Round | UnsetType = UNSET


class Leave(msgspec.Struct, frozen=True, tag="leave", forbid_unknown_fields=True):
    """I watch a poll no more."""

    poll: int


class Vote(msgspec.Struct, frozen=True, tag="vote", forbid_unknown_fields=True):
    """One ballot; with `epoch` it is refused when the round has moved on."""

    op: UUID
    poll: int
    options: list[int]
    epoch: int | None = None


class Retract(msgspec.Struct, frozen=True, tag="retract", forbid_unknown_fields=True):
    """I take back my ballots, or the one whose op is `ballot`."""

    op: UUID
    poll: int
    ballot: UUID | None = None
    epoch: int | None = None


class Ping(msgspec.Struct, frozen=True, tag="ping", forbid_unknown_fields=True):
    """Are you there, and what time is it?"""

    id: int | str | None = None


ClientMessage = Hello | Join | Leave | Vote | Retract | Ping


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The token holds."""

    voter: str
    expires_at: str
    server_now: str


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """The snapshot of a poll one watches from now on; `totals` is null where the client has them already."""

    poll: PollView
    totals: TotalsView | None
    me: list[BallotView]
    role: Role


class Left(msgspec.Struct, frozen=True, tag="left"):
    """Nothing more of this poll."""

    poll: int


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """An act has committed."""

    op: UUID
    poll: int
    status: Outcome
    epoch: int
    version: int
    stands: bool


class Reject(msgspec.Struct, frozen=True, tag="reject"):
    """An act is refused, and left no trace; `poll` is null where it could not be read."""

    op: UUID
    poll: int | None
    code: str
    detail: str


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """It is not known whether an act took effect, or it did not: send it again, with the same op."""

    op: UUID
    poll: int
    after_ms: int


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    id: int | str | None
    server_now: str


class PollFrame(msgspec.Struct, frozen=True, tag="poll"):
    """The definition or status of a poll changed."""

    poll: PollView


class Deleted(msgspec.Struct, frozen=True, tag="deleted"):
    """A poll is gone, or gone for this voter."""

    poll: int


class Presence(msgspec.Struct, frozen=True, tag="presence"):
    """How many sockets watch a poll, over all workers."""

    poll: int
    online: int


class Expiring(msgspec.Struct, frozen=True, tag="expiring"):
    """The token ends in so many seconds."""

    in_s: int


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A message went wrong."""

    code: str
    detail: str
    of: Of


ServerMessage = (
    Welcome
    | Joined
    | Left
    | Ack
    | Reject
    | Retry
    | Pong
    | PollFrame
    | Deleted
    | Presence
    | Expiring
    | Error
    | TotalsView
)

_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_encode = msgspec.json.Encoder().encode


def decode(text: str) -> ClientMessage:
    """The message of a text frame. Raises `Unreadable` with the contract's code."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise unreadable(text, str(error)) from error


def encode(message: ServerMessage) -> Frame:
    """A message as it goes to one socket or to thousands."""
    return Frame(_encode(message))


def of(message: ClientMessage) -> Of:
    """What an error says of a message that could be read."""
    return readable(msgspec.to_builtins(message))


def ack(receipt: Receipt) -> Frame:
    """The ack of a receipt."""
    return Frame(
        _encode(
            Ack(
                op=receipt.op,
                poll=receipt.poll,
                status=receipt.status,
                epoch=receipt.epoch,
                version=receipt.version,
                stands=receipt.stands,
            )
        )
    )


class RoomFrames:
    """What rooms send, encoded once for each audience; `now` is the clock of `server_now`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """A totals frame for one audience."""
        return encode(totals_view(totals, sees, self._now()))

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """A poll frame for one audience."""
        return encode(PollFrame(poll_view(poll, sees)))

    def presence(self, poll: int, online: int) -> Frame:
        """How many sockets watch."""
        return encode(Presence(poll, online))

    def deleted(self, poll: int) -> Frame:
        """The poll is gone."""
        return encode(Deleted(poll))
