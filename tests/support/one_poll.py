"""One poll as the database would hold it, with everything it ever was: a stand-in for `Tallies` to a hub."""

import asyncio
from uuid import UUID

import msgspec

from nexus.domain.ballot import CastVote
from nexus.domain.poll import Place, Policy, Poll, Totals, Visibility, Watch
from nexus.domain.rights import Role, visibility
from nexus.store.watch import Entrant, Places, StandingVoters, VoterState
from nexus.voting.tallies import PollEntry
from tests.support.rooms import NOON, poll_at


class OnePoll:
    """A poll, its standing ballots and its members. A read takes `turns` of the event loop before its moment, and as
    many after it, so that anything may happen in between."""

    def __init__(self, results: Policy) -> None:
        self.state: Poll | None = poll_at(1, results=results)
        self.standing = frozenset[str]()
        self.members = frozenset[str]()
        self.history = [(self.state, self.standing)]
        self.turns = 0

    @property
    def now(self) -> Poll:
        """The poll, which exists."""
        assert self.state is not None
        return self.state

    def vote(self, voter: str) -> Poll:
        """Commit a ballot."""
        return self._commit(self.standing | {voter})

    def retract(self, voter: str) -> Poll:
        """Commit the withdrawal of a ballot, if it stands."""
        if voter not in self.standing:
            return self.now
        return self._commit(self.standing - {voter}, retractions=self.now.retractions + 1)

    def reset(self) -> Poll:
        """Commit the beginning of a round."""
        return self._commit(frozenset(), epoch=self.now.epoch + 1, revision=self.now.revision + 1)

    def change(self, **fields: object) -> Poll:
        """Commit a change of the definition or status."""
        return self._commit(self.standing, revision=self.now.revision + 1, **fields)

    def _commit(self, standing: frozenset[str], **fields: object) -> Poll:
        self.standing = standing
        counted: dict[str, object] = {"version": self.now.version + 1, "voters": len(standing), **fields}
        self.state = msgspec.structs.replace(self.now, **counted)
        self.history.append((self.state, standing))
        return self.state

    def may_see(self, role: Role, voter: str, place: Place) -> bool:
        """Whether the counts at `place` may be shown now: under `after_vote` to those whose ballot stood there or
        later."""
        since = [(poll, standing) for poll, standing in self.history if place <= poll.place]
        poll = since[0][0]
        stood = any(voter in standing for later, standing in since if later.epoch == place.epoch)
        return visibility(poll.results, poll.status, role, has_vote=stood) is Visibility.FULL

    async def _wait(self) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)

    async def entry(self, poll_id: int, voter: str) -> PollEntry | None:
        """As `Tallies.entry`: what the voter holds, and a poll that is as new or newer."""
        await self._wait()
        if self.state is None:
            return None
        then = self.state
        votes = (CastVote(UUID(int=7), (12,), NOON),) if voter in self.standing else ()
        watch = Watch(then.place, then.revision, then.status)
        held = Entrant(watch, then.retractions, voter in self.members, votes)
        newest = await self.poll(poll_id)
        return None if newest is None else PollEntry(newest, held)

    async def poll(self, poll_id: int) -> Poll | None:
        """As `Tallies.poll`."""
        await self._wait()
        found = self.state
        await self._wait()
        return found

    async def voter_state(self, poll: int, voter: str) -> VoterState:
        """As `Tallies.voter_state`."""
        await self._wait()
        return VoterState(joined=voter in self.members, votes=())

    async def places(self, polls: list[int]) -> dict[int, Watch]:
        """As `Tallies.places`."""
        await self._wait()
        one = self.state
        found = {one.id: Watch(one.place, one.revision, one.status)} if one else {}
        await self._wait()
        return found

    async def compare(self, polls: list[int], events: list[int]) -> Places:
        """As `Tallies.compare`."""
        return Places(await self.places(polls), [], {})

    def mark_unconfirmed(self, totals: Totals) -> None:
        """As of `Tallies`."""

    async def standing_voters(self, poll: int, voters: list[str]) -> StandingVoters | None:
        """As `nexus.store.watch.standing_voters`."""
        await self._wait()
        found = StandingVoters(self.now.place, self.now.retractions, self.standing & frozenset(voters))
        await self._wait()
        return found
