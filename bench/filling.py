"""Ballots that are in the tables before a benchmark begins, put there past the service."""

from __future__ import annotations

import asyncpg

from bench.generator.nexus_dialect import HotPoll

_OWN = """
WITH ballots AS (
    INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
    SELECT $1, 1, 'user:' || n, '00000000-0000-0000-0000-000000000000', gen_random_uuid(), ARRAY[$2::bigint],
           clock_timestamp()
    FROM generate_series($3::integer, $3::integer + $4::integer - 1) n
    RETURNING poll_id, voter, op, choices, cast_at
), acts AS (
    INSERT INTO acts (poll_id, voter, op, act, choices, outcome, epoch, version, at)
    SELECT poll_id, voter, op, 'vote', choices, 'recorded', 1, 2, cast_at FROM ballots
), counted AS (
    UPDATE options SET votes_count = votes_count + $4::integer WHERE id = $2
)
UPDATE polls SET voters = voters + $4::integer, ballots = ballots + $4::integer, version = version + 1 WHERE id = $1
"""
# $1 the poll, $2 the option, $3 the first user, $4 how many.

# Every second row is one of the hot poll $1, the others are spread over 1,000 polls, whose rows nobody needs.
# $2 the option, $3 the first number, $4 the last. Op and voter follow from the number, so that both tables agree.
_MANY = """
SELECT CASE WHEN n % 2 = 0 THEN $1 ELSE 1000000 + n % 1000 END, 1, 'ext:' || n, {columns}
FROM generate_series($3::bigint, $4::bigint) n
"""
_MANY_VOTES = "INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)" + _MANY.format(
    columns="'00000000-0000-0000-0000-000000000000', md5(n::text)::uuid, ARRAY[$2::bigint], clock_timestamp()"
)
_MANY_ACTS = "INSERT INTO acts (poll_id, epoch, voter, op, act, choices, outcome, version, at)" + _MANY.format(
    columns="md5(n::text)::uuid, 'vote', ARRAY[$2::bigint], 'recorded', 2, clock_timestamp()"
)
_COUNT_MANY = """
WITH counted AS (UPDATE options SET votes_count = votes_count + $3::bigint WHERE id = $2)
UPDATE polls SET voters = voters + $3::bigint, ballots = ballots + $3::bigint, version = version + 1 WHERE id = $1
"""
_INDEXES = """
SELECT c.relname AS name, t.relname AS parent, pg_get_indexdef(i.indexrelid) AS made,
       k.conname AS constraint_name, pg_get_constraintdef(k.oid) AS constraint_made
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE t.relname IN ('votes', 'acts')
"""
_LONG_S = 600.0


async def fill_own(url: str, poll: HotPoll, first: int, voters: int) -> None:
    """A ballot that stands for each of the users `first` and on."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_OWN, poll.id, poll.options[0], first, voters)
        await connection.execute("VACUUM ANALYZE votes")
        await connection.execute("VACUUM ANALYZE acts")
    finally:
        await connection.close()


async def fill_many(url: str, poll: HotPoll, begin: int, end: int) -> None:
    """Ballots number `begin` to `end` - 1 with their acts: half in the poll, half in others, of voters who do nothing.

    Indexes are dropped meanwhile and made again, which is several times as fast; nobody may use the tables.
    """
    connection = await asyncpg.connect(url, command_timeout=_LONG_S)
    try:
        await connection.execute("SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 2")
        indexes = await connection.fetch(_INDEXES)
        for one in indexes:
            named = one["constraint_name"]
            drop = f"ALTER TABLE {one['parent']} DROP CONSTRAINT {named}" if named else f"DROP INDEX {one['name']}"
            await connection.execute(drop)
        for statement in (_MANY_VOTES, _MANY_ACTS):
            await connection.execute(statement, poll.id, poll.options[0], begin, end - 1)
        await connection.execute(_COUNT_MANY, poll.id, poll.options[0], (end - begin) // 2)
        for one in indexes:
            named, made = one["constraint_name"], one["constraint_made"]
            again = f"ALTER TABLE {one['parent']} ADD CONSTRAINT {named} {made}" if named else one["made"]
            await connection.execute(again)
        for table in ("votes", "acts"):
            await connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}")
    finally:
        await connection.close()


async def checkpoint(url: str) -> None:
    """Write everything to the disk now, and not while votes are measured."""
    superuser = await asyncpg.connect(url, user="postgres", command_timeout=_LONG_S)
    try:
        await superuser.execute("CHECKPOINT")
    finally:
        await superuser.close()
