"""What the hub shows whom while things race: entries with changes of the poll and of ballots, rights with questions."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from nexus.bus import DeletedNews, TotalsNews
from nexus.bus.local import LocalBus
from nexus.domain.definition import PollPatch
from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Policy, Poll, Visibility
from nexus.errors import PollNotFound
from nexus.rooms import healing as module
from nexus.rooms.viewer import Viewer
from nexus.store import polls, rounds, watch
from nexus.store.database import Database
from nexus.voting.tallies import PollEntry
from tests.support.ballots import HOST, cast_one, make_poll, retract, vote, voter
from tests.support.hub import RunningHub, healing_quickly, running_hub, shows
from tests.support.rooms import RecordingSink
from tests.support.waiting import soon, until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def running(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    healing_quickly(monkeypatch)
    async with running_hub(database, LocalBus()) as running:
        yield running


@pytest.fixture
async def unhealed(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    """A hub to which nobody comes to compare rooms or count voters."""
    monkeypatch.setattr(module, "HEAL_S", 60)
    async with running_hub(database, LocalBus()) as running:
        yield running


# Entering


async def test_news_that_comes_during_an_entry_follows_it(
    unhealed: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, ask = await make_poll(unhealed.database), unhealed.tallies.entry
    _, other = await unhealed.enter(poll, HOST)
    newest = f"totals 1.{poll.version + 1} full"

    async def meanwhile(poll_id: int, voter: str) -> PollEntry | None:
        entry = await ask(poll_id, voter)
        await cast_one(unhealed.database, vote(poll, BOB, 1))
        unhealed.hub.on_news(TotalsNews((await unhealed.read(poll)).totals()))
        await until(shows(other, newest))  # so the pass is over
        return entry

    monkeypatch.setattr(unhealed.tallies, "entry", meanwhile)
    screen = RecordingSink()
    entry = await unhealed.hub.enter(poll.id, Viewer(screen, ALICE))
    assert entry.poll.version == poll.version
    await until(shows(screen, newest))


async def test_poll_closed_to_strangers_during_an_entry_stays_closed(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database)
    await running.enter(poll, HOST)
    ask, room = running.tallies.entry, running.hub._rooms[poll.id]

    async def meanwhile(poll_id: int, voter: str) -> PollEntry | None:
        entry = await ask(poll_id, voter)
        if room.poll is not None and room.poll.is_public:
            await running.turn(polls.patch(running.database, poll.id, PollPatch(is_public=False), HOST))
            await until(lambda: room.poll is not None and not room.poll.is_public)
        return entry

    monkeypatch.setattr(running.tallies, "entry", meanwhile)
    with pytest.raises(PollNotFound):
        await running.hub.enter(poll.id, Viewer(RecordingSink(), ALICE))


async def test_round_that_begins_during_an_entry_gives_no_right_to_the_one_before(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    await cast_one(running.database, vote(poll, BOB, 0))
    await cast_one(running.database, vote(poll, ALICE, 1))
    polls_of, turned = watch.polls, False

    async def meanwhile(database: Database, ids: Sequence[int]) -> Mapping[int, Poll]:
        nonlocal turned
        if not turned:  # between the read of the ballots and that of the poll
            turned = True
            await rounds.reset_poll(running.database, poll.id, HOST)
            await cast_one(running.database, vote(poll, ALICE, 1))
        return await polls_of(database, ids)

    monkeypatch.setattr(watch, "polls", meanwhile)
    entry = await running.hub.enter(poll.id, Viewer(RecordingSink(), ALICE))
    assert (entry.poll.epoch, entry.sees, len(entry.votes)) == (2, Visibility.FULL, 1)


async def test_ballot_that_is_cast_during_an_entry_gives_its_right(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, ask = await make_poll(running.database, results=Policy.AFTER_VOTE), running.tallies.entry

    async def meanwhile(poll_id: int, voter: str) -> PollEntry | None:
        entry = await ask(poll_id, voter)
        cast = await cast_one(running.database, vote(poll, ALICE, 1))
        running.hub.ballot_stands(poll.id, ALICE.voter, Place(cast.epoch, cast.version))
        running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
        return entry

    monkeypatch.setattr(running.tallies, "entry", meanwhile)
    _, screen = await running.enter(poll, ALICE)
    await until(shows(screen, f"totals 1.{poll.version + 1} full"))


async def test_stranger_whose_entry_was_read_before_the_poll_became_private_stays_out(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database)
    await running.enter(poll, HOST)
    ask, state = running.tallies.entry, running.tallies.voter_state
    was_read, evicting = asyncio.Event(), asyncio.Event()

    async def slowly(poll_id: int, voter: str) -> PollEntry | None:
        entry = await ask(poll_id, voter)
        was_read.set()
        await evicting.wait()
        return entry

    async def late(poll_id: int, voter: str) -> watch.VoterState:
        evicting.set()
        await asyncio.wait({entering})
        return await state(poll_id, voter)

    monkeypatch.setattr(running.tallies, "entry", slowly)
    monkeypatch.setattr(running.tallies, "voter_state", late)
    entering = asyncio.create_task(running.hub.enter(poll.id, Viewer(RecordingSink(), ALICE)))
    await soon(was_read.wait())
    await polls.patch(running.database, poll.id, PollPatch(is_public=False), HOST)
    running.hub.on_news(DeletedNews(poll.id))  # any news has the poll read again
    with pytest.raises(PollNotFound):
        await soon(entering)


async def test_strangers_leave_a_poll_that_a_newcomer_finds_private(unhealed: RunningHub) -> None:
    poll = await make_poll(unhealed.database)
    await polls.join(unhealed.database, [(poll.id, BOB.voter)])
    _, stranger = await unhealed.enter(poll, ALICE)
    await polls.patch(unhealed.database, poll.id, PollPatch(is_public=False), HOST)  # and no news of it
    _, member = await unhealed.enter(poll, BOB)
    cast = await cast_one(unhealed.database, vote(poll, BOB, 0))
    unhealed.hub.on_news(TotalsNews((await unhealed.read(poll)).totals()))
    await until(shows(member, f"totals 1.{cast.version} full"))
    assert (stranger.gone, stranger.texts) == ([poll.id], [f"deleted {poll.id}"])


async def test_stranger_who_came_while_a_private_poll_was_public_leaves_it(
    unhealed: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(unhealed.database, is_public=False)
    await unhealed.enter(poll, HOST)
    ask, is_private_again = unhealed.tallies.poll, asyncio.Event()

    async def late(poll_id: int) -> Poll | None:
        await is_private_again.wait()
        return await ask(poll_id)

    monkeypatch.setattr(unhealed.tallies, "poll", late)
    await polls.patch(unhealed.database, poll.id, PollPatch(is_public=True), HOST)
    _, stranger = await unhealed.enter(poll, ALICE)
    await polls.patch(unhealed.database, poll.id, PollPatch(is_public=False), HOST)
    is_private_again.set()
    await until(lambda: stranger.gone == [poll.id])
    assert stranger.texts == [f"deleted {poll.id}"]


async def test_ballot_that_was_cast_and_withdrawn_before_an_entry_is_read_shows_nothing(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, ask = await make_poll(running.database, results=Policy.AFTER_VOTE), running.tallies.entry

    async def after_both(poll_id: int, voter: str) -> PollEntry | None:
        cast = await cast_one(running.database, vote(poll, ALICE, 1))
        running.hub.ballot_stands(poll.id, ALICE.voter, Place(cast.epoch, cast.version))
        await cast_one(running.database, retract(poll, ALICE))
        return await ask(poll_id, voter)

    monkeypatch.setattr(running.tallies, "entry", after_both)
    entry = await running.hub.enter(poll.id, Viewer(RecordingSink(), ALICE))
    assert (entry.poll.version, entry.sees, entry.votes) == (poll.version + 2, Visibility.TURNOUT, ())


def withdraw_during_entries(monkeypatch: pytest.MonkeyPatch, running: RunningHub, poll: Poll, by: Identity) -> None:
    """Have `by` withdraw right after whoever enters has been read, and the cached poll show it."""
    entrants = watch.entrants

    async def meanwhile(database: Database, keys: Sequence[tuple[int, str]]) -> watch.Entrants:
        found = await entrants(database, keys)
        await cast_one(running.database, retract(poll, by))
        await running.tallies.poll(poll.id)
        return found

    monkeypatch.setattr(watch, "entrants", meanwhile)


async def test_ballot_that_is_withdrawn_during_an_entry_shows_nothing(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    await cast_one(running.database, vote(poll, ALICE, 1))
    withdraw_during_entries(monkeypatch, running, poll, ALICE)
    screen = RecordingSink()
    entry = await running.hub.enter(poll.id, Viewer(screen, ALICE))
    assert (entry.poll.version, entry.sees) == (poll.version + 2, Visibility.TURNOUT)
    other = await cast_one(running.database, vote(poll, BOB, 1))
    await until(shows(screen, f"totals 1.{other.version} turnout"))
    assert not any(text.endswith("full") for text in screen.texts)


async def test_ballot_of_another_that_is_withdrawn_during_an_entry_leaves_the_right(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    for one in (ALICE, BOB):
        await cast_one(running.database, vote(poll, one, 1))
    withdraw_during_entries(monkeypatch, running, poll, BOB)
    screen = RecordingSink()
    entry = await running.hub.enter(poll.id, Viewer(screen, ALICE))
    assert (entry.poll.version, entry.sees) == (poll.version + 3, Visibility.FULL)
    other = await cast_one(running.database, vote(poll, BOB, 1))
    await until(shows(screen, f"totals 1.{other.version} full"))


# Rights


async def test_cast_gives_the_right_at_once_and_a_retraction_elsewhere_ends_it(running: RunningHub) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    _, screen = await running.enter(poll, ALICE)
    _, other = await running.enter(poll, BOB)
    cast = await cast_one(running.database, vote(poll, ALICE, 0))
    running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
    running.hub.ballot_stands(poll.id, ALICE.voter, Place(cast.epoch, cast.version))
    assert screen.texts[-1] == f"totals 1.{cast.version} full"
    gone = await cast_one(running.database, retract(poll, ALICE))
    running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
    await until(shows(screen, f"totals 1.{gone.version} turnout"))
    assert f"totals 1.{gone.version} full" not in screen.texts
    await until(shows(other, f"totals 1.{gone.version} turnout"))


async def test_retraction_of_one_leaves_the_right_of_the_others(running: RunningHub) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    await cast_one(running.database, vote(poll, ALICE, 0))
    await cast_one(running.database, vote(poll, BOB, 0))
    _, mine = await running.enter(poll, ALICE)
    _, theirs = await running.enter(poll, BOB)
    gone = await cast_one(running.database, retract(poll, ALICE))
    running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
    await until(shows(mine, f"totals 1.{gone.version} turnout"))
    await until(shows(theirs, f"totals 1.{gone.version} full"))


async def test_right_that_is_gained_while_rights_are_asked_for_stays(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    await cast_one(running.database, vote(poll, ALICE, 0))
    await running.enter(poll, ALICE)
    _, screen = await running.enter(poll, BOB)
    ask, asked = running.hub._ask_rights, list[list[str]]()

    async def meanwhile(poll_id: int, voters: list[str]) -> watch.StandingVoters | None:
        asked.append(voters)
        if len(asked) == 1:
            cast = await cast_one(running.database, vote(poll, BOB, 1))
            running.hub.ballot_stands(poll.id, BOB.voter, Place(cast.epoch, cast.version))
        return await ask(poll_id, voters)

    monkeypatch.setattr(running.hub, "_ask_rights", meanwhile)
    await cast_one(running.database, retract(poll, ALICE))
    running.hub.on_news(TotalsNews((await running.read(poll)).totals()))
    await until(shows(screen, f"totals 1.{poll.version + 3} full"))
    assert asked == [[ALICE.voter], [BOB.voter]]


async def test_right_that_other_news_has_overtaken_is_asked_for(unhealed: RunningHub) -> None:
    poll = await make_poll(unhealed.database, results=Policy.AFTER_VOTE)
    await cast_one(unhealed.database, vote(poll, BOB, 0))
    _, screen = await unhealed.enter(poll, ALICE)
    cast = await cast_one(unhealed.database, vote(poll, ALICE, 1))
    gone = await cast_one(unhealed.database, retract(poll, BOB))
    unhealed.hub.on_news(TotalsNews((await unhealed.read(poll)).totals()))
    await until(shows(screen, f"totals 1.{gone.version} turnout"))
    await until(lambda: not unhealed.hub._rooms[poll.id].doubtful)
    unhealed.hub.ballot_stands(poll.id, ALICE.voter, Place(cast.epoch, cast.version))
    await until(shows(screen, f"totals 1.{gone.version} full"))
