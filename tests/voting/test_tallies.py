"""Newest totals: to this worker at once, to the bus at a pace, and a cache that is never stale."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from nexus.bus import DeletedNews, News, PollNews, TotalsNews, poll_topic
from nexus.bus.local import LocalBus
from nexus.domain.ballot import Receipt
from nexus.domain.poll import Poll, Status
from nexus.errors import Unavailable
from nexus.store import options, polls, rounds, voting, watch
from nexus.store.database import Database
from nexus.voting import tallies as module
from nexus.voting.tallies import Tallies
from tests.support.ballots import HOST, cast_one, make_poll, retract, vote, voter
from tests.support.listening import Ear
from tests.support.rooms import totals_at
from tests.support.waiting import until

ALICE = voter(1)


class WatchedTallies:
    """Tallies on a real database, what they tell their worker, and what they say on the bus."""

    def __init__(self, database: Database) -> None:
        self.told: list[News] = []
        self.ear = Ear()
        self.bus = LocalBus()
        self.tallies = Tallies(database, self.bus, self.told.append)


@pytest.fixture
async def watched(database: Database) -> AsyncIterator[WatchedTallies]:
    watched = WatchedTallies(database)
    await watched.bus.start(watched.ear)
    yield watched
    await watched.tallies.stop()


async def test_offered_totals_are_told_at_once_and_then_sent(watched: WatchedTallies) -> None:
    await watched.bus.subscribe(poll_topic(7))
    watched.tallies.totals_committed(totals_at(2))
    assert watched.told == [TotalsNews(totals_at(2))]
    await watched.ear.hears(TotalsNews(totals_at(2)))


async def test_totals_of_a_burst_are_coalesced_on_the_bus_and_the_newest_is_last(watched: WatchedTallies) -> None:
    await watched.bus.subscribe(poll_topic(7))
    for version in range(2, 500):
        watched.tallies.totals_committed(totals_at(version))
        if version % 100 == 0:
            await asyncio.sleep(0)
    await watched.ear.reaches(7, totals_at(499).place)
    assert len(watched.ear.places(7)) <= 3
    assert len(watched.told) == 498


async def test_older_totals_do_not_replace_newer_ones_that_wait(watched: WatchedTallies) -> None:
    await watched.bus.subscribe(poll_topic(7))
    for version in (2, 9, 5):
        watched.tallies.totals_committed(totals_at(version))
    await watched.ear.reaches(7, totals_at(9).place)
    await watched.tallies.stop()
    assert watched.ear.places(7)[-1] == totals_at(9).place


async def test_stop_sends_what_is_unsent(watched: WatchedTallies) -> None:
    await watched.bus.subscribe(poll_topic(7))
    watched.tallies.totals_committed(totals_at(2))
    await watched.ear.reaches(7, totals_at(2).place)
    watched.tallies.totals_committed(totals_at(3))
    await watched.tallies.stop()
    assert watched.ear.places(7)[-1] == totals_at(3).place


async def test_changes_and_deletions_are_told_here_and_sent(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database)
    await watched.bus.subscribe(poll_topic(poll.id))
    watched.tallies.poll_changed(poll)
    watched.tallies.deleted(poll.id)
    expected: list[News] = [TotalsNews(poll.totals()), PollNews(poll.id, poll.revision), DeletedNews(poll.id)]
    assert watched.told == expected
    for news in expected:
        await watched.ear.hears(news)


async def test_dead_bus_is_logged_and_what_is_offered_later_is_sent(
    watched: WatchedTallies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await watched.bus.subscribe(poll_topic(7))

    async def broken(news: News) -> None:
        raise ZeroDivisionError(news)

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(watched.bus, "publish", broken)
        watched.tallies.totals_committed(totals_at(2))
        await until(lambda: "news could not be sent" in caplog.text)
    watched.tallies.totals_committed(totals_at(3))
    await watched.ear.reaches(7, totals_at(3).place)


async def test_poll_is_read_once_and_then_only_its_place(
    watched: WatchedTallies, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(database)
    asked: list[Sequence[int]] = []
    whole = watch.polls

    async def counting(database: Database, ids: Sequence[int]) -> Mapping[int, Poll]:
        asked.append(ids)
        return await whole(database, ids)

    monkeypatch.setattr(watch, "polls", counting)
    for _ in range(3):
        assert await watched.tallies.poll(poll.id) == poll
    assert asked == [[poll.id]]


async def test_cached_poll_is_never_older_than_the_database(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database)
    await watched.tallies.poll(poll.id)
    for n in range(5):  # by another worker: nothing is offered here
        receipt = await cast_one(database, vote(poll, voter(n), n % 3))
        read = await watched.tallies.poll(poll.id)
        assert read is not None
        assert (read.version, read.voters) == (receipt.version, n + 1)
    closed = await rounds.close_poll(database, poll.id, HOST)
    assert await watched.tallies.poll(poll.id) == closed
    reset = await rounds.reset_poll(database, poll.id, HOST)
    assert await watched.tallies.poll(poll.id) == reset


async def test_offered_counts_renew_the_cached_poll(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database)
    await watched.tallies.poll(poll.id)
    recorded = await voting.record(database, [vote(poll, ALICE, 1)])
    watched.tallies.totals_committed(recorded.totals[0])
    renewed = await watched.tallies.poll(poll.id)
    assert renewed is not None
    assert [one.votes_count for one in renewed.options] == [0, 1, 0]
    assert renewed == (await watch.polls(database, [poll.id]))[poll.id]


async def test_missing_and_deleted_polls_are_none(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database)
    assert await watched.tallies.poll(poll.id) is not None
    await polls.delete(database, poll.id, HOST)
    assert await watched.tallies.poll(poll.id) is None
    assert await watched.tallies.poll(10**6) is None


async def test_reading_a_poll_whose_time_has_come_closes_it_first(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database, expires_at=datetime.now(UTC) + timedelta(milliseconds=200))
    async with database.read() as connection:
        await connection.run("SELECT pg_sleep(0.25)")
    read = await watched.tallies.poll(poll.id)
    assert read is not None
    assert (read.status, read.closed_at) == (Status.CLOSED, poll.expires_at)
    assert PollNews(poll.id, read.revision) in watched.told


async def test_voter_state_holds_ballots_and_membership(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database, is_public=False)
    state = await watched.tallies.voter_state(poll.id, ALICE.voter)
    assert (state.joined, state.votes) == (False, ())
    await polls.join(database, [(poll.id, ALICE.voter)])
    receipt = await cast_one(database, vote(poll, ALICE, 2))
    state = await watched.tallies.voter_state(poll.id, ALICE.voter)
    assert state.joined
    assert [(one.op, one.options) for one in state.votes] == [(receipt.op, receipt.options)]
    assert not (await watched.tallies.voter_state(poll.id, voter(2).voter)).votes


async def test_entry_holds_the_poll_with_ballots_and_membership(watched: WatchedTallies, database: Database) -> None:
    poll, other = await make_poll(database, is_public=False), await make_poll(database, votes_per_user=2)
    await polls.join(database, [(poll.id, ALICE.voter)])
    receipts = [await cast_one(database, vote(other, ALICE, n)) for n in range(2)]
    keys = [(poll.id, ALICE), (poll.id, voter(2)), (other.id, ALICE), (other.id, voter(2)), (10**6, ALICE)]
    entries = await asyncio.gather(*(watched.tallies.entry(poll_id, by.voter) for poll_id, by in keys))
    found = [entry and (entry.held.joined, [one.op for one in entry.held.votes]) for entry in entries]
    assert found == [(True, []), (False, []), (False, [one.op for one in receipts]), (False, []), None]
    assert [entry and entry.poll.place == entry.held.watch.place for entry in entries] == [True] * 4 + [None]
    assert entries[2] is not None
    assert entries[2].poll == (await watch.polls(database, [other.id]))[other.id]


async def test_a_crowd_enters_by_one_query_that_confirms_the_cached_poll(
    watched: WatchedTallies, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(database)
    await watched.tallies.entry(poll.id, ALICE.voter)
    asked: list[int] = []
    entrants = watch.entrants

    async def counted(database: Database, keys: Sequence[tuple[int, str]]) -> watch.Entrants:
        asked.append(len(keys))
        return await entrants(database, keys)

    async def refused(database: Database, ids: Sequence[int]) -> Mapping[int, Poll]:
        raise AssertionError(f"poll {ids} is in the cache")

    monkeypatch.setattr(watch, "entrants", counted)
    monkeypatch.setattr(watch, "polls", refused)
    crowd = (watched.tallies.entry(poll.id, voter(n).voter) for n in range(module.ENTRIES + 1))
    entries = await asyncio.gather(*crowd)
    assert all(entry is not None and entry.poll == entries[0].poll for entry in entries if entries[0] is not None)
    assert asked == [module.ENTRIES, 1]


async def test_entry_shows_what_was_voted_elsewhere(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database)
    await watched.tallies.entry(poll.id, ALICE.voter)
    receipt = await cast_one(database, vote(poll, ALICE, 0))
    entry = await watched.tallies.entry(poll.id, ALICE.voter)
    assert entry is not None
    assert (entry.poll.version, [one.op for one in entry.held.votes]) == (receipt.version, [receipt.op])


async def test_ballot_that_counts_in_what_is_shown_is_among_the_voters_own(
    watched: WatchedTallies, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(database)
    await watched.tallies.entry(poll.id, ALICE.voter)
    entrants, receipts = watch.entrants, list[Receipt]()

    async def overtaken(database: Database, keys: Sequence[tuple[int, str]]) -> watch.Entrants:
        found = await entrants(database, keys)
        if not receipts:
            receipts.append(await cast_one(database, vote(poll, ALICE, 0)))
            watched.tallies.totals_committed((await watch.polls(database, [poll.id]))[poll.id].totals())
        return found

    monkeypatch.setattr(watch, "entrants", overtaken)
    entry = await watched.tallies.entry(poll.id, ALICE.voter)
    assert entry is not None
    assert (entry.poll.version, [one.op for one in entry.held.votes]) == (receipts[0].version, [receipts[0].op])


async def test_entering_a_poll_whose_time_has_come_closes_it_first(watched: WatchedTallies, database: Database) -> None:
    poll = await make_poll(database, expires_at=datetime.now(UTC) + timedelta(milliseconds=100))
    async with database.read() as connection:
        await connection.run("SELECT pg_sleep(0.15)")
    entry = await watched.tallies.entry(poll.id, ALICE.voter)
    assert entry is not None
    assert (entry.poll.status, entry.held.watch.status) == (Status.CLOSED, Status.CLOSED)


async def test_cached_poll_moves_with_the_totals_of_its_own_definition(
    watched: WatchedTallies, database: Database
) -> None:
    tallies, poll = watched.tallies, await make_poll(database, "Yes", "No", "Maybe")
    await tallies.poll(poll.id)
    for ballot in (vote(poll, ALICE, 0), retract(poll, ALICE)):
        for totals in (await voting.record(database, [ballot])).totals:
            tallies.totals_committed(totals)
        assert tallies._cache[poll.id] == (await watch.polls(database, [poll.id]))[poll.id]
    cached = tallies._cache[poll.id]
    fewer = (await options.delete(database, poll.options[0].id, HOST, discard=True)).poll
    tallies.totals_committed(fewer.totals())
    assert tallies._cache[poll.id] == cached, "it does not have these options"
    assert await tallies.poll(poll.id) == fewer


async def test_unreachable_database_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    await database.connect()
    try:
        with pytest.raises(Unavailable):
            await Tallies(database, LocalBus(), lambda news: None).poll(7)
    finally:
        await database.close()


async def test_cache_keeps_the_polls_used_last(
    watched: WatchedTallies, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHED", 2)
    made = [await make_poll(database) for _ in range(3)]
    for poll in (made[0], made[1], made[0], made[2]):
        await watched.tallies.poll(poll.id)
    assert list(watched.tallies._cache) == [made[0].id, made[2].id]
