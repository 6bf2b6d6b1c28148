"""Who may know of a poll, what they are to it, and what they see of its counts: decided here, for every path."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Status, Visibility
from nexus.errors import Forbidden

MAY_NOT_VOTE = "This token may not vote in this poll."
"""What a screen is told, and a guest in a poll without guests."""

SHOWN_BY_STAGE = frozenset({"results"})
"""The fields of a poll that a presenter may change: to show the results and to hide them."""


UNSEEN = frozenset({Status.DRAFT, Status.SCHEDULED})
"""The statuses in which a poll's code leads to a page that waits, and shows nothing of it."""


class Reach(StrEnum):
    """How far a token reaches: it decides, with what the poll is, whether the poll exists for its bearer."""

    NONE = "none"
    PUBLIC = "public"
    BOUND = "bound"
    ALL = "all"


class Seat(StrEnum):
    """As what somebody would vote."""

    VOTER = "voter"
    GUEST = "guest"
    SCREEN = "screen"


class Role(StrEnum):
    """What somebody is to one poll."""

    HOST = "host"
    VOTER = "voter"
    SCREEN = "screen"
    PRESENTER = "presenter"


def role_in(identity: Identity, created_by: str) -> Role:
    """What `identity` is to a poll it may know of."""
    if identity.is_screen:
        return Role.PRESENTER if identity.is_presenter else Role.SCREEN
    return Role.HOST if identity.is_admin or identity.voter == created_by else Role.VOTER


def is_host(identity: Identity, created_by: str) -> bool:
    """Whether `identity` may run the poll: its host or an admin, with a token that is not bound to polls."""
    return role_in(identity, created_by) is Role.HOST and identity.polls is None


def require_host(identity: Identity, created_by: str) -> None:
    """Raises `Forbidden` unless `identity` may run the poll."""
    if not is_host(identity, created_by):
        raise Forbidden("Only the host of this poll or an admin may do this.")


def may_present(identity: Identity, poll_id: int, created_by: str) -> bool:
    """Whether `identity` may do with the poll what the stage does: open and close it, show its results and hide them.
    Its host and admins may, and a presenter of this poll."""
    bound = identity.polls is not None and poll_id in identity.polls
    return is_host(identity, created_by) or (bound and identity.is_presenter)


def require_presenter(identity: Identity, poll_id: int, created_by: str) -> None:
    """Raises `Forbidden` unless `identity` may do with the poll what the stage does."""
    if not may_present(identity, poll_id, created_by):
        require_host(identity, created_by)


def require_patcher(
    identity: Identity, poll_id: int, created_by: str, fields: Iterable[str], *, correction: bool
) -> None:
    """Raises `Forbidden` unless `identity` may change these fields of the poll; a `correction` is the host's alone."""
    if not correction and set(fields) == SHOWN_BY_STAGE:
        require_presenter(identity, poll_id, created_by)
    else:
        require_host(identity, created_by)


def require_maker(identity: Identity) -> None:
    """Raises `Forbidden` unless `identity` may create polls."""
    if not identity.may_host:
        raise Forbidden("Only registered users may create polls.")


def reach(identity: Identity, poll_id: int) -> Reach:
    """How far `identity` reaches to a poll: a token bound to other polls not at all, a screen and an admin always.

    A bound token (guest, screen, presenter) was made for its poll, so it needs no joining.
    """
    if identity.polls is not None and poll_id not in identity.polls:
        return Reach.NONE
    if identity.is_screen or identity.is_admin:
        return Reach.ALL
    return Reach.PUBLIC if identity.polls is None else Reach.BOUND


def seat(identity: Identity) -> Seat:
    """As what `identity` votes: screens and presenters never do, guests where the poll has them."""
    if identity.is_screen:
        return Seat.SCREEN
    return Seat.GUEST if identity.is_guest else Seat.VOTER


def may_know(
    identity: Identity, poll_id: int, created_by: str, *, is_public: bool, status: Status, joined: bool
) -> bool:
    """Whether the poll exists at all for `identity`; if not, everything about it answers 404
    (docs/contract.md, "Who may know of a poll").

    `joined`: the voter entered the poll's code before. A draft is seen by its host and admins only. For votes the same
    is said once more in `record_ballots` (`schema.sql`), under the poll's lock.
    """
    far = reach(identity, poll_id)
    if far in (Reach.NONE, Reach.ALL):
        return far is Reach.ALL
    if identity.voter == created_by:
        return True
    return status is not Status.DRAFT and (is_public or joined or far is Reach.BOUND)


def visibility(policy: Policy, status: Status, role: Role, *, has_vote: bool) -> Visibility:
    """What somebody sees of the counts: the one place where the result policy is decided."""
    shown = (
        role is not Role.VOTER
        or policy is Policy.LIVE
        or (policy is Policy.AFTER_VOTE and has_vote)
        or (policy is Policy.AFTER_CLOSE and status is Status.CLOSED)
    )
    return Visibility.FULL if shown else Visibility.TURNOUT
