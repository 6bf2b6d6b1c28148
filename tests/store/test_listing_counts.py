"""Counts of lists: long ones are kept for less than two seconds, and a page never lags."""

from __future__ import annotations

import pytest

from nexus.domain.identity import Identity
from nexus.store import listing_counts
from nexus.store.database import Database
from nexus.store.listing import Filter, list_polls
from nexus.store.listing_counts import Counts
from tests.support.ballots import ADMIN, HOST, make_poll, voter
from tests.support.clock import ManualClock

STRANGER = voter(1)


def test_a_long_count_is_kept_for_less_than_two_seconds() -> None:
    clock = ManualClock(100.0)
    counts = Counts(clock)
    counts.keep("polls", listing_counts.LONG, counts.begin())
    clock.now += listing_counts.RENEWED_S
    assert counts.get("polls") == listing_counts.LONG
    clock.now = 100 + listing_counts.STALE_S + 0.01
    assert counts.get("polls") is None
    assert listing_counts.STALE_S < 2


def test_one_counts_again_and_the_others_need_not_wait() -> None:
    clock = ManualClock(100.0)
    counts = Counts(clock)
    counts.keep("polls", 10_000, counts.begin())
    clock.now += listing_counts.RENEWED_S + 0.01
    assert [counts.get("polls") for _ in range(3)] == [None, 10_000, 10_000]
    counts.keep("polls", 10_001, counts.begin())
    assert counts.get("polls") == 10_001


def test_short_counts_are_not_kept_and_long_ones_not_without_bound() -> None:
    counts = Counts(ManualClock(100.0))
    counts.keep("short", listing_counts.LONG - 1, counts.begin())
    assert counts.get("short") is None
    for key in range(listing_counts.KEPT + 1):
        counts.keep(key, 10_000, counts.begin())
    assert counts.get(0) is None
    assert counts.get(1) == 10_000
    counts.keep(1, 3, counts.begin())
    assert counts.get(1) is None


async def test_a_kept_count_lags_and_the_page_does_not(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_counts, "LONG", 1)
    clock = ManualClock(100.0)
    counts = Counts(clock)

    async def listed(by: Identity) -> tuple[int, list[int]]:
        count, found = await list_polls(database, by, Filter(), limit=20, offset=0, counts=counts)
        return count, [poll.id for poll in found]

    first = await make_poll(database)
    assert await listed(STRANGER) == (1, [first.id])
    own = await make_poll(database, by=HOST, is_public=False)
    assert await listed(HOST) == (2, [own.id, first.id])  # what is hidden from others is always counted
    assert await listed(ADMIN) == (2, [own.id, first.id])
    second = await make_poll(database)
    clock.now += 1
    assert (await listed(STRANGER))[0] == 1
    clock.now += 1
    assert await listed(STRANGER) == (2, [second.id, first.id])
