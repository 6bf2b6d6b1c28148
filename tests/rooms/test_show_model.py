"""Followers in any order of events: what each may be sent, and what it must have been sent in the end."""

import asyncio
import os
from functools import partial
from itertools import count
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus.bus import DeletedNews, EventNews, PollNews, TotalsNews
from nexus.bus.local import LocalBus
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.errors import EventNotFound, Unavailable
from nexus.rooms import fanout as fanout_module
from nexus.rooms import moving, writing
from nexus.rooms.fanout import SLICE_S, Fanout
from nexus.rooms.follower import Follower
from nexus.rooms.following import Following
from nexus.rooms.frame import Frame
from nexus.rooms.healing import Healing
from nexus.rooms.hub import Hub
from nexus.rooms.moving import Moves
from nexus.rooms.viewer import Viewer
from nexus.voting.events import Events
from nexus.voting.tallies import Tallies
from tests.support.ballots import HOST
from tests.support.one_show import EVENT, POLLS, OneShow, OneShowsEvents
from tests.support.rooms import PlainFrames, who

EXAMPLES = max(int(os.environ.get("NEXUS_SOAK") or 0), 60)
PEOPLE = (who(1), who(1), who(2), who(3), HOST)
"""Whose screens there are: a voter has two."""


class NamedFrames(PlainFrames):
    """Totals that say of which poll they are."""

    def totals(self, totals, sees):  # type: ignore[no-untyped-def]
        return self._frame(f"totals {totals.poll} {totals.version} {sees}")

    def poll(self, poll, sees):  # type: ignore[no-untyped-def]
        return self._frame(f"poll {poll.id} {poll.revision} {sees}")


class Screen:
    """A socket that holds its event to what it may be sent."""

    def __init__(self, truth: OneShow, by: Identity) -> None:
        self.truth = truth
        self.by = by
        self.follower: Follower | None = None
        self.clogged = self.refused = self.fails = False
        self.revision = 0
        self.at: int | None = None
        self.version: dict[int, int] = {}
        self.wrong: list[str] = []

    def write(self, frame: Frame) -> bool:
        self.expect(self.follower is not None, "something after it has left")
        if self.fails:
            self.fails = False
            raise ZeroDivisionError("a socket that fails once")
        self.refused |= self.clogged
        if not self.clogged:
            self.take(frame.text.decode().split())
        return not self.clogged

    def removed(self, poll: int, frame: Frame) -> None:
        """A poll that is deleted, or has become private."""

    def event_gone(self, event: int, frame: Frame) -> None:
        self.follower = None

    def viewer_in(self, poll: int) -> Viewer | None:
        return None

    def take(self, words: list[str]) -> None:
        match words:
            case ["moved", revision, _, "to", "nothing"]:
                self.see(int(revision[1:]), None)
            case ["moved", revision, _, "to", poll, place, sees, *own]:
                self.see(int(revision[1:]), int(poll))
                self.totals(int(poll), int(place.partition(".")[2]), sees)
                self.expect(bool(own) <= (self.by.voter in self.truth.standing[int(poll)]), "a ballot it has not cast")
            case ["event", revision, _]:
                self.expect(int(revision[1:]) > self.revision, "an older revision")
                self.revision = int(revision[1:])
                self.expect(self.truth.shown_at[self.revision] == self.at, "no word of a move")
            case ["totals", poll, version, sees]:
                self.expect(int(poll) == self.at, f"totals of {poll} while {self.at} is shown")
                self.totals(int(poll), int(version), sees)
            case ["poll", poll, _, _]:
                self.expect(int(poll) == self.at, "a definition of another poll")
            case _:
                self.expect(words[0] == "followers", " ".join(words))

    def see(self, revision: int, poll: int | None) -> None:
        self.expect(revision > self.revision, f"revision {revision} after {self.revision}")
        self.expect(self.truth.shown_at[revision] == poll, f"{poll} is not shown at {revision}")
        self.revision, self.at = revision, poll

    def totals(self, poll: int, version: int, sees: str) -> None:
        newest = self.version.get(poll, 0)
        self.expect(version >= newest, f"totals of {poll} went back from {newest} to {version}")
        self.version[poll] = version

    def expect(self, right: bool, otherwise: str) -> None:
        if not right:  # not raised here: a socket's failure is taken as its own
            self.wrong.append(otherwise)


class Hall:
    """A hub, an event and its screens."""

    def __init__(self) -> None:
        self.truth = OneShow()
        fanout = Fanout(NamedFrames(), tick_s=0, clock=partial(next, count(0.0, SLICE_S)))
        tallies, events = cast("Tallies", self.truth), cast("Events", OneShowsEvents(self.truth))
        self.hub = Hub(tallies, LocalBus(), fanout, self.truth.standing_voters, "here")
        moves = Moves(events, self.hub, NamedFrames(), fanout.give_way)
        self.following = Following(events, self.hub, moves, LocalBus(), "here")
        self.healing = Healing(tallies, self.hub, self.following)
        self.screens = [Screen(self.truth, by) for by in PEOPLE]
        self.under_way: set[asyncio.Task[None]] = set()

    def tell(self, changed: list[Poll], how: str) -> None:
        """What a commit here tells the rooms: in order, swapped, doubled, or not at all."""
        news = [one for poll in changed for one in (TotalsNews(poll.totals()), PollNews(poll.id, poll.revision))]
        told = [*news, EventNews(EVENT, self.truth.now.revision)]
        match how:
            case "lost":
                told = []
            case "swapped":
                told.reverse()
            case "doubled":
                told += told
        for one in told:
            self.hub.on_news(one)
            self.following.on_news(one)

    def act(self, kind: str, n: int, how: str) -> None:
        """Let one thing happen."""
        truth, there = self.truth, sorted(self.truth.polls)
        match kind:
            case "move":
                self.tell(truth.show(([*there, None])[n % (len(there) + 1)]), how)
            case "vote" if truth.now.shown is not None:
                voter = PEOPLE[n % 4].voter
                poll = truth.vote(truth.now.shown, voter)
                self.hub.on_news(TotalsNews(poll.totals()))
                self.hub.ballot_stands(poll.id, voter, poll.place)
            case "text":
                truth.change(title=f"Show {n}")
                self.tell([], how)
            case "privacy":
                truth.members |= {PEOPLE[n % 4].voter}
                self.tell(truth.privacy(public=bool(n % 2)), how)
            case "erase" if len(there) > 1 and n % 5 == 0:
                truth.erase(there[0])
                self.tell([], how)
                self.hub.on_news(DeletedNews(there[0]))
            case "slow reads":
                truth.turns = n % 4
            case _:
                self.on_socket(kind, self.screens[n % len(self.screens)])

    def on_socket(self, kind: str, screen: Screen) -> None:
        """What happens to one socket."""
        match kind:
            case "clog":
                screen.clogged = True
            case "drain":
                self.drain(screen)
            case "fail":
                screen.fails = True
            case "leave" if screen.follower is not None:
                follower, screen.follower = screen.follower, None
                self.following.leave(EVENT, follower)
            case "enter" if screen.follower is None:
                self.under_way.add(asyncio.create_task(self.enter(screen)))
            case "heal":
                self.under_way.add(asyncio.create_task(self.heal()))

    async def enter(self, screen: Screen) -> None:
        """Enter as a session does; the snapshot goes out before anything else."""
        follower = Follower(screen, screen.by)
        try:
            entered = await self.following.enter(EVENT, follower)
        except (EventNotFound, Unavailable):
            return
        if screen.follower is not None:
            self.following.leave(EVENT, follower)  # it has entered twice at once
            return
        screen.follower = follower
        screen.expect(entered.event.revision >= screen.revision, "entered an older event")
        screen.revision, screen.at = entered.event.revision, entered.event.shown
        if entered.inside is not None:
            screen.totals(entered.inside.poll.id, entered.inside.poll.version, str(entered.inside.sees))

    def drain(self, screen: Screen) -> None:
        """The reader has read: the socket asks for what it refused, as sockets promise."""
        screen.clogged = False
        follower = screen.follower
        if screen.refused and follower is not None:
            if follower.viewer is not None and follower.shown is not None:
                self.hub.catch_up(follower.shown, follower.viewer)
            self.following.catch_up(EVENT, follower)
        screen.refused = False

    async def heal(self) -> None:
        await self.healing.heal()
        await self.healing.count_voters()

    async def rest(self) -> None:
        self.truth.turns = 0
        await asyncio.gather(*self.under_way)
        for screen in self.screens:
            screen.fails = False
            self.drain(screen)
        for _ in range(150):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Check what has arrived after some seconds, whatever was lost."""
        await self.rest()
        for _ in range(4):
            await self.heal()
            await self.rest()
        truth, inside = self.truth, [screen for screen in self.screens if screen.follower is not None]
        assert [screen.wrong for screen in self.screens] == [[]] * len(self.screens)
        for screen in inside:
            assert (screen.revision, screen.at) == (truth.now.revision, truth.now.shown)
            if screen.at is not None:
                assert screen.version[screen.at] == truth.polls[screen.at].version
            assert truth.now.is_public or screen.by is HOST or screen.by.voter in truth.members
        assert self.hub.watched == ([truth.now.shown] if inside and truth.now.shown is not None else [])
        viewers = [len(room.viewers) for room in self.hub._rooms.values()]
        assert viewers in ([], [len(inside)])
        assert len(self.following) == bool(inside)


KINDS = (
    *("move", "move", "move", "move", "vote", "vote", "text", "privacy", "erase", "slow reads", "clog", "drain"),
    *("fail", "leave", "enter", "enter", "heal"),
)
HOW = ("told", "told", "told", "lost", "swapped", "doubled")
ACTS = st.tuples(st.sampled_from(KINDS), st.integers(0, 19), st.sampled_from(HOW), st.integers(0, 6))


@given(acts=st.lists(ACTS, min_size=20, max_size=60))
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True
)
def test_followers_are_where_the_event_is_and_were_never_shown_the_past(
    quick: None, acts: list[tuple[str, int, str, int]]
) -> None:
    async def play() -> None:
        hall = Hall()
        for n in range(len(PEOPLE)):
            hall.act("enter", n, "told")
        for kind, n, how, turns in acts:
            hall.act(kind, n, how)
            for _ in range(turns):
                await asyncio.sleep(0)
        await hall.end()
        await hall.following.stop()
        await hall.hub.stop()

    asyncio.run(play())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice for every two people, two voters a query, and what failed is tried again at once."""
    monkeypatch.setattr(writing, "STRIDE", 2)
    monkeypatch.setattr(moving, "STRIDE", 2)
    monkeypatch.setattr(moving, "VOTERS", 2)
    monkeypatch.setattr(fanout_module, "RETRY_S", 0.0)


def test_the_polls_of_the_model_are_those_of_its_event() -> None:
    assert tuple(one.id for one in OneShow().now.polls) == POLLS
