"""python-socketio on uvicorn, with its rooms, sessions and acknowledgements; votes through asyncpg's pool."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import asyncpg
import socketio
import uvicorn

BALLOT = """
INSERT INTO ballots VALUES ($1, $2, $3)
ON CONFLICT (poll_id, voter) DO UPDATE
SET previous_id = ballots.option_id, option_id = excluded.option_id RETURNING previous_id
"""
LOCK = "UPDATE polls SET version = version + 1 WHERE id = $1 RETURNING version"
COUNT = """
UPDATE options SET votes = votes + (id = $2)::integer - (id = $3)::integer WHERE poll_id = $1 RETURNING id, votes
"""
READ = """
SELECT polls.version, options.id, options.votes, ballots.option_id
FROM polls JOIN options ON options.poll_id = polls.id
LEFT JOIN ballots ON ballots.poll_id = polls.id AND ballots.voter = $2
WHERE polls.id = $1 ORDER BY options.id
"""

sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
pool: asyncpg.Pool


async def start() -> None:
    """Make the pool and the tables, before anybody is let in."""
    global pool  # noqa: PLW0603 - as the documentation's examples keep what all handlers share
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"])
    await pool.execute(Path(__file__).with_name("tables.sql").read_text())


async def record(poll: int, voter: str, option: int) -> dict[str, Any]:
    """One vote, committed; returns the totals after it, which never lack an earlier vote: the poll's row is locked."""
    async with pool.acquire() as connection, connection.transaction():
        previous = await connection.fetchval(BALLOT, poll, voter, option)
        version = await connection.fetchval(LOCK, poll)
        options = await connection.fetch(COUNT, poll, option, previous or 0)
    return {"poll": poll, "version": version, "options": [dict(row) for row in options]}


@sio.event
async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, str]) -> None:
    """A voter is who it says it is."""
    await sio.save_session(sid, {"voter": auth["voter"]})


@sio.event
async def join(sid: str, poll: int) -> dict[str, Any]:
    """Enter the room of a poll; answers with its totals and the voter's own choice."""
    await sio.enter_room(sid, f"poll:{poll}")
    session = await sio.get_session(sid)
    rows = await pool.fetch(READ, poll, session["voter"])
    options = [{"id": row["id"], "votes": row["votes"]} for row in rows]
    return {"poll": poll, "version": rows[0]["version"], "options": options, "choice": rows[0]["option_id"]}


@sio.event
async def vote(sid: str, ballot: dict[str, int]) -> dict[str, Any]:
    """Vote; the answer, which is sent first, acknowledges it."""
    session = await sio.get_session(sid)
    totals = await record(ballot["poll"], session["voter"], ballot["option"])
    sio.start_background_task(sio.emit, "totals", totals, room=f"poll:{ballot['poll']}")
    return {"version": totals["version"]}


app = socketio.ASGIApp(sio, on_startup=start)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
