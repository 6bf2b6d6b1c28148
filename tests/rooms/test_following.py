"""Following an event: whoever follows is moved by the server, in order, to the newest that is shown."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from nexus.bus import EventNews, EventPresenceNews, event_topic
from nexus.bus.local import LocalBus
from nexus.domain.definition import PollPatch
from nexus.domain.event import Event
from nexus.domain.event_definition import EventPatch
from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Policy, Poll
from nexus.errors import EventNotFound
from nexus.rooms import healing, moving
from nexus.rooms.fanout import Fanout
from nexus.rooms.follower import Follower
from nexus.store import events, polls, rounds, watch
from nexus.store.database import Database
from nexus.store.event_rows import EventChange
from nexus.ws.event_frames import EncodedEvents
from tests.support.ballots import HOST, cast_one, vote, voter
from tests.support.hub import DeafBus, RunningHub, healing_quickly, running_hub, shows
from tests.support.rooms import NOON, RecordingSink
from tests.support.shows import make_event, newest, poll_of, show
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def running(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    healing_quickly(monkeypatch)
    async with running_hub(database, LocalBus()) as running:
        yield running


@pytest.fixture
async def deaf(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    """A worker whose bus loses everything."""
    healing_quickly(monkeypatch)
    async with running_hub(database, DeafBus()) as running:
        yield running


async def move(running: RunningHub, event: Event, n: int | None, **how: bool) -> Event:
    """Show the n-th poll, told as an edge tells it."""
    change = await show(running.database, event, n, **how)
    running.tallies.event_changed(change)
    return change.event


def has_moved(screen: RecordingSink, event: Event) -> Callable[[], bool]:
    return lambda: any(text.startswith(f"moved r{event.revision} ") for text in screen.texts)


def seen_of(screen: RecordingSink, *kinds: str) -> list[str]:
    """What was sent, but for presence."""
    kinds = kinds or ("moved", "event", "totals", "poll", "deleted")
    return [text for text in screen.texts if text.split()[0] in kinds]


def places(screen: RecordingSink) -> list[str]:
    return [text.split()[1] for text in screen.texts if text.startswith("totals")]


# Entering and leaving


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
    assert isinstance(running.bus, LocalBus)
    running.following.leave(event.id, one)
    running.following.leave(event.id, one)
    assert (len(running.following), running.hub.rooms) == (1, 1)
    running.following.leave(event.id, two)
    assert (len(running.following), running.hub.rooms) == (0, 0)
    await until(lambda: event_topic(event.id) not in running.bus._subscribed)  # type: ignore[attr-defined]


# Moves


async def test_a_move_seats_everybody_after_the_final_totals(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    screens = [(await running.follow(event, voter(n)))[1] for n in range(70)]
    before = await poll_of(running.database, event, 0)
    cast = await cast_one(running.database, vote(before, ALICE, 0))  # no news of it comes
    shown = await move(running, event, 1)
    after = await poll_of(running.database, event, 1)
    for screen in screens:
        await until(has_moved(screen, shown))
        told = [text for text in screen.texts if text.startswith(("moved", "totals"))]
        assert told[-1] == f"moved r{shown.revision} voter to {after.id} 1.{after.version} full"
        assert told[-2] == f"totals 1.{cast.version + 1} full", "the poll before is closed, and that is its end"
    ballot = await cast_one(running.database, vote(after, BOB, 0))
    for screen in screens:
        await until(shows(screen, f"totals 1.{ballot.version} full"))
    assert running.hub.rooms == 1, "nobody is left in the poll before"


async def test_a_change_that_shows_no_other_poll_sends_the_event_alone(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    _, screen = await running.follow(event, ALICE)
    _, host = await running.follow(event, HOST)
    change = await events.patch(running.database, event.id, EventPatch(title="Gala"), HOST)
    running.tallies.event_changed(change)
    await until(shows(screen, f"event r{change.event.revision} voter"))
    await until(shows(host, f"event r{change.event.revision} host"))
    assert seen_of(screen, "moved") == []


async def test_a_poll_that_changes_changes_its_event(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    _, screen = await running.follow(event, HOST)
    await running.turn(polls.patch(running.database, event.polls[1].id, PollPatch(question="Then?"), HOST))
    changed = await newest(running.database, event)
    await until(shows(screen, f"event r{changed.revision} host"))
    assert changed.revision > event.revision


async def reads(running: RunningHub, monkeypatch: pytest.MonkeyPatch, event: Event, n: int) -> int:
    """How many reads a move takes until everybody is there."""
    count, read = 0, running.database.read

    def counted() -> Any:
        nonlocal count
        count += 1
        return read()

    change = await show(running.database, event, n)
    followers = list(running.following._rooms[event.id].followers)
    with monkeypatch.context() as patched:
        patched.setattr(running.database, "read", counted)
        running.tallies.event_changed(change)
        await until(lambda: all(one.revision == change.event.revision for one in followers))
    return count


async def test_queries_of_a_move_do_not_depend_on_how_many_follow(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healing, "HEAL_S", 60)
    async with running_hub(database, LocalBus()) as running:
        event = await make_event(running.database, "One?", "Two?", "Three?")
        await move(running, event, 0)
        await running.follow(event, voter(0))
        few = await reads(running, monkeypatch, event, 1)
        for n in range(1, 300):
            await running.follow(event, voter(n))
        many = await reads(running, monkeypatch, event, 2)
    # The event, where both polls stand, and what their rooms ask for at the same time: mostly it is the same query.
    assert max(few, many) <= 6, (few, many)


async def test_own_ballots_are_read_in_batches_where_there_are_votes(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "VOTERS", 20)
    event = await make_event(running.database, "One?", "Two?")
    screens = [(await running.follow(event, voter(n)))[1] for n in range(50)]
    asked: list[int] = []
    held = running.events.held

    async def counted(poll: int, voters: list[str]) -> Any:
        asked.append(len(voters))
        return await held(poll, voters)

    monkeypatch.setattr(running.events, "held", counted)
    await move(running, event, 0)
    shown = await move(running, event, 1)
    poll = await poll_of(running.database, event, 1)
    for screen in screens:
        await until(has_moved(screen, shown))
    assert asked == [], "nobody has voted in it"
    await move(running, event, None)
    await rounds.open_poll(running.database, poll.id, HOST)
    for n in range(0, 50, 10):
        await cast_one(running.database, vote(poll, voter(n), 0))
    again = await move(running, event, 1)
    for n, screen in enumerate(screens):
        await until(has_moved(screen, again))
        assert seen_of(screen, "moved")[-1].endswith("own 1") == (n % 10 == 0)
    assert asked == [20, 20, 10]


async def test_a_move_is_encoded_once_an_audience(running: RunningHub) -> None:
    running.following._moves._frames = EncodedEvents(lambda: NOON)
    event = await make_event(running.database, "One?", "Two?", results=Policy.HOST)
    screens = [(await running.follow(event, by))[1] for by in (*(voter(n) for n in range(40)), HOST)]
    await move(running, event, 0)
    for screen in screens:
        await until(lambda screen=screen: any(b'"shown"' in frame.text for frame in screen.taken))  # type: ignore[misc]
    sent = [frame for screen in screens for frame in screen.taken if b'"type":"shown"' in frame.text]
    assert len(sent) == 41 and len({id(frame) for frame in sent}) == 2
    hidden, full = sorted({frame.text for frame in sent}, key=len)
    assert b"Two?" not in hidden and b"Two?" in full
    assert b'"votes_count":null' in hidden and b'"votes_count":null' not in full


# Order


async def test_whoever_has_joined_the_poll_by_themselves_stays_in_it(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    first, second = await poll_of(running.database, event, 0), await poll_of(running.database, event, 1)
    follower, screen = await running.follow(event, ALICE)
    own, _ = await running.enter(first, ALICE)
    own.sink, own.write = screen, screen.write
    screen.joined[first.id] = own
    running.hub.leave(first.id, follower.viewer)  # type: ignore[arg-type]
    follower.viewer = own
    shown = await move(running, event, 1, keep_open=True)
    await until(has_moved(screen, shown))
    cast = await cast_one(running.database, vote(first, BOB, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))
    running.hub.leave(first.id, own)
    assert running.hub.watched == [second.id]


async def test_totals_that_come_while_seating_are_sent_after_it(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    screens = [(await running.follow(event, voter(n)))[1] for n in range(5)]
    move_in, cast = running.hub.move_in, list[Poll]()

    def slowly(poll: int, viewer: Any, entry: Any) -> Any:
        if not cast:
            newer = {"version": entry.poll.version + 10, "ballots": 1, "voters": 1}
            import msgspec

            cast.append(msgspec.structs.replace(entry.poll, **newer))
            running.tallies.totals_committed(cast[0].totals())
        return move_in(poll, viewer, entry)

    monkeypatch.setattr(running.hub, "move_in", slowly)
    shown = await move(running, event, 1)
    for screen in screens:
        await until(has_moved(screen, shown))
        await until(shows(screen, f"totals 1.{cast[0].version} full"))
        moved = next(n for n, text in enumerate(screen.texts) if text.startswith("moved"))
        assert f"totals 1.{cast[0].version} full" not in screen.texts[:moved]


async def test_a_ballot_cast_while_its_voter_is_seated_gives_its_right(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event(running.database, "One?", "Two?", results=Policy.AFTER_VOTE)
    _, screen = await running.follow(event, ALICE)
    move_in, acks = running.hub.move_in, list[int]()

    def voting(poll: int, viewer: Any, entry: Any) -> Any:
        if not acks:
            acks.append(entry.poll.version + 1)
            running.hub.ballot_stands(poll, ALICE.voter, Place(1, acks[0]))
        return move_in(poll, viewer, entry)

    monkeypatch.setattr(running.hub, "move_in", voting)
    shown = await move(running, event, 0)
    await until(has_moved(screen, shown))
    poll = await poll_of(running.database, event, 0)
    cast = await cast_one(running.database, vote(poll, ALICE, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))


async def test_moves_that_were_superseded_are_skipped(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?", "Three?")
    _, screen = await running.follow(event, ALICE)
    changes = [await show(running.database, event, n) for n in (0, 1, 2)]
    for change in (changes[2], changes[0], changes[0], changes[1]):
        running.tallies.event_changed(change)
    await until(has_moved(screen, changes[2].event))
    last = seen_of(screen, "moved")[-1].split()
    assert last[4] == str(event.polls[2].id)
    revisions = [int(text.split()[1][1:]) for text in seen_of(screen, "moved", "event")]
    assert revisions == sorted(set(revisions))


async def test_a_slow_reader_has_one_slot_and_gets_the_newest(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?", "Three?")
    await move(running, event, 0)
    follower, screen = await running.follow(event, ALICE)
    _, quick = await running.follow(event, BOB)
    screen.clogged = True
    for n in (1, 2):
        await until(has_moved(quick, await move(running, event, n)))
    assert seen_of(screen) == []
    screen.clogged = False
    running.following.catch_up(event.id, follower)
    await until(has_moved(screen, await newest(running.database, event)))
    moved = seen_of(screen, "moved")
    assert len(moved) == 1 and moved[0].split()[4] == str(event.polls[2].id)
    assert seen_of(screen)[0].startswith(("poll", "totals")), "the end of the poll in which it was"


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


# Rights


async def test_an_event_made_private_is_taken_from_strangers(running: RunningHub) -> None:
    event = await make_event(running.database, "One?")
    await move(running, event, 0)
    await events.join(running.database, [(event.id, BOB.voter)])
    follower, stranger = await running.follow(event, ALICE)
    _, member = await running.follow(event, BOB)
    _, host = await running.follow(event, HOST)
    change = await events.patch(running.database, event.id, EventPatch(is_public=False), HOST)
    running.tallies.event_changed(change)
    await until(lambda: stranger.events_gone == [event.id])
    for screen in (member, host):
        await until(lambda screen=screen: any(f"event r{change.event.revision}" in text for text in screen.texts))  # type: ignore[misc]
    assert follower.viewer is None
    assert not [text for text in stranger.texts if f"r{change.event.revision}" in text]


async def test_a_renewed_token_may_see_drafts(running: RunningHub) -> None:
    event = await make_event(running.database, "One?")
    follower, screen = await running.follow(event, ALICE)
    running.following.renew(event.id, follower, Identity(ALICE.voter, frozenset({"admin"}), None, 4e9))
    await until(shows(screen, f"event r{event.revision} host"))
    running.following.renew(event.id, follower, Identity(ALICE.voter, frozenset({"user"}), frozenset({7}), 4e9))
    assert screen.events_gone == [event.id]


async def test_a_deleted_event_takes_the_seats_along(running: RunningHub) -> None:
    event = await make_event(running.database, "One?")
    await move(running, event, 0)
    follower, screen = await running.follow(event, ALICE)
    screen.clogged = True
    running.tallies.event_changed(await events.delete(running.database, event.id, HOST))
    await until(lambda: screen.events_gone == [event.id])
    assert follower.viewer is None
    await until(lambda: (len(running.following), running.hub.rooms) == (0, 0))


async def test_a_poll_deleted_while_it_is_shown_leaves_nothing(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    follower, screen = await running.follow(event, ALICE)
    running.tallies.event_changed(await polls.delete(running.database, event.polls[0].id, HOST))
    await until(lambda: follower.shown is None)
    assert seen_of(screen)[-1].endswith("to nothing")
    shown = await move(running, await newest(running.database, event), 0)
    await until(has_moved(screen, shown))


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


# Co-hosts


async def test_a_co_host_sees_what_hosts_see_for_as_long_as_it_is_one(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?", results=Policy.HOST)
    await move(running, event, 0)
    _, screen = await running.follow(event, ALICE)
    poll = await poll_of(running.database, event, 0)
    gained = await co_host(running, event, "INSERT INTO event_hosts (event_id, voter) VALUES (:event, :voter)")
    await until(shows(screen, f"event r{gained.revision} host"))
    await until(shows(screen, f"totals 1.{poll.version} full"))
    lost = await co_host(running, event, "DELETE FROM event_hosts WHERE event_id = :event AND voter = :voter")
    await until(shows(screen, f"event r{lost.revision} voter"))
    later = await poll_of(running.database, event, 0)
    await until(shows(screen, f"poll r{later.revision} turnout"))
    cast = await cast_one(running.database, vote(poll, BOB, 0))
    await until(shows(screen, f"totals 1.{cast.version} turnout"))
    assert f"totals 1.{cast.version} full" not in screen.texts


async def co_host(running: RunningHub, event: Event, statement: str) -> Event:
    """Make Alice a co-host, or no longer one; all polls are read again, as where the event's rules change."""
    ids = [one.id for one in event.polls]
    async with running.database.transaction() as connection:
        await connection.run(statement, event=event.id, voter=ALICE.voter)
        await connection.run("UPDATE polls SET revision = revision + 1 WHERE id = ANY(:polls)", polls=ids)
        await connection.run("UPDATE events SET revision = revision + 1 WHERE id = :event", event=event.id)
    changed = await newest(running.database, event)
    states = await watch.polls(running.database, ids)
    running.tallies.event_changed(EventChange(changed, tuple(states.values())))
    return changed
