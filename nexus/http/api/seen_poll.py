"""Who sees what of a poll: the one way from an id to what somebody may know of it
(docs/contract.md, "Who may know of a poll")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Poll, Visibility
from nexus.domain.rights import Role, may_know, require_host, role_in, rules_of, visibility
from nexus.errors import PollNotFound
from nexus.store import watch
from nexus.store.database import Database
from nexus.store.watch import NO_STATE, VoterState
from nexus.voting.tallies import Tallies


@dataclass(frozen=True, slots=True)
class SeenPoll:
    """A poll as of a moment after the request arrived, and how `by`, who may know of it, sees it."""

    poll: Poll
    by: Identity
    role: Role
    sees: Visibility

    def require_host(self) -> None:
        """Raises `Forbidden` unless this is the poll's host or an admin."""
        require_host(self.by, rules_of(self.poll))


async def see_poll(tallies: Tallies, poll_id: int, by: Identity) -> SeenPoll:
    """The poll of an id as `by` sees it. Raises `PollNotFound` where it does not exist for `by`."""
    if by.is_bound and not by.events and poll_id not in (by.polls or ()):
        raise PollNotFound
    poll = await tallies.poll(poll_id)
    if poll is None:
        await _as_slow_as_hidden(tallies, poll_id, by)
        raise PollNotFound
    role = role_in(by, rules_of(poll))
    needs = _needs_voter_state(poll, role)
    state = await tallies.voter_state(poll.id, by.voter) if needs else NO_STATE
    if not may_know(by, rules_of(poll), joined=state.joined):
        if not needs:
            await _as_slow_as_hidden(tallies, poll_id, by)
        raise PollNotFound
    return SeenPoll(poll, by, role, _sees(poll, role, state))


async def _as_slow_as_hidden(tallies: Tallies, poll_id: int, by: Identity) -> None:
    """Ask what a private poll would cost: otherwise the time of a refusal would tell which ids are polls."""
    await tallies.voter_state(poll_id, by.voter)


async def see_polls(database: Database, polls: Sequence[Poll], by: Identity) -> list[SeenPoll]:
    """Polls that `by` may know of, as `by` sees them: one query for all of them, where any is needed."""
    roles = [role_in(by, rules_of(poll)) for poll in polls]
    keys = [
        (poll.id, by.voter)
        for poll, role in zip(polls, roles, strict=True)
        if role is Role.VOTER and poll.results is Policy.AFTER_VOTE
    ]
    states = await watch.voter_states(database, keys) if keys else {}
    return [
        SeenPoll(poll, by, role, _sees(poll, role, states.get((poll.id, by.voter), NO_STATE)))
        for poll, role in zip(polls, roles, strict=True)
    ]


def _needs_voter_state(poll: Poll, role: Role) -> bool:
    return role is Role.VOTER and (not poll.is_public or poll.results is Policy.AFTER_VOTE)


def _sees(poll: Poll, role: Role, state: VoterState) -> Visibility:
    # A state read after a reset is not about the round in which the poll was read.
    has_vote = bool(state.votes) and state.epoch == poll.epoch
    return visibility(poll.results, poll.status, role, has_vote=has_vote)
