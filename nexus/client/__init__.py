"""A client of Nexus in Python, for bots, rehearsals, benchmarks and tests (docs/contract.md, "WebSocket").

    async with connect("ws://127.0.0.1:8000/ws", token) as nexus:
        room = await nexus.join(code="K7M2QP")
        receipt = await nexus.vote(room.id, [room.poll.options[0].id])
        async for update in room:
            ...

It reconnects by itself when a connection is lost, enters its rooms again where it left them, and sends a vote with
the same op until it is answered, so that the vote counts once. An event is followed by its code:

    place = await nexus.enter("H4NDY7")  # the EventRoom of an event, or the Room of a poll
    async for update in place:
        ...  # after each Shown, `place.room` is the Room of what is shown

`python -m nexus.client URL CODE` watches either in the terminal.

- `nexus`: the client, `Nexus`, with its rooms and votes. `room`: a poll that is watched, as its readers see it;
  `event_room`: an event, in the same way; `updates`: how both are read. `places`: all rooms of a client. `acts`: votes
  under way.
- `connection`: staying connected: hello, renewal of the token, pings, reconnection. `link`: one socket of it.
- `messages`: what is said. `codec`: its JSON. `close_codes`, `errors`: how a connection ends, and what can go wrong.
- `waiting`: waiting for a poll that can't be seen yet.
- `http`: tokens of guests, over HTTP. `login_pass`: those of an account. `terminal`: a poll drawn in a terminal,
  `event_terminal`: an event.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from nexus.client.connection import Patience, Token
from nexus.client.errors import ClientError, Closed, Refused, TurnedAway, Unreachable, VoteUnsettled
from nexus.client.event_room import EventRoom, EventUpdate, Shown
from nexus.client.http import Guest, GuestPass, guest_token, post, socket_url
from nexus.client.login_pass import LoginPass
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
    SheetPoll,
    Totals,
    Update,
    new_op,
)
from nexus.client.nexus import Nexus
from nexus.client.room import Room
from nexus.client.waiting import wait_for

__all__ = [
    "CastBallot",
    "ClientError",
    "Closed",
    "Count",
    "Deleted",
    "Event",
    "EventRoom",
    "EventUpdate",
    "Guest",
    "GuestPass",
    "LoginPass",
    "Nexus",
    "Option",
    "Patience",
    "Poll",
    "PollChanged",
    "Presence",
    "Receipt",
    "Refused",
    "Room",
    "SheetPoll",
    "Shown",
    "Token",
    "Totals",
    "TurnedAway",
    "Unreachable",
    "Update",
    "VoteUnsettled",
    "connect",
    "guest_token",
    "new_op",
    "post",
    "socket_url",
    "wait_for",
]


@asynccontextmanager
async def connect(url: str, token: Token, *, patience: Patience | None = None) -> AsyncIterator[Nexus]:
    """Connect to a server, and close the client when the `async with` block ends.

    Parameters:
        url: where the server's WebSocket is, such as ws://127.0.0.1:8000/ws; `socket_url` makes it from an HTTP URL.
        token: an access token, or an async function that returns the newest one whenever it is called. Only with a
            function can the client outlive its first token. `GuestPass` is such a function, for guests of one poll or
            event, and `LoginPass`, for an account.
        patience: how long to wait for what; by default that of `Patience()`.

    Returns:
        A context manager that enters with the `Nexus`, once the server has accepted the token.

    Raises:
        ValueError: `url` is not a WebSocket URL.
        Unreachable: there was no welcome within `patience.connect_s`, for a reason that may pass.
        TurnedAway: the server refused the client, for a reason that will not pass, such as an invalid token.
        ClientError: the function `token` raised it, or raised the exception that is its cause.
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
