"""A database driven from plain functions, for hypothesis' state machines, which know no event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec

from nexus.store.database import Database

T = TypeVar("T")

HELD = """
SELECT p.id, json_build_array(
    json_build_array(p.status, p.epoch, p.version, p.voters, p.ballots),
    (SELECT json_agg(json_build_array(o.id, o.votes_count) ORDER BY o.position) FROM options o WHERE o.poll_id = p.id),
    (SELECT coalesce(json_agg(json_build_array(v.voter, v.op, v.choices)), '[]') FROM votes v
     WHERE v.poll_id = p.id AND v.epoch = p.epoch),
    (SELECT count(*) FROM acts a WHERE a.poll_id = p.id)
) AS held
FROM polls p WHERE p.id = ANY($1::bigint[])
"""
"""$1 polls."""


class DrivenDatabase:
    """The database, and the loop that drives it."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner = runner
        self.database = database

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`."""
        return self._runner.run(work)

    def holds(self, polls: list[int]) -> dict[int, list[Any]]:
        """Of each poll: its state and place, counters by option, the ballots that stand, and how many acts."""

        async def read() -> dict[int, list[Any]]:
            async with self.database.read() as connection:
                found = await connection.raw.fetch(HELD, polls)
            return {row["id"]: msgspec.json.decode(row["held"]) for row in found}

        return self.run(read())

    def write(self, statement: str, *values: object) -> None:
        """Run one statement."""

        async def work() -> None:
            async with self.database.transaction() as connection:
                await connection.raw.execute(statement, *values)

        self.run(work())
