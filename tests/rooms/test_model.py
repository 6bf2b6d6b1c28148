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
from nexus.rooms.following import Following
from nexus.rooms.frame import Frame
from nexus.rooms.healing import Healing
from nexus.rooms.hub import Hub
from nexus.rooms.moving import Moves
from nexus.rooms.viewer import Viewer
from nexus.voting.events import Events
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
        self.wrong: list[str] = []

    @property
    def role(self) -> Role:
        return Role.HOST if self.by is HOST else Role.VOTER

    def write(self, frame: Frame) -> bool:
        self._expect(self.viewer is not None, "something after it has left")
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
            self._expect(self.revision < int(what[1:]), "an older definition")
            self.revision = int(what[1:])
        else:
            assert kind == "presence"
            self.online = int(what)

    def show(self, place: Place, *, full: bool) -> None:
        """Totals, or a snapshot."""
        self._expect(self.shown < (place, full), "something older, or the same twice")
        self._expect(not full or self.truth.may_see(self.role, self.by.voter, place), f"{place}, hidden from it")
        self.shown = (place, full)

    def _expect(self, right: bool, otherwise: str) -> None:
        if not right:  # not raised here: fan-out takes a socket's failure as its own
            self.wrong.append(otherwise)


class Show:
    """A hub and its screens."""

    def __init__(self, results: Policy) -> None:
        self.truth = OnePoll(results)
        self.lost = False
        fanout = Fanout(PlainFrames(), tick_s=0, clock=partial(next, count(0.0, SLICE_S)))
        tallies, ask = cast("Tallies", self.truth), self.truth.standing_voters
        self.hub = Hub(tallies, LocalBus(), fanout, ask, "here")
        events = cast("Events", None)  # nobody follows one here
        moves = Moves(events, self.hub, PlainFrames(), fanout.give_way)
        self.healing = Healing(tallies, self.hub, Following(events, self.hub, moves, LocalBus(), "here"))
        self.screens = [Screen(self.truth, by) for by in PEOPLE]
        self.entering: set[asyncio.Task[None]] = set()

    def tell(self, poll: Poll, *, heard: bool) -> None:
        """What a commit here tells the hub, or what a bus loses."""
        self.lost |= not heard
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
                self.lost = False
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
        await self.healing.heal()
        await self.healing.count_voters()

    async def rest(self) -> None:
        """Let everything come to rest that is under way, and every reader read."""
        self.truth.turns = 0
        await asyncio.gather(*self.entering)
        for screen in self.screens:
            screen.fails = False
            self.drain(screen)
        for _ in range(60):
            await asyncio.sleep(0)

    @property
    def inside(self) -> list[Screen]:
        return [screen for screen in self.screens if screen.viewer is not None]

    def check_newest(self) -> None:
        """Everybody has the newest, and those who may see it its counts."""
        truth = self.truth
        for screen in self.inside:
            full = truth.may_see(screen.role, screen.by.voter, truth.now.place)
            assert (screen.shown, screen.revision) == ((truth.now.place, full), truth.now.revision)

    async def calm(self) -> None:
        """Check what arrives by itself, as far as nothing was lost."""
        await self.rest()
        room = self.hub._rooms.get(POLL)
        if not self.lost and room is not None and not room.outdated and not room.doubtful:
            self.check_newest()

    async def end(self) -> None:
        """Check what has arrived after some seconds, whatever was lost."""
        await self.calm()
        for _ in range(3):
            await self.heal()
            await self.rest()
        self.check_newest()
        truth, inside = self.truth, self.inside
        for screen in inside:
            assert screen.online == len({one.by.voter for one in inside if one.role is Role.VOTER})
            assert truth.now.is_public or screen.role is Role.HOST or screen.by.voter in truth.members
        assert self.hub.rooms == bool(inside)
        assert [screen.wrong for screen in self.screens] == [[]] * len(self.screens)


KINDS = (
    *("vote", "vote", "vote", "vote", "retract", "retract", "policy", "text", "status", "privacy", "reset"),
    *("slow reads", "clog", "drain", "fail", "leave", "join", "join", "heal", "calm"),
)
HEARD = (True, True, True, True, False)
ACTS = st.tuples(st.sampled_from(KINDS), st.integers(0, 19), st.sampled_from(HEARD), st.integers(0, 6))


@given(results=st.sampled_from(POLICIES), acts=st.lists(ACTS, min_size=20, max_size=60))
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True
)
def test_screens_show_what_they_may_and_arrive_at_the_newest(
    quick: None, results: Policy, acts: list[tuple[str, int, bool, int]]
) -> None:
    async def play() -> None:
        show = Show(results)
        for n in range(len(PEOPLE)):
            show.act("join", n, True)
        for kind, n, heard, turns in acts:
            if kind == "calm":
                await show.calm()
            else:
                show.act(kind, n, heard)
            for _ in range(turns):
                await asyncio.sleep(0)
        await show.end()
        await show.hub.stop()

    asyncio.run(play())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice for every two viewers, and what failed is tried again at once."""
    monkeypatch.setattr(writing, "STRIDE", 2)
    monkeypatch.setattr(fanout_module, "RETRY_S", 0.0)
