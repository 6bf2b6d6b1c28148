"""An example of every message in both directions, as values of the real types: the documents show what is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from nexus.domain.ballot import Outcome
from nexus.domain.example_poll import NOW, OP, POLL
from nexus.domain.poll import Status, Visibility
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, Count, EventView, SheetPollView, TotalsView
from nexus.ws.messages import (
    Ack,
    ClientMessage,
    Deleted,
    Entered,
    Error,
    Expiring,
    Hello,
    Join,
    Joined,
    Leave,
    Left,
    Ping,
    PollFrame,
    Pong,
    Presence,
    Ready,
    Reject,
    Retract,
    Retry,
    ServerMessage,
    Shown,
    Vote,
    Wait,
    Waiting,
    Welcome,
)
from nexus.ws.unreadable import MessageOutline

_OP = UUID(OP)
_LATER = "2026-11-22T18:45:00Z"
_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyOjEifQ.c2lnbmF0dXJl"  # noqa: S105 - an example

_TOTALS = TotalsView(
    poll=7,
    epoch=1,
    version=43,
    status=Status.OPEN,
    visibility=Visibility.FULL,
    final=False,
    voters=9,
    total_votes=9,
    options=[Count(12, 5), Count(13, 4)],
    server_now=NOW,
)

_EVENT = EventView(
    id=4,
    code="H4NDY7",
    title="Annual meeting",
    description="",
    created_by="user:1",
    hosts=["user:5"],
    is_public=True,
    allow_guests=True,
    polls=[SheetPollView(7, POLL.question, Status.OPEN)],
    polls_count=3,
    shown=7,
    revision=17,
    created_at=NOW,
    updated_at=NOW,
)
_PAUSE = msgspec.structs.replace(_EVENT, shown=None, revision=18)
_POLL_OF_EVENT = msgspec.structs.replace(POLL, code=None, event=4, position=0)

CLIENT: tuple[ClientMessage, ...] = (
    Hello(token=_TOKEN),
    Wait(code="K7M2QP"),
    Join(code="K7M2QP"),
    Join(poll=7, epoch=1, version=42),
    Join(code="K7M2QP", as_="screen"),
    Join(event=4, revision=17),
    Leave(poll=7),
    Leave(event=4),
    Vote(op=_OP, poll=7, options=[12]),
    Retract(op=_OP, poll=7),
    Ping(id=1),
)
"""At least one of each message of the client."""

SERVER: tuple[ServerMessage, ...] = (
    Welcome(voter="user:12", expires_at=_LATER, server_now=NOW),
    Waiting(code="K7M2QP"),
    Ready(code="K7M2QP"),
    Joined(poll=POLL, totals=_TOTALS, me=[BallotView(str(_OP), [12], NOW)], role=Role.VOTER),
    Entered(event=_EVENT, role=Role.VOTER, poll=_POLL_OF_EVENT, totals=_TOTALS, me=[]),
    Entered(event=_PAUSE, role=Role.VOTER, poll=None, totals=None, me=[]),
    Left(poll=7),
    Left(event=4),
    Ack(op=_OP, poll=7, status=Outcome.RECORDED, epoch=1, version=43, stands=True),
    Reject(op=_OP, poll=7, code="poll_closed", detail="The poll is closed."),
    Retry(op=_OP, poll=7, after_ms=500),
    Pong(id=1, server_now=NOW),
    PollFrame(poll=POLL),
    Shown(event=_EVENT, poll=_POLL_OF_EVENT, totals=_TOTALS, me=[BallotView(str(_OP), [12], NOW)]),
    Shown(event=_EVENT),
    Deleted(poll=7),
    Deleted(event=4),
    Presence(poll=7, online=132),
    Presence(event=4, online=132),
    Expiring(in_s=60),
    Error(code="poll_not_found", detail="There is no such poll.", of=MessageOutline(type="join", poll=8)),
    _TOTALS,
)
"""At least one of each message of the server."""


def examples(kind: type[object]) -> list[dict[str, Any]]:
    """Returns the examples of one type of message, as JSON values."""
    return [msgspec.json.decode(msgspec.json.encode(one)) for one in (*CLIENT, *SERVER) if type(one) is kind]
