"""The hub: who may enter a room, what it follows, and whom it shows what."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nexus.bus import DeletedNews, News, PollNews, PresenceNews, TotalsNews, poll_topic
from nexus.bus.local import LocalBus
from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Visibility
from nexus.domain.presence import crowd, mark
from nexus.domain.rights import Role
from nexus.errors import PollNotFound
from nexus.rooms.viewer import Viewer
from nexus.store import polls, rounds
from nexus.store.database import Database
from nexus.voting.tallies import PollEntry
from tests.support.ballots import HOST, cast_one, make_poll, vote, voter
from tests.support.hub import RunningHub, healing_quickly, running_hub, shows
from tests.support.rooms import RecordingSink
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def running(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    healing_quickly(monkeypatch)
    async with running_hub(database, LocalBus()) as running:
        yield running


# Entering and leaving


async def test_entry_is_the_newest_snapshot_and_what_follows_is_newer(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    cast = await cast_one(running.database, vote(poll, ALICE, 1))
    screen = RecordingSink()
    entry = await running.hub.enter(poll.id, Viewer(screen, ALICE))
    assert (entry.poll.version, entry.role, entry.sees) == (cast.version, Role.VOTER, Visibility.FULL)
    assert [one.op for one in entry.votes] == [cast.op]
    newer = await cast_one(running.database, vote(poll, BOB, 1))
    await until(shows(screen, f"totals 1.{newer.version} full"))
    assert f"totals 1.{cast.version} full" not in screen.texts


async def test_first_in_subscribes_and_last_out_unsubscribes(database: Database) -> None:
    bus = LocalBus()
    async with running_hub(database, bus) as running:
        poll = await make_poll(database)
        one, two = (await running.enter(poll, ALICE))[0], (await running.enter(poll, BOB))[0]
        running.hub.leave(poll.id, one)
        running.hub.leave(poll.id, one)
        assert running.hub.rooms == 1
        running.hub.leave(poll.id, two)
        assert running.hub.rooms == 0
        await until(lambda: poll_topic(poll.id) not in bus._subscribed)
        await running.enter(poll, ALICE)
        assert poll_topic(poll.id) in bus._subscribed


async def test_refused_entry_leaves_no_room(running: RunningHub) -> None:
    draft = await make_poll(running.database, status="draft")
    private = await make_poll(running.database, is_public=False)
    for poll in (draft.id, private.id, 10**6):
        with pytest.raises(PollNotFound):
            await running.hub.enter(poll, Viewer(RecordingSink(), ALICE))
    assert running.hub.rooms == 0
    await running.enter(draft, HOST)
    await polls.join(running.database, [(private.id, ALICE.voter)])
    await running.enter(private, ALICE)


async def test_entry_given_up_on_the_way_leaves_no_room(running: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def stalled(poll_id: int, voter: str) -> PollEntry | None:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(running.tallies, "entry", stalled)
    poll = await make_poll(running.database)
    entering = asyncio.create_task(running.hub.enter(poll.id, Viewer(RecordingSink(), ALICE)))
    await asyncio.wait_for(asked.wait(), 30)
    assert running.hub.rooms == 1
    entering.cancel()
    await asyncio.wait({entering})
    assert running.hub.rooms == 0


# News


async def test_news_of_unwatched_polls_is_passed_over(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    news: list[News] = [TotalsNews(poll.totals()), PollNews(poll.id, 9), DeletedNews(poll.id), PresenceNews(7, "x", 1)]
    for one in news:
        running.hub.on_news(one)
    running.hub.ballot_stands(poll.id, ALICE.voter, Place(1, 2))
    assert running.hub.rooms == 0


async def test_news_doubled_and_swapped_is_shown_once_and_in_order(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    news = []
    for n in range(3, 9):
        await cast_one(running.database, vote(poll, voter(n), 0))
        state = await running.tallies.poll(poll.id)
        assert state is not None
        news.append(TotalsNews(state.totals()))
    for one in (news[2], news[0], news[5], news[5], news[1], news[4]):
        running.hub.on_news(one)
    await until(shows(screen, f"totals 1.{poll.version + 6} full"))
    shown = [text for text in screen.texts if text.startswith("totals")]
    assert shown == sorted(set(shown))


async def test_final_totals_do_not_wait_for_the_tick(running: RunningHub) -> None:
    running.hub._fanout._tick_s = 60
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    await cast_one(running.database, vote(poll, BOB, 0))
    running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
    await until(shows(screen, f"totals 1.{poll.version + 1} full"))
    closed = await running.turn(rounds.close_poll(running.database, poll.id, HOST))
    await until(shows(screen, f"totals 1.{closed.version} full"))


async def test_word_of_a_deletion_is_checked(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    running.hub.on_news(DeletedNews(poll.id))
    cast = await cast_one(running.database, vote(poll, ALICE, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))
    assert screen.gone == []


async def test_clogged_viewers_hear_of_the_end_too(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    screen.clogged = True
    await polls.delete(running.database, poll.id, HOST)
    running.tallies.deleted(poll.id)
    await until(lambda: screen.gone == [poll.id])
    assert screen.texts[-1] == f"deleted {poll.id}"
    assert running.hub.rooms == 0


async def test_clogged_viewer_is_brought_up_to_date_when_it_drains(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    slow, screen = await running.enter(poll, ALICE)
    _, quick = await running.enter(poll, BOB)
    screen.clogged = True
    for n in range(3):
        await cast_one(running.database, vote(poll, voter(n), 0))
        running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
    newest = f"totals 1.{poll.version + 3} full"
    await until(shows(quick, newest))
    assert screen.texts == []
    screen.clogged = False
    running.hub.catch_up(poll.id, slow)
    assert [text for text in screen.texts if text.startswith("totals")] == [newest]


async def test_presence_adds_what_other_workers_tell(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    running.hub.on_news(PresenceNews(poll.id, "there", 41))
    running.hub.on_news(PresenceNews(poll.id, "here", 1000))
    assert running.hub._rooms[poll.id].gathering.elsewhere.keys() == {"there"}
    await until(shows(screen, "presence 42"))
    assert "presence 1" not in screen.texts
    running.hub.on_news(PresenceNews(poll.id, "there", 0))
    await until(shows(screen, "presence 1"))


async def test_a_host_alone_learns_that_nobody_is_there(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, HOST)
    await until(shows(screen, "presence 0"))


async def test_a_voter_whose_token_is_renewed_as_an_admins_counts_no_more(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    viewer, screen = await running.enter(poll, ALICE)
    await until(shows(screen, "presence 1"))
    running.hub.renew(poll.id, viewer, Identity(ALICE.voter, frozenset({"admin"}), None, 4e9))
    await until(shows(screen, "presence 0"))


async def test_a_voter_on_two_workers_counts_once(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    there = crowd([mark(ALICE.voter), mark(BOB.voter)])
    running.hub.on_news(PresenceNews(poll.id, "there", there.voters, there.sample))
    await until(shows(screen, "presence 2"))


async def test_last_one_out_takes_leave_of_the_other_workers(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, told = await make_poll(running.database), list[News]()
    viewer, screen = await running.enter(poll, ALICE)
    await until(shows(screen, "presence 1"))

    async def heard(news: News) -> None:
        told.append(news)

    monkeypatch.setattr(running.bus, "publish", heard)
    running.hub.leave(poll.id, viewer)
    await until(lambda: PresenceNews(poll.id, "here", 0) in told)
