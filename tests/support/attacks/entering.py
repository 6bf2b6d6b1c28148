"""People who come in and should not, or too often."""

from __future__ import annotations

import json

from tests.support.attacks.line import crowd, line_to
from tests.support.attacks.requests import asking, request
from tests.support.attacks.socket_frames import message, shake_hands
from tests.support.attacks.target import Target

_FORGED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyOjEifQ." + "A" * 43


async def bad_tokens(target: Target) -> None:
    """50 sockets that say hello with a forged token, closed and back at once."""
    await crowd(target.sockets(50), lambda: _forged(target))


async def ballot_stuffing(target: Target) -> None:
    """50 clients that become a new guest, vote over HTTP, and become the next."""
    await crowd(target.sockets(50), lambda: _stuff(target))


async def _forged(target: Target) -> None:
    async with line_to(target) as line:
        await shake_hands(target, line)
        await line.send(message({"type": "hello", "token": _FORGED}))
        await line.lost()


async def _stuff(target: Target) -> None:
    code = json.dumps({"code": target.code}).encode()
    async with asking(target) as client:
        while True:
            guest = json.loads(await client.ask(request(target, "POST", "/auth/guest/", body=code)))
            if "access" not in guest:  # refused: there were too many
                continue
            ballot = json.dumps({"options": [target.option]}).encode()
            path = f"/polls/{guest['poll']}/vote/"
            await client.ask(request(target, "POST", path, token=guest["access"], body=ballot))
