"""Who may follow, and as what: rights that begin and end while somebody follows."""

import pytest

from nexus.bus import TotalsNews
from nexus.domain.definition import PollPatch
from nexus.domain.event import Event
from nexus.domain.event_definition import EventPatch
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Poll
from nexus.errors import EventNotFound, PollNotFound
from nexus.rooms.viewer import Viewer
from nexus.store import accounts, event_hosts, events, polls
from nexus.store.accounts import User
from nexus.store.database import Database
from tests.support.ballots import HOST, cast_one, make_poll, vote
from tests.support.followed import ALICE, BOB, deaf, has_moved, move, running, seen_of, unhealed
from tests.support.hub import RunningHub, shows
from tests.support.rooms import RecordingSink
from tests.support.shows import make_event, newest, poll_of, show
from tests.support.waiting import until

__all__ = ["deaf", "running", "unhealed"]


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
    for screen, role in ((member, "voter"), (host, "host")):
        await until(shows(screen, f"event r{change.event.revision} {role}"))
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


# Co-hosts


@pytest.fixture
async def carol(database: Database) -> User:
    """An account that may be a co-host, beside that of the host."""
    assert (await accounts.add(database, "host", None, "none", admin=False)).subject == HOST.voter
    return await accounts.add(database, "carol", None, "none", admin=False)


def as_voter(user: User) -> Identity:
    """Who it is."""
    return Identity(user.subject, frozenset({"user"}), None, 4e9)


async def add(running: RunningHub, event: Event, user: User) -> Event:
    """Make an account a co-host, told as an edge tells it."""
    change, _ = await event_hosts.add_host(running.database, event.id, user, HOST)
    running.tallies.event_changed(change)
    return change.event


async def remove(running: RunningHub, event: Event, user: User) -> Event:
    """Make it one no longer."""
    change = await event_hosts.remove_host(running.database, event.id, user.subject, HOST)
    running.tallies.event_changed(change)
    return change.event


async def test_a_co_host_sees_what_hosts_see_for_as_long_as_it_is_one(running: RunningHub, carol: User) -> None:
    event = await make_event(running.database, "One?", "Two?", results=Policy.HOST)
    await move(running, event, 0)
    _, screen = await running.follow(event, as_voter(carol))
    poll = await poll_of(running.database, event, 0)
    gained = await add(running, event, carol)
    await until(shows(screen, f"event r{gained.revision} host"))
    await until(shows(screen, f"totals 1.{poll.version} full"))
    lost = await remove(running, event, carol)
    await until(shows(screen, f"event r{lost.revision} voter"))
    await hidden_from(running, poll, screen)


async def hidden_from(running: RunningHub, poll: Poll, screen: RecordingSink) -> None:
    """A screen is shown the poll without counts, and so is the next vote."""
    later = await running.read(poll)
    await until(shows(screen, f"poll r{later.revision} turnout"))
    cast = await cast_one(running.database, vote(poll, BOB, 0))
    running.tallies.totals_committed((await running.read(poll)).totals())
    await until(shows(screen, f"totals 1.{cast.version} turnout"))
    assert f"totals 1.{cast.version} full" not in screen.texts


async def test_viewers_of_one_poll_gain_and_lose_what_hosts_see(unhealed: RunningHub, carol: User) -> None:
    event = await make_event(unhealed.database, "One?", results=Policy.HOST)
    await move(unhealed, event, 0)
    poll = await poll_of(unhealed.database, event, 0)
    viewer, screen = await unhealed.enter(poll, as_voter(carol))
    assert (viewer.role, viewer.full) == ("voter", False)
    await add(unhealed, event, carol)
    await until(shows(screen, f"totals 1.{poll.version} full"))
    assert viewer.role == "host"
    await remove(unhealed, event, carol)
    await hidden_from(unhealed, poll, screen)
    assert viewer.role == "voter"


async def test_a_vote_that_is_heard_of_before_the_loss_of_the_right_is_hidden_all_the_same(
    unhealed: RunningHub, carol: User
) -> None:
    event = await make_event(unhealed.database, "One?", results=Policy.HOST)
    await move(unhealed, event, 0)
    await add(unhealed, event, carol)
    poll = await poll_of(unhealed.database, event, 0)
    _, screen = await unhealed.enter(poll, as_voter(carol))
    _, host = await unhealed.enter(poll, HOST)
    await event_hosts.remove_host(unhealed.database, event.id, carol.subject, HOST)  # whose news is late
    cast = await cast_one(unhealed.database, vote(poll, BOB, 0))
    unhealed.hub.on_news(TotalsNews((await unhealed.read(poll)).totals()))
    await until(shows(host, f"totals 1.{cast.version} full"))
    await until(shows(screen, f"totals 1.{cast.version} turnout"))
    assert f"totals 1.{cast.version} full" not in screen.texts


async def test_a_draft_is_gone_for_one_who_is_no_co_host_any_more(unhealed: RunningHub, carol: User) -> None:
    event = await make_event(unhealed.database, "One?")
    await add(unhealed, event, carol)
    poll = await poll_of(unhealed.database, event, 0)
    _, screen = await unhealed.enter(poll, as_voter(carol))
    _, host = await unhealed.enter(poll, HOST)
    await remove(unhealed, event, carol)
    await until(lambda: screen.gone == [poll.id])
    assert host.gone == []
    with pytest.raises(PollNotFound):
        await unhealed.enter(poll, as_voter(carol))


async def test_co_hosts_who_come_or_go_are_known_where_the_news_is_lost(deaf: RunningHub, carol: User) -> None:
    event = await make_event(deaf.database, "One?", results=Policy.HOST)
    await show(deaf.database, event, 0)
    poll = await poll_of(deaf.database, event, 0)
    _, screen = await deaf.enter(poll, as_voter(carol))
    await event_hosts.add_host(deaf.database, event.id, carol, HOST)
    await until(shows(screen, f"totals 1.{poll.version} full"))
    await event_hosts.remove_host(deaf.database, event.id, carol.subject, HOST)
    later = await deaf.read(poll)
    await until(shows(screen, f"poll r{later.revision} turnout"))


@pytest.mark.parametrize("public", [True, False])
async def test_a_screen_ends_with_the_rights_of_the_co_host_who_made_it(
    unhealed: RunningHub, carol: User, public: bool
) -> None:
    event = await make_event(unhealed.database, "One?", results=Policy.HOST)
    await move(unhealed, event, 0)
    if not public:
        unhealed.tallies.event_changed(
            await events.patch(unhealed.database, event.id, EventPatch(is_public=False), HOST)
        )
    await events.join(unhealed.database, [(event.id, carol.subject)])
    await add(unhealed, event, carol)
    bound = frozenset({event.id})
    made = Identity(carol.subject, frozenset({"presenter"}), None, 4e9, events=bound, is_delegated=True)
    follower, screen = await unhealed.follow(event, made)
    _, admins = await unhealed.follow(event, Identity("user:7", frozenset({"screen"}), None, 4e9, events=bound))
    assert (follower.role, follower.viewer and follower.viewer.role) == ("presenter", "presenter")
    lost = await remove(unhealed, event, carol)
    await until(lambda: screen.events_gone == [event.id])
    assert follower.viewer is None
    assert not [text for text in screen.texts if f"event r{lost.revision}" in text]
    await until(shows(admins, f"event r{lost.revision} screen"))
    with pytest.raises(EventNotFound):
        await unhealed.follow(event, made)


async def test_strangers_leave_a_poll_that_becomes_private_after_a_change_of_its_co_hosts(
    unhealed: RunningHub, carol: User
) -> None:
    event = await make_event(unhealed.database, "One?")
    await move(unhealed, event, 0)
    poll = await poll_of(unhealed.database, event, 0)
    follower, stranger = await unhealed.follow(event, ALICE)
    own = Viewer(stranger, ALICE)  # which has joined the poll as well, and stays where the follower goes
    await unhealed.hub.enter(poll.id, own)
    _, by_id = await unhealed.enter(poll, ALICE)
    viewer, guest = await unhealed.enter(poll, BOB)
    await events.join(unhealed.database, [(event.id, BOB.voter)])
    await add(unhealed, event, carol)
    await unhealed.hub.refresh(poll.id)
    room = unhealed.hub._rooms[poll.id]
    assert (by_id.gone, stranger.gone) == ([], [])
    change = await events.patch(unhealed.database, event.id, EventPatch(is_public=False), HOST)
    unhealed.tallies.event_changed(change)
    await until(lambda: by_id.gone == [poll.id] and poll.id in stranger.gone and own not in room.viewers)
    await until(lambda: stranger.events_gone == [event.id])
    assert (guest.gone, viewer.role, follower.viewer) == ([], "voter", None)


async def test_strangers_leave_a_poll_that_becomes_private_after_it_was_handed_over(
    unhealed: RunningHub, carol: User
) -> None:
    poll = await make_poll(unhealed.database)
    _, stranger = await unhealed.enter(poll, ALICE)
    async with unhealed.database.transaction() as connection:
        await connection.run(
            "UPDATE polls SET created_by = :to, revision = revision + 1 WHERE id = :poll",
            to=carol.subject,
            poll=poll.id,
        )
    unhealed.tallies.poll_changed(await unhealed.read(poll))
    await unhealed.hub.refresh(poll.id)
    assert stranger.gone == []
    await unhealed.turn(polls.patch(unhealed.database, poll.id, PollPatch(is_public=False), as_voter(carol)))
    await until(lambda: stranger.gone == [poll.id])
