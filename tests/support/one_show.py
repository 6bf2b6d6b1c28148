"""One event with its polls as the database would hold them: a stand-in for `Tallies` and `Events` to the rooms."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from nexus.domain.ballot import CastVote
from nexus.domain.event import Event, SheetPoll
from nexus.domain.poll import Policy, Poll, Status, Totals, Watch
from nexus.store.watch import Entrant, Places, StandingVoters, VoterState
from nexus.voting.events import EventEntry
from nexus.voting.tallies import PollEntry
from tests.support.ballots import HOST
from tests.support.rooms import NOON, poll_at

POLLS = (7, 8, 9)
EVENT = 4


class OneShow:
    """An event of three polls, their standing ballots and its members. A read takes `turns` of the event loop before
    its moment, and as many after it, so that anything may happen in between."""

    def __init__(self) -> None:
        policies = (Policy.LIVE, Policy.AFTER_VOTE, Policy.AFTER_CLOSE)
        self.polls = {
            poll: poll_at(1, id=poll, event=EVENT, code=None, status=Status.DRAFT, results=policy)
            for poll, policy in zip(POLLS, policies, strict=True)
        }
        self.standing: dict[int, frozenset[str]] = dict.fromkeys(POLLS, frozenset())
        self.members = frozenset[str]()
        self.event: Event | None = Event(
            id=EVENT,
            code="H4NDY7",
            title="Show",
            description="",
            created_by=HOST.voter,
            hosts=(),
            is_public=True,
            allow_guests=True,
            polls=(),
            shown=None,
            last_shown=None,
            revision=1,
            created_at=NOON,
            updated_at=NOON,
        )
        self.shown_at: dict[int, int | None] = {}
        """What was shown at each revision of the event."""
        self.turns = 0
        self.change()

    @property
    def now(self) -> Event:
        """The event, which exists."""
        assert self.event is not None
        return self.event

    def change(self, **fields: object) -> Event:
        """Commit a change of the event."""
        polls = tuple(SheetPoll(one.id, one.question, one.status, one.was_shown) for one in self.polls.values())
        self.event = msgspec.structs.replace(self.now, revision=self.now.revision + 1, polls=polls, **fields)
        self.shown_at[self.event.revision] = self.event.shown
        return self.event

    def show(self, poll: int | None) -> list[Poll]:
        """Commit a move; the polls that changed with it."""
        before, changed = self.now.shown, []
        if before is not None and before != poll and before in self.polls:
            changed.append(self._commit(before, status=Status.CLOSED))
        if poll is not None and self.polls[poll].status is Status.DRAFT:
            changed.append(self._commit(poll, status=Status.OPEN, was_shown=True))
        self.change(shown=poll)
        return changed

    def vote(self, poll: int, voter: str) -> Poll:
        """Commit a ballot."""
        self.standing[poll] |= {voter}
        return self._commit(poll, revision=self.polls[poll].revision)

    def privacy(self, *, public: bool) -> list[Poll]:
        """Commit who may come in."""
        self.change(is_public=public)
        return [self._commit(poll, version=one.version, is_public=public) for poll, one in self.polls.items()]

    def erase(self, poll: int) -> None:
        """Commit the deletion of a poll."""
        del self.polls[poll]
        self.change(shown=None if self.now.shown == poll else self.now.shown)

    def _commit(self, poll: int, **fields: object) -> Poll:
        one, voters = self.polls[poll], len(self.standing[poll])
        counted = {"version": one.version + 1, "revision": one.revision + 1, "voters": voters, "ballots": voters}
        self.polls[poll] = msgspec.structs.replace(one, **{**counted, **fields})
        return self.polls[poll]

    async def _wait(self) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)

    # As `Tallies`

    async def entry(self, poll_id: int, voter: str) -> PollEntry | None:
        """What the voter holds, and a poll that is as new or newer."""
        await self._wait()
        if poll_id not in self.polls:
            return None
        held = self._entrant(poll_id, voter)
        newest = await self.poll(poll_id)
        return None if newest is None else PollEntry(newest, held)

    def _entrant(self, poll: int, voter: str) -> Entrant:
        then, stands = self.polls[poll], voter in self.standing[poll]
        votes = (CastVote(UUID(int=7), (12,), NOON),) if stands else ()
        return Entrant(Watch(then.place, then.revision, then.status), 0, voter in self.members, votes)

    async def poll(self, poll_id: int) -> Poll | None:
        """The poll, as of a moment in between."""
        await self._wait()
        found = self.polls.get(poll_id)
        await self._wait()
        return found

    async def voter_state(self, poll: int, voter: str) -> VoterState:
        """Whether the voter has entered the event's code."""
        await self._wait()
        return VoterState(joined=voter in self.members, votes=())

    async def compare(self, polls: Sequence[int], events: Sequence[int]) -> Places:
        """Where everything stands."""
        await self._wait()
        found = {one.id: Watch(one.place, one.revision, one.status) for one in self.polls.values()}
        revisions = {EVENT: self.event.revision} if self.event is not None else {}
        await self._wait()
        return Places(found, [], revisions)

    def mark_unconfirmed(self, totals: Totals) -> None:
        """There is no bus that keeps any."""

    async def standing_voters(self, poll: int, voters: list[str]) -> StandingVoters | None:
        """Whose ballots stand."""
        await self._wait()
        one = self.polls.get(poll)
        if one is None:
            return None
        return StandingVoters(one.place, 0, self.standing[poll] & frozenset(voters))


class OneShowsEvents:
    """The same as `Events`."""

    def __init__(self, truth: OneShow) -> None:
        self._truth = truth

    async def event(self, event_id: int) -> Event | None:
        """The event, as of a moment in between."""
        await self._truth._wait()
        found = self._truth.event
        await self._truth._wait()
        return found

    async def entry(self, event_id: int, voter: str) -> EventEntry | None:
        """The event, and whether the voter has entered its code."""
        await self._truth._wait()
        found, joined = self._truth.event, voter in self._truth.members
        await self._truth._wait()
        return None if found is None else EventEntry(found, joined)

    async def members(self, event_id: int, voters: Sequence[str]) -> frozenset[str]:
        """Who of them has entered its code."""
        await self._truth._wait()
        return self._truth.members & frozenset(voters)

    async def held(self, poll: int, voters: Sequence[str]) -> dict[tuple[int, str], Entrant]:
        """What they hold in a poll."""
        await self._truth._wait()
        found = {(poll, voter): self._truth._entrant(poll, voter) for voter in voters if poll in self._truth.polls}
        await self._truth._wait()
        return found
