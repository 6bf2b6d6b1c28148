"""Who is asking: what a token proved, and nothing about where it came from."""

from __future__ import annotations

import msgspec

from nexus.errors import Forbidden


class Identity(msgspec.Struct, frozen=True):
    """Who is asking: what a token proved, never the connection it came by.

    `voter` is the subject (`user:12`, `guest:<uuid>`, `ext:<sub>`); `polls` holds the only polls a guest, a screen or a
    presenter may know of, and `events` the only events with theirs, None where the token is not bound to any;
    `expires_at` is the token's end, Unix seconds; `login` is the login that the token descends from, "" for a token
    without one.
    """

    voter: str
    roles: frozenset[str]
    polls: frozenset[int] | None
    expires_at: float
    login: str = ""
    events: frozenset[int] | None = None
    is_delegated: bool = False
    """A screen's token that a host has made as such, and that is worth nothing once its maker is no longer one. One of
    an admin or of the operator holds until it expires."""

    @property
    def is_bound(self) -> bool:
        """Whether the token is for certain polls or events alone."""
        return self.polls is not None or self.events is not None

    @property
    def grants(self) -> tuple[object, ...]:
        """What of a token decides what its bearer may know, do and see."""
        return self.roles, self.polls, self.events, self.is_delegated

    @property
    def is_admin(self) -> bool:
        """May do what any host may."""
        return "admin" in self.roles

    def require_admin(self) -> None:
        """Raises `Forbidden` unless this is an admin, with a token that is not bound."""
        if not self.is_admin or self.is_bound:
            raise Forbidden("Only an admin may do this.")

    @property
    def is_guest(self) -> bool:
        """Came in with the code of a poll or an event, without an account."""
        return self.voter.startswith("guest:")

    @property
    def is_screen(self) -> bool:
        """A token for a projector, read-only or a presenter's: in the name of a host, and never a voter's."""
        return "screen" in self.roles or self.is_presenter

    @property
    def is_presenter(self) -> bool:
        """A token for a projector that may do what the stage does."""
        return "presenter" in self.roles

    @property
    def may_host(self) -> bool:
        """May create polls and events: a registered user, or an external subject whose configured roles say so."""
        return not self.is_bound and (self.is_admin or self.voter.startswith("user:") or "host" in self.roles)

    @property
    def user_id(self) -> int | None:
        """The account's id, None for guests and external subjects."""
        return int(self.voter[5:]) if self.voter.startswith("user:") else None
