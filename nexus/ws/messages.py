"""Every message of `nexus.v1` in both directions, and how they are read and written
(docs/contract.md, "Client messages")."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.ballot import Outcome, Receipt
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, EventView, PollView, TotalsView
from nexus.rooms.frame import Frame
from nexus.ws.unreadable import MessageOutline, outline_of, unreadable

WholeNumber = Annotated[int, msgspec.Meta(ge=0)]


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """Says who the client is; sent again, renews the token."""

    token: str


class Join(msgspec.Struct, frozen=True, tag="join", forbid_unknown_fields=True):
    """Starts watching a poll or following an event, named by id or by code; `epoch` and `version` say which totals of
    a poll the client already has, `revision` which state of an event. `as` a screen it is not counted in `presence`,
    whoever's the token is."""

    poll: int | UnsetType = UNSET
    event: int | UnsetType = UNSET
    code: str | UnsetType = UNSET
    epoch: WholeNumber | UnsetType = UNSET
    version: WholeNumber | UnsetType = UNSET
    revision: WholeNumber | UnsetType = UNSET
    as_: Literal["screen"] | UnsetType = msgspec.field(default=UNSET, name="as")


class Leave(msgspec.Struct, frozen=True, tag="leave", forbid_unknown_fields=True):
    """Stops watching a poll, or following an event."""

    poll: int | UnsetType = UNSET
    event: int | UnsetType = UNSET


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
    """The poll is no longer watched, or the event no longer followed."""

    poll: int | UnsetType = UNSET
    event: int | UnsetType = UNSET


class Entered(msgspec.Struct, frozen=True, tag="entered"):
    """The snapshot of an event that is followed from now on, with the poll that it shows: null where nothing is shown.
    `totals` is null there, and where the socket has them: it had joined that poll by itself."""

    event: EventView
    role: Role
    poll: PollView | None
    totals: TotalsView | None
    me: list[BallotView]


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """An event has changed. Where another poll is shown than before, it is here: `poll`, `totals` and `me` as in
    `entered`; else they are absent. From this message on nothing of the poll before comes but the answers to votes."""

    event: EventView
    poll: PollView | UnsetType | None = UNSET
    totals: TotalsView | UnsetType | None = UNSET
    me: list[BallotView] | UnsetType = UNSET


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
    """A poll or an event no longer exists, or no longer for this voter."""

    poll: int | UnsetType = UNSET
    event: int | UnsetType = UNSET


class Presence(msgspec.Struct, frozen=True, tag="presence", kw_only=True):
    """How many voters are watching a poll or following an event, over all workers; without hosts and screens."""

    poll: int | UnsetType = UNSET
    event: int | UnsetType = UNSET
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
    | Entered
    | Shown
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
