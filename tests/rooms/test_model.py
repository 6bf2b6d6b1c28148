"""A hub in any order of events: what each screen may be sent, and what it must have been sent in the end."""

import asyncio
import os
from functools import partial
from itertools import count
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus.bus import PollNews, TotalsNews
from nexus.bus.local import LocalBus
from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Policy, Poll, Status
from nexus.domain.rights import Role
from nexus.errors import PollNotFound
from nexus.rooms import fanout as fanout_module
from nexus.rooms import writing
from nexus.rooms.fanout import SLICE_S, Fanout
from nexus.rooms.frame import Frame
from nexus.rooms.hub import Hub
from nexus.rooms.room import Viewer
from nexus.voting.tallies import Tallies
from tests.support.ballots import HOST
from tests.support.one_poll import OnePoll
from tests.support.rooms import PlainFrames, who

EXAMPLES = max(int(os.environ.get("NEXUS_SOAK") or 0), 60)
POLL = 7
PEOPLE = (who(1), who(1), who(2), who(3), HOST)
"""Whose screens there are: a voter has two."""
POLICIES = (Policy.LIVE, Policy.AFTER_VOTE, Policy.AFTER_VOTE, Policy.AFTER_CLOSE, Policy.HOST)


class Screen:
    """A socket that holds its room to what it may be sent."""

    def __init__(self, truth: OnePoll, by: Identity) -> None:
        self.truth = truth
        self.by = by
        self.viewer: Viewer | None = None
        self.clogged = self.fails = self.refused = self.gone = False
        self.shown = (Place(0, 0), False)
        self.revision = 0
        self.online: int | None = None

    @property
    def role(self) -> Role:
        return Role.HOST if self.by is HOST else Role.VOTER

    def write(self, frame: Frame) -> bool:
        assert self.viewer is not None, "it is in no room"
        if self.fails:
            self.fails = False
            raise ZeroDivisionError("a socket that fails once")
        self.refused |= self.clogged
        if not self.clogged:
            self._take(*frame.text.decode().split())
        return not self.clogged

    def removed(self, poll: int, frame: Frame) -> None:
        self.viewer = None
        self.gone = True

    def _take(self, kind: str, what: str, sees: str = "") -> None:
        if kind == "totals":
            epoch, version = what.split(".")
            self.show(Place(int(epoch), int(version)), full=sees == "full")
        elif kind == "poll":
            assert self.revision < int(what[1:])
            self.revision = int(what[1:])
        else:
            assert kind == "presence"
            self.online = int(what)

    def show(self, place: Place, *, full: bool) -> None:
        """Totals, or a snapshot."""
        assert self.shown < (place, full), "nothing twice, and nothing older"
        assert not full or self.truth.may_see(self.role, self.by.voter, place), f"{place} is hidden from it"
        self.shown = (place, full)


class Show:
    """A hub and its screens."""

    def __init__(self) -> None:
        self.truth = OnePoll()
        fanout = Fanout(PlainFrames(), tick_s=0, clock=partial(next, count(0.0, SLICE_S)))
        tallies, ask = cast("Tallies", self.truth), self.truth.standing_voters
        self.hub = Hub(tallies, LocalBus(), fanout, ask, "here")
        self.screens = [Screen(self.truth, by) for by in PEOPLE]
        self.entering: set[asyncio.Task[None]] = set()

    def tell(self, poll: Poll, *, heard: bool) -> None:
        """What a commit here tells the hub, or what a bus loses."""
        if heard:
            self.hub.on_news(TotalsNews(poll.totals()))
            self.hub.on_news(PollNews(poll.id, poll.revision))

    def act(self, kind: str, n: int, heard: bool) -> None:
        """Let one thing happen."""
        screen, truth = self.screens[n % len(self.screens)], self.truth
        voter = PEOPLE[n % 4].voter
        match kind:
            case "vote":
                poll = truth.vote(voter)
                self.tell(poll, heard=heard)
                self.hub.ballot_stands(POLL, voter, poll.place)
            case "retract":
                self.tell(truth.retract(voter), heard=heard)
            case "policy":
                self.tell(truth.change(results=POLICIES[n % len(POLICIES)]), heard=heard)
            case "text":
                self.tell(truth.change(question=f"Which {n}?", version=truth.now.version), heard=heard)
            case "status":
                self.tell(truth.change(status=(Status.OPEN, Status.CLOSED)[n % 2]), heard=heard)
            case "privacy":
                truth.members |= {voter}
                self.tell(truth.change(is_public=bool(n % 2)), heard=heard)
            case "reset":
                self.tell(truth.reset(), heard=heard)
            case "slow reads":
                truth.turns = n % 4
            case _:
                self.on_socket(kind, screen)

    def on_socket(self, kind: str, screen: Screen) -> None:
        """What happens to one socket."""
        match kind:
            case "clog":
                screen.clogged = True
            case "drain":
                self.drain(screen)
            case "fail":
                screen.fails = True
            case "leave" if screen.viewer is not None:
                viewer, screen.viewer = screen.viewer, None
                self.hub.leave(POLL, viewer)
            case "join" if screen.viewer is None:
                self.entering.add(asyncio.create_task(self.join(screen)))
            case "heal":
                self.entering.add(asyncio.create_task(self.heal()))

    async def join(self, screen: Screen) -> None:
        """Enter as a session does; the snapshot goes out before anything else."""
        viewer = Viewer(screen, screen.by)
        try:
            snapshot = await self.hub.enter(POLL, viewer)
        except PollNotFound:
            return
        if screen.viewer is not None:
            self.hub.leave(POLL, viewer)  # it has joined twice at once
            return
        screen.viewer, screen.gone = viewer, False
        screen.shown, screen.revision, screen.online = (Place(0, 0), False), snapshot.poll.revision, None
        screen.show(snapshot.poll.place, full=snapshot.sees.value == "full")

    def drain(self, screen: Screen) -> None:
        """The reader has read: the socket asks for what it refused, as sockets promise."""
        screen.clogged = False
        if screen.refused and screen.viewer is not None:
            self.hub.catch_up(POLL, screen.viewer)
        screen.refused = False

    async def heal(self) -> None:
        """What the hub does each second."""
        await self.hub._heal()
        await self.hub._update_presence()

    async def settle(self) -> None:
        """Let the network come to rest, and two seconds pass."""
        self.truth.turns = 0
        await asyncio.gather(*self.entering)
        for screen in self.screens:
            screen.fails = False
            self.drain(screen)
        for _ in range(3):
            await self.heal()
            for _ in range(60):
                await asyncio.sleep(0)

    def check(self) -> None:
        """Everybody has the newest, and those who may see it its counts."""
        truth, inside = self.truth, [screen for screen in self.screens if screen.viewer is not None]
        for screen in inside:
            full = truth.may_see(screen.role, screen.by.voter, truth.now.place)
            assert (screen.shown, screen.revision) == ((truth.now.place, full), truth.now.revision)
            assert screen.online == len({one.by.voter for one in inside if one.role is Role.VOTER})
            assert truth.now.is_public or screen.role is Role.HOST or screen.by.voter in truth.members
        assert self.hub.rooms == bool(inside)


KINDS = (
    *("vote", "vote", "vote", "retract", "policy", "text", "status", "privacy", "reset"),
    *("slow reads", "clog", "drain", "fail", "leave", "join", "join", "heal"),
)
ACTS = st.tuples(st.sampled_from(KINDS), st.integers(0, 19), st.booleans(), st.integers(0, 6))


@given(first=st.lists(st.integers(0, 4), max_size=5), acts=st.lists(ACTS, max_size=40))
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True
)
def test_screens_show_what_they_may_and_arrive_at_the_newest(
    quick: None, first: list[int], acts: list[tuple[str, int, bool, int]]
) -> None:
    async def play() -> None:
        show = Show()
        for n in first:
            show.act("join", n, True)
        for kind, n, heard, turns in acts:
            show.act(kind, n, heard)
            for _ in range(turns):
                await asyncio.sleep(0)
        await show.settle()
        show.check()
        await show.hub.stop()

    asyncio.run(play())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice for every two viewers, and what failed is tried again at once."""
    monkeypatch.setattr(writing, "STRIDE", 2)
    monkeypatch.setattr(fanout_module, "RETRY_S", 0.0)
