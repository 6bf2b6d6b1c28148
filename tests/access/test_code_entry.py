"""Entering by code: a crowd shares its queries, and each voter's wrong codes are counted all the same."""

import asyncio
from collections.abc import Sequence

import pytest

from nexus.access.code_entry import CodeEntry
from nexus.access.limits import by_minute
from nexus.domain.poll import Poll
from nexus.errors import PollNotFound, TooMany
from nexus.store import polls
from nexus.store.database import Database
from tests.support.ballots import make_poll, voter


def entry_of(database: Database, *, wrong: int = 10, from_address: int = 1000) -> CodeEntry:
    return CodeEntry(database, by_voter=by_minute(wrong), by_address=by_minute(from_address))


async def test_a_crowd_with_one_code_shares_a_query(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    poll, asked = await make_poll(database, is_public=False), list[list[str]]()
    find = polls.find_by_codes

    async def counted(database: Database, codes: Sequence[str]) -> dict[str, Poll]:
        asked.append(list(codes))
        return await find(database, codes)

    monkeypatch.setattr(polls, "find_by_codes", counted)
    entry = entry_of(database)
    spelt = (poll.code, poll.code.lower())
    found = await asyncio.gather(*(entry.redeem(spelt[n % 2], voter(n), "10.0.0.1") for n in range(50)))
    assert (found, asked) == ([poll.id] * 50, [list(spelt)])
    assert len(await members(database, poll)) == 50


async def test_wrong_codes_beside_right_ones_are_each_their_voters_own(database: Database) -> None:
    poll, entry = await make_poll(database), entry_of(database, wrong=3)
    tries = [entry.redeem("WRONG2", voter(1), "10.0.0.1") for _ in range(6)]
    rights = [entry.redeem(poll.code, voter(2 + n), "10.0.0.1") for n in range(6)]
    answers = await asyncio.gather(*tries, *rights, return_exceptions=True)
    assert [type(one) for one in answers[:6]].count(TooMany) == 3
    assert [type(one) for one in answers[:6]].count(PollNotFound) == 3
    assert answers[6:] == [poll.id] * 6
    with pytest.raises(TooMany):
        await entry.redeem(poll.code, voter(1), "10.0.0.1")


async def members(database: Database, poll: Poll) -> set[str]:
    async with database.read() as connection:
        rows = await connection.all("SELECT voter FROM poll_members WHERE poll_id = :poll", poll=poll.id)
    return {row["voter"] for row in rows}
