"""Every message of `nexus.v1` in both directions, and how they are read and written
(docs/contract.md, "Client messages")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.ballot import Outcome, Receipt
from nexus.domain.poll import Poll, Totals, Visibility
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, PollView, TotalsView, poll_view, totals_view
from nexus.errors import PollNotFound
from nexus.rooms.frame import Frame
from nexus.ws.unreadable import MessageOutline, outline_of, unreadable

WholeNumber = Annotated[int, msgspec.Meta(ge=0)]


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """Says who the client is; sent again, renews the token."""

    token: str


class Join(msgspec.Struct, frozen=True, tag="join", forbid_unknown_fields=True):
    """Starts watching a poll, named by id or by code; `epoch` and `version` say which totals the client already has.
    `as` a screen it is not counted in `presence`, whoever's the token is."""

    poll: int | UnsetType = UNSET
    code: str | UnsetType = UNSET
    epoch: WholeNumber | UnsetType = UNSET
    version: WholeNumber | UnsetType = UNSET
    as_: Literal["screen"] | UnsetType = msgspec.field(default=UNSET, name="as")


class Leave(msgspec.Struct, frozen=True, tag="leave", forbid_unknown_fields=True):
    """Stops watching a poll."""

    poll: int


class Vote(msgspec.Struct, frozen=True, tag="vote", forbid_unknown_fields=True):
    """Casts one ballot; with `epoch` it is refused if a new round has begun."""

    op: UUID
    poll: int
    options: list[int]
    epoch: int | None = None


class Retract(msgspec.Struct, frozen=True, tag="retract", forbid_unknown_fields=True):
    """Withdraws all of the voter's ballots, or the one whose op is `ballot`."""

    op: UUID
    poll: int
    ballot: UUID | None = None
    epoch: int | None = None


class Ping(msgspec.Struct, frozen=True, tag="ping", forbid_unknown_fields=True):
    """Asks for a sign of life and the server's time."""

    id: int | str | None = None


class Wait(msgspec.Struct, frozen=True, tag="wait", forbid_unknown_fields=True):
    """Instead of a hello: asks to be told when the poll of a code can be seen; nothing else is told of it."""

    code: str


ClientMessage = Hello | Wait | Join | Leave | Vote | Retract | Ping


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The token is accepted."""

    voter: str
    expires_at: str
    server_now: str


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """The poll of this code can't be seen yet: it is a draft, or scheduled. No hello is due until the wait is over."""

    code: str


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The poll of this code can be seen: the wait is over, and a hello is due."""

    code: str


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """The snapshot of a poll that is watched from now on; `totals` is null where the client already has them."""

    poll: PollView
    totals: TotalsView | None
    me: list[BallotView]
    role: Role


class Left(msgspec.Struct, frozen=True, tag="left"):
    """The poll is no longer watched."""

    poll: int


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """A vote or retraction is committed."""

    op: UUID
    poll: int
    status: Outcome
    epoch: int
    version: int
    stands: bool


class Reject(msgspec.Struct, frozen=True, tag="reject"):
    """A vote or retraction was refused and had no effect; `poll` is null where it could not be read."""

    op: UUID
    poll: int | None
    code: str
    detail: str


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """A vote or retraction had no effect yet, or its outcome is unknown: send it again with the same op."""

    op: UUID
    poll: int
    after_ms: int


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping."""

    id: int | str | None
    server_now: str


class PollFrame(msgspec.Struct, frozen=True, tag="poll"):
    """The definition or status of a poll has changed."""

    poll: PollView


class Deleted(msgspec.Struct, frozen=True, tag="deleted"):
    """A poll no longer exists, or no longer for this voter."""

    poll: int


class Presence(msgspec.Struct, frozen=True, tag="presence"):
    """How many voters are watching a poll, over all workers; without hosts and screens."""

    poll: int
    online: int


class Expiring(msgspec.Struct, frozen=True, tag="expiring"):
    """The token expires in `in_s` seconds."""

    in_s: int


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A message could not be handled; `of` says which one."""

    code: str
    detail: str
    of: MessageOutline


ServerMessage = (
    Welcome
    | Waiting
    | Ready
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
    """Returns the message in a text frame. Raises `Unreadable` with the contract's code."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise unreadable(text, str(error)) from error


def encode(message: ServerMessage) -> Frame:
    """Returns a message encoded, for one socket or for thousands."""
    return Frame(_encode(message))


def outline(message: ClientMessage) -> MessageOutline:
    """Returns what an error says of a message that could be read."""
    return outline_of(msgspec.to_builtins(message))


def ack(receipt: Receipt) -> Frame:
    """Returns the encoded ack of a receipt."""
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
    """Encodes what rooms send, once for each audience; `now` is the clock of `server_now`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """The totals as one audience may see them."""
        return encode(totals_view(totals, sees, self._now()))

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """The poll as one audience may see it."""
        return encode(PollFrame(poll_view(poll, sees)))

    def presence(self, poll: int, online: int) -> Frame:
        """How many voters are watching."""
        return encode(Presence(poll, online))

    def deleted(self, poll: int) -> Frame:
        """The poll no longer exists."""
        return encode(Deleted(poll))


class LobbyFrames:
    """Encodes the ends of a wait, once for all who wait for the same poll."""

    def ready(self, code: str) -> Frame:
        """The poll of `code` can be seen."""
        return encode(Ready(code))

    def gone(self) -> Frame:
        """No poll has this code any more."""
        return encode(Error(PollNotFound.code, PollNotFound.default, MessageOutline(type="wait")))
