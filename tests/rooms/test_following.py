"""Following an event: coming in and leaving, being counted, and what heals where news is lost."""

import pytest

from nexus.bus import EventNews, EventPresenceNews, event_topic
from nexus.bus.local import LocalBus
from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.errors import EventNotFound
from nexus.rooms.fanout import Fanout
from nexus.rooms.follower import Follower
from nexus.store import events
from tests.support.ballots import HOST, cast_one, vote
from tests.support.followed import ALICE, BOB, deaf, has_moved, move, running, seen_of
from tests.support.hub import RunningHub, shows
from tests.support.rooms import RecordingSink
from tests.support.shows import make_event, poll_of, show
from tests.support.waiting import until

__all__ = ["deaf", "running"]


async def test_entering_shows_the_event_and_seats_where_it_is(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    shown = await move(running, event, 1)
    poll = await poll_of(running.database, event, 1)
    await cast_one(running.database, vote(poll, ALICE, 0))
    screen = RecordingSink()
    entered = await running.following.enter(event.id, Follower(screen, ALICE))
    assert (entered.event.revision, entered.event.shown, entered.role) == (shown.revision, poll.id, "voter")
    assert entered.inside is not None
    assert (entered.inside.poll.id, len(entered.inside.votes), entered.inside.poll.ballots) == (poll.id, 1, 1)
    cast = await cast_one(running.database, vote(poll, BOB, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))


async def test_an_event_that_shows_nothing_is_followed_too(running: RunningHub) -> None:
    event = await make_event(running.database, "One?")
    follower, screen = await running.follow(event, ALICE)
    assert (follower.shown, follower.viewer) == (None, None)
    shown = await move(running, event, 0)
    await until(has_moved(screen, shown))
    gone = await move(running, event, None)
    await until(shows(screen, f"moved r{gone.revision} voter to nothing"))
    assert running.hub.rooms == 0


async def test_nobody_follows_what_they_may_not_know_of(running: RunningHub) -> None:
    private = await make_event(running.database, "One?", is_public=False)
    elsewhere = Identity("guest:1", frozenset({"guest"}), None, 4e9, events=frozenset({private.id + 1}))
    bound = Identity("guest:1", frozenset({"guest"}), None, 4e9, events=frozenset({private.id}))
    for event, by in ((private.id, ALICE), (10**6, ALICE), (private.id, elsewhere)):
        with pytest.raises(EventNotFound):
            await running.following.enter(event, Follower(RecordingSink(), by))
    assert len(running.following) == 0
    await events.join(running.database, [(private.id, ALICE.voter)])
    for by in (ALICE, bound, HOST):
        await running.follow(private, by)


async def test_last_one_out_takes_the_seat_and_the_subscription_along(running: RunningHub) -> None:
    event = await make_event(running.database, "One?")
    await move(running, event, 0)
    one, two = (await running.follow(event, ALICE))[0], (await running.follow(event, BOB))[0]
    bus = running.bus
    assert isinstance(bus, LocalBus)
    running.following.leave(event.id, one)
    running.following.leave(event.id, one)
    assert (len(running.following), running.following.followers, running.hub.rooms) == (1, 1, 1)
    running.following.leave(event.id, two)
    assert (len(running.following), running.hub.rooms) == (0, 0)
    await until(lambda: event_topic(event.id) not in bus._subscribed)


# Healing


async def test_lost_news_is_healed(deaf: RunningHub) -> None:
    event = await make_event(deaf.database, "One?", "Two?")
    _, screen = await deaf.follow(event, ALICE)
    for n in (0, 1, None, 0):
        change = await show(deaf.database, event, n)
        await until(has_moved(screen, change.event))
    await events.delete(deaf.database, event.id, HOST)
    await until(lambda: screen.events_gone == [event.id])


async def test_worker_that_hears_of_the_move_first_still_ends_the_poll_before_it(deaf: RunningHub) -> None:
    event = await make_event(deaf.database, "One?", "Two?")
    await show(deaf.database, event, 0)
    _, screen = await deaf.follow(event, ALICE)
    first = await poll_of(deaf.database, event, 0)
    cast = await cast_one(deaf.database, vote(first, BOB, 0))
    change = await show(deaf.database, event, 1)
    deaf.following.on_news(EventNews(event.id, change.event.revision))
    await until(has_moved(screen, change.event))
    assert f"totals 1.{cast.version + 1} full" in screen.texts[: screen.texts.index(seen_of(screen, "moved")[0])]


async def test_the_end_of_the_poll_before_is_written_even_where_fan_out_has_not_come_so_far(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    _, screen = await running.follow(event, ALICE)
    cast = await cast_one(running.database, vote(await poll_of(running.database, event, 0), BOB, 0))
    monkeypatch.setattr(Fanout, "send_soon", lambda fanout, room, *, urgent=False: None)
    await until(has_moved(screen, await move(running, event, 1)))
    last = f"totals 1.{cast.version + 1} full"
    assert last in screen.texts[: screen.texts.index(seen_of(screen, "moved")[-1])]


async def test_news_of_what_is_known_reads_nothing(running: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await make_event(running.database, "One?")
    await running.follow(event, ALICE)

    async def never(event_id: int) -> Event | None:
        raise AssertionError(event_id)

    monkeypatch.setattr(running.events, "event", never)
    for revision in (event.revision, event.revision - 1, 0):
        running.following.on_news(EventNews(event.id, revision))
    running.following.on_news(EventNews(event.id + 1))
    assert not running.following._rooms[event.id].stale


# Presence


async def test_presence_counts_the_voters_who_follow_over_all_workers(running: RunningHub) -> None:
    event = await make_event(running.database, "One?")
    await move(running, event, 0)
    one, screen = await running.follow(event, ALICE)
    await running.follow(event, ALICE)
    _, host = await running.follow(event, HOST)
    await until(shows(host, "followers 1"))
    running.following.on_news(EventPresenceNews(event.id, "there", 41))
    running.following.on_news(EventPresenceNews(event.id, "here", 1000))
    await until(shows(screen, "followers 42"))
    assert not [text for text in (*screen.texts, *host.texts) if text.startswith("presence")]
    watching = (await running.enter(await poll_of(running.database, event, 0), HOST))[1]
    await until(shows(watching, "presence 1"))
    running.following.leave(event.id, one)
