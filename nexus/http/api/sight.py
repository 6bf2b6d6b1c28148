"""Who sees what of a poll: the one way from an id to what somebody may know of it (contract, promise 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Poll, Visibility
from nexus.domain.rights import Role, may_know, role_in, visibility
from nexus.errors import PollNotFound
from nexus.http.parts import Parts
from nexus.store import watch
from nexus.store.watch import NO_STATE, VoterState


@dataclass(frozen=True, slots=True)
class Sight:
    """A poll as of a moment after the request arrived, and how one who may know of it sees it."""

    poll: Poll
    role: Role
    sees: Visibility


async def look(parts: Parts, poll_id: int, by: Identity) -> Sight:
    """The poll of an id as `by` sees it. Raises `PollNotFound` where it does not exist for `by`."""
    if by.polls is not None and poll_id not in by.polls:
        raise PollNotFound
    poll = await parts.tallies.poll(poll_id)
    if poll is None:
        await _as_slow_as_hidden(parts, poll_id, by)
        raise PollNotFound
    role = role_in(by, poll.created_by)
    needs = _needs_voter_state(poll, role)
    state = await parts.tallies.voter_state(poll.id, by.voter) if needs else NO_STATE
    if not may_know(by, poll.id, poll.created_by, is_public=poll.is_public, status=poll.status, joined=state.joined):
        if not needs:
            await _as_slow_as_hidden(parts, poll_id, by)
        raise PollNotFound
    return Sight(poll, role, _sees(poll, role, state))


async def _as_slow_as_hidden(parts: Parts, poll_id: int, by: Identity) -> None:
    """The question that a private poll costs: else the time of a refusal would tell which ids are polls."""
    await parts.tallies.voter_state(poll_id, by.voter)


async def look_at_all(parts: Parts, polls: Sequence[Poll], by: Identity) -> list[Sight]:
    """Polls that `by` may know of, as `by` sees them: one query for all of them, where any is needed."""
    roles = [role_in(by, poll.created_by) for poll in polls]
    keys = [
        (poll.id, by.voter)
        for poll, role in zip(polls, roles, strict=True)
        if role is Role.VOTER and poll.results is Policy.AFTER_VOTE
    ]
    states = await watch.voter_states(parts.database, keys) if keys else {}
    return [
        Sight(poll, role, _sees(poll, role, states.get((poll.id, by.voter), NO_STATE)))
        for poll, role in zip(polls, roles, strict=True)
    ]


def _needs_voter_state(poll: Poll, role: Role) -> bool:
    return role is Role.VOTER and (not poll.is_public or poll.results is Policy.AFTER_VOTE)


def _sees(poll: Poll, role: Role, state: VoterState) -> Visibility:
    # A state read after a reset says nothing of the round that the poll was read in.
    has_vote = bool(state.votes) and state.epoch == poll.epoch
    return visibility(poll.results, poll.status, role, has_vote=has_vote)
