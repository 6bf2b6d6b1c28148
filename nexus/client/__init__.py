"""A client of Nexus in Python, for bots, rehearsals, benchmarks and tests (contract, section 3).

    async with connect("ws://127.0.0.1:8000/ws", token) as nexus:
        room = await nexus.join(code="K7M2QP")
        receipt = await nexus.vote(room.id, [room.poll.options[0].id])
        async for event in room:
            ...

It comes back by itself when a connection is lost, enters its rooms again where it left them, and sends a vote with
the same op until it is answered, so that it counts once. `python -m nexus.client URL CODE` watches a poll.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from nexus.client.connection import Patience, Token
from nexus.client.errors import ClientError, Closed, Refused, TurnedAway, Unreachable, VoteUnsettled
from nexus.client.http import Guest, GuestPass, guest_token, post, socket_url
from nexus.client.member import Nexus
from nexus.client.messages import (
    CastBallot,
    Count,
    Deleted,
    Event,
    Option,
    Poll,
    PollChanged,
    Presence,
    Receipt,
    Totals,
    new_op,
)
from nexus.client.room import Room

__all__ = [
    "CastBallot",
    "ClientError",
    "Closed",
    "Count",
    "Deleted",
    "Event",
    "Guest",
    "GuestPass",
    "Nexus",
    "Option",
    "Patience",
    "Poll",
    "PollChanged",
    "Presence",
    "Receipt",
    "Refused",
    "Room",
    "Token",
    "Totals",
    "TurnedAway",
    "Unreachable",
    "VoteUnsettled",
    "connect",
    "guest_token",
    "new_op",
    "post",
    "socket_url",
]


@asynccontextmanager
async def connect(url: str, token: Token, *, patience: Patience | None = None) -> AsyncIterator[Nexus]:
    """Connect to `url`, like ws://127.0.0.1:8000/ws, say hello, and give the client once it is welcome.

    Raises `Unreachable` or `TurnedAway`, and ValueError for what is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError(f"{url!r} is not a URL like ws://127.0.0.1:8000/ws")
    nexus = Nexus(url, token, patience or Patience())
    try:
        await nexus.start()
        yield nexus
    finally:
        await nexus.close()
