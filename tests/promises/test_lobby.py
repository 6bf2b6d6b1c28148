"""Who waits on one worker hears of an opening on another, with Redis and without (docs/contract.md, "Waiting")."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.redis_server import running_redis
from tests.support.served import Server, ending
from tests.support.values import Json

WITHIN_S = 15.0
"""Generous: the machine that runs the tests may be busy with others."""
HOST = "user:1"
REDIS_GONE = r"Redis|redis|bus"


async def draft(server: Server) -> Json:
    body = {"question": "Which?", "options": [{"option_text": "Yes"}, {"option_text": "No"}], "status": "draft"}
    return dict((await _post(server, "/polls/", body)).json())


async def _post(server: Server, path: str, body: object) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url) as client:
        token = {"Authorization": f"Bearer {server.token(HOST, 'user')}"}
        return (await client.post(path, json=body, headers=token)).raise_for_status()


async def heard(socket: ClientConnection) -> Json:
    return dict(json.loads(await asyncio.wait_for(socket.recv(), WITHIN_S)))


async def test_an_opening_reaches_the_other_worker_with_redis_and_when_it_is_gone(
    tmp_path: Path, database_url: str
) -> None:
    with running_redis(own=True) as redis:
        here, there = (Server(tmp_path / name, database_url, redis.url, allowed=[REDIS_GONE]) for name in ("a", "b"))
        async with ending(here), ending(there):
            await asyncio.gather(here.start(), there.start())
            for outage in (False, True):
                poll = await draft(here)
                url = f"{there.url.replace('http', 'ws', 1)}/ws"
                async with connect(url, subprotocols=[Subprotocol("nexus.v1")], proxy=None) as socket:
                    await socket.send(json.dumps({"type": "wait", "code": poll["code"]}))
                    assert await heard(socket) == {"type": "waiting", "code": poll["code"]}
                    if outage:
                        redis.kill()
                    await _post(here, f"/polls/{poll['id']}/open/", {})
                    assert await heard(socket) == {"type": "ready", "code": poll["code"]}
