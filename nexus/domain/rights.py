"""Who may know of a poll or an event, what they are to it, and what they see of its counts: decided here, for every
path.

Every right is asked of one value, `AccessRules`: that of an event's poll is made of its own row and of its event's.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Poll, Status, Visibility
from nexus.errors import Forbidden

MAY_NOT_VOTE = "This token may not vote in this poll."
"""What a screen is told, and a guest in a poll without guests."""

SHOWN_BY_STAGE = frozenset({"results"})
"""The fields of a poll that a presenter may change: to show the results and to hide them."""


UNSEEN = frozenset({Status.DRAFT, Status.SCHEDULED})
"""The statuses in which a poll's code leads to a page that waits, and shows nothing of it."""


class AccessRules(msgspec.Struct, frozen=True):
    """What decides who may know of a poll or an event, and run it.

    `poll` is None for an event, `event` for a poll that stands alone. `owner` and `hosts`, the co-hosts, are subjects.
    What is `hidden` is there for its hosts alone: a draft, until its event has shown it.
    """

    owner: str
    is_public: bool
    poll: int | None = None
    event: int | None = None
    hosts: frozenset[str] = frozenset()
    hidden: bool = False

    @property
    def whose(self) -> tuple[str, frozenset[str]]:
        """Its owner and co-hosts."""
        return self.owner, self.hosts

    def are_of(self, voter: str) -> bool:
        """Whether `voter` is its owner or a co-host."""
        return voter == self.owner or voter in self.hosts


class Seat(StrEnum):
    """As what somebody would vote."""

    VOTER = "voter"
    GUEST = "guest"
    SCREEN = "screen"


class Role(StrEnum):
    """What somebody is to one poll or event."""

    HOST = "host"
    VOTER = "voter"
    SCREEN = "screen"
    PRESENTER = "presenter"


def rules_of(poll: Poll) -> AccessRules:
    """What decides who may know of this poll and run it."""
    hidden = poll.status is Status.DRAFT and not poll.was_shown
    return AccessRules(poll.created_by, poll.is_public, poll.id, poll.event, poll.hosts, hidden)


def event_rules(event: Event) -> AccessRules:
    """What decides who may know of this event and run it."""
    return AccessRules(event.created_by, event.is_public, event=event.id, hosts=frozenset(event.hosts))


def role_in(identity: Identity, rules: AccessRules) -> Role:
    """What `identity` is to a poll or event it may know of. A screen whose maker is no longer a host may know of
    nothing; whoever asks all the same is told that it sees what a voter does."""
    if not identity.is_screen:
        return Role.HOST if identity.is_admin or rules.are_of(identity.voter) else Role.VOTER
    if not _stands(identity, rules):
        return Role.VOTER
    return Role.PRESENTER if identity.is_presenter else Role.SCREEN


def _stands(screen: Identity, rules: AccessRules) -> bool:
    """Whether a screen's token is still worth what it was made for: it gives no more than its maker has."""
    return not screen.is_delegated or rules.are_of(screen.voter)


def is_delegate(maker: Identity, rules: AccessRules) -> bool:
    """Whether a screen that `maker` makes is to end with the maker's rights: those of an admin are not the hosts' to
    take away."""
    return rules.are_of(maker.voter) and not maker.is_admin


def is_host(identity: Identity, rules: AccessRules) -> bool:
    """Whether `identity` may run the poll or event: its owner, a co-host or an admin, whose token is not bound."""
    return role_in(identity, rules) is Role.HOST and not identity.is_bound


def require_host(identity: Identity, rules: AccessRules) -> None:
    """Raises `Forbidden` unless `identity` may run the poll or event."""
    if not is_host(identity, rules):
        thing = "event" if rules.poll is None else "poll"
        raise Forbidden(f"Only the host of this {thing} or an admin may do this.")


def require_owner(identity: Identity, rules: AccessRules) -> None:
    """Raises `Forbidden` unless `identity` may delete the event, change its hosts and hand it over: its owner and
    admins."""
    if not (is_host(identity, rules) and (identity.is_admin or identity.voter == rules.owner)):
        raise Forbidden("Only the owner of this event or an admin may do this.")


def may_present(identity: Identity, rules: AccessRules) -> bool:
    """Whether `identity` may do with the poll what the stage does: open and close it, show its results and hide them.
    Its hosts and admins may, and a presenter of this poll while its maker is a host."""
    if identity.is_presenter:
        return _is_bound_to(identity, rules) and _stands(identity, rules)
    return is_host(identity, rules)


def require_presenter(identity: Identity, rules: AccessRules) -> None:
    """Raises `Forbidden` unless `identity` may do with the poll what the stage does."""
    if not may_present(identity, rules):
        require_host(identity, rules)


def require_patcher(identity: Identity, rules: AccessRules, fields: Iterable[str], *, correction: bool) -> None:
    """Raises `Forbidden` unless `identity` may change these fields of the poll; a `correction` is the host's alone."""
    if not correction and set(fields) == SHOWN_BY_STAGE:
        require_presenter(identity, rules)
    else:
        require_host(identity, rules)


def require_maker(identity: Identity) -> None:
    """Raises `Forbidden` unless `identity` may create polls and events."""
    if not identity.may_host:
        raise Forbidden("Only registered users may create polls and events.")


def _is_bound_to(identity: Identity, rules: AccessRules) -> bool:
    """Whether the token was made for this poll, or for the event."""
    return rules.poll in (identity.polls or ()) or rules.event in (identity.events or ())


def reach(identity: Identity, poll_id: int) -> str:
    """How far `identity` reaches to a poll, as `record_ballots` (`schema.sql`) takes it, which knows the poll's event:
    a token bound to other polls "none", an admin's and a screen's that ends with nobody's rights "all"; "bound:4" and
    "all:4" are of event 4 alone.

    A bound token (guest, screen, presenter) was made for its poll or event, so it needs no joining.
    """
    sees_drafts = identity.is_admin or (identity.is_screen and not identity.is_delegated)
    far = "all" if sees_drafts else "bound"
    if not identity.is_bound:
        return "all" if far == "all" else "public"
    if poll_id in (identity.polls or ()):
        return far
    # A token that is made here is bound to one event.
    return f"{far}:{min(identity.events)}" if identity.events else "none"


def seat(identity: Identity) -> Seat:
    """As what `identity` votes: screens and presenters never do, guests where the poll has them."""
    if identity.is_screen:
        return Seat.SCREEN
    return Seat.GUEST if identity.is_guest else Seat.VOTER


def may_know(identity: Identity, rules: AccessRules, *, joined: bool) -> bool:
    """Whether the poll or event exists at all for `identity`; if not, everything about it answers 404
    (docs/contract.md, "Who may know of a poll").

    `joined`: the voter entered the code of the poll, or of its event, before. A draft is seen by its hosts and admins
    only. For votes the same is said once more in `record_ballots` (`schema.sql`), under the poll's lock.
    """
    if identity.is_bound and not _is_bound_to(identity, rules):
        return False
    if identity.is_screen:
        return _stands(identity, rules)
    if identity.is_admin or rules.are_of(identity.voter):
        return True
    return not rules.hidden and (rules.is_public or joined or identity.is_bound)


def visibility(policy: Policy, status: Status, role: Role, *, has_vote: bool) -> Visibility:
    """What somebody sees of the counts: the one place where the result policy is decided."""
    shown = (
        role is not Role.VOTER
        or policy is Policy.LIVE
        or (policy is Policy.AFTER_VOTE and has_vote)
        or (policy is Policy.AFTER_CLOSE and status is Status.CLOSED)
    )
    return Visibility.FULL if shown else Visibility.TURNOUT
