"""Who may know of a poll, what they are to it, and what they see of its counts: decided here, for every path."""

from __future__ import annotations

from enum import StrEnum

from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Status, Visibility
from nexus.errors import Forbidden


class Role(StrEnum):
    """What somebody is to one poll."""

    HOST = "host"
    VOTER = "voter"
    SCREEN = "screen"


def role_in(identity: Identity, created_by: str) -> Role:
    """What `identity` is to a poll it may know of."""
    if identity.is_screen:
        return Role.SCREEN
    return Role.HOST if identity.is_admin or identity.voter == created_by else Role.VOTER


def is_host(identity: Identity, created_by: str) -> bool:
    """Whether `identity` may run the poll: its host or an admin, with a token that is not bound to polls."""
    return role_in(identity, created_by) is Role.HOST and identity.polls is None


def require_host(identity: Identity, created_by: str) -> None:
    """Raises `Forbidden` unless `identity` may run the poll."""
    if not is_host(identity, created_by):
        raise Forbidden("Only the host of this poll or an admin may do this.")


def require_maker(identity: Identity) -> None:
    """Raises `Forbidden` unless `identity` may create polls."""
    if not identity.may_host:
        raise Forbidden("Only registered users may create polls.")


def may_know(
    identity: Identity, poll_id: int, created_by: str, *, is_public: bool, status: Status, joined: bool
) -> bool:
    """Whether the poll exists at all for `identity`; if not, everything about it answers 404
    (docs/contract.md, "Who may know of a poll").

    `joined`: the voter entered the poll's code before. A bound token (guest, screen) was made for its poll,
    so it needs no joining; a draft is seen by its host and admins only.
    """
    if identity.polls is not None and poll_id not in identity.polls:
        return False
    if identity.is_screen or identity.is_admin or identity.voter == created_by:
        return True
    if status is Status.DRAFT:
        return False
    return is_public or joined or identity.polls is not None


def visibility(policy: Policy, status: Status, role: Role, *, has_vote: bool) -> Visibility:
    """What somebody sees of the counts: the one place where the result policy is decided."""
    shown = (
        role is not Role.VOTER
        or policy is Policy.LIVE
        or (policy is Policy.AFTER_VOTE and has_vote)
        or (policy is Policy.AFTER_CLOSE and status is Status.CLOSED)
    )
    return Visibility.FULL if shown else Visibility.TURNOUT
