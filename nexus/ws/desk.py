"""What the sockets of a worker share: the rooms of the house a session may use, and who is connected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nexus.access.code_entry import CodeEntry
from nexus.access.gate import Gate
from nexus.access.limits import Caps, Rate
from nexus.domain.identity import Identity
from nexus.rooms.hub import Hub
from nexus.voting.ballot_box import BallotBox


class Expellable(Protocol):
    """A session that can be ended because its account or its login is no more."""

    def expel(self) -> None:
        """End at once, with 4501."""


class Present:
    """The sessions of this worker, by voter and by the login that their tokens descend from."""

    def __init__(self) -> None:
        self._by_key: dict[str, set[Expellable]] = {}

    def add(self, identity: Identity, session: Expellable) -> None:
        """A session has proved who it is."""
        for key in _keys(identity):
            self._by_key.setdefault(key, set()).add(session)

    def discard(self, identity: Identity, session: Expellable) -> None:
        """A session has ended, or goes on as another identity."""
        for key in _keys(identity):
            sessions = self._by_key.get(key, set())
            sessions.discard(session)
            if not sessions:
                self._by_key.pop(key, None)

    def expel(self, keys: frozenset[str]) -> None:
        """End every session of these voters and logins."""
        for key in keys:
            for session in list(self._by_key.get(key, ())):
                session.expel()


def _keys(identity: Identity) -> tuple[str, ...]:
    """A login is a UUID, and a voter begins with its kind and a colon: no key is one of the other sort."""
    return (identity.voter, identity.session) if identity.session else (identity.voter,)


@dataclass(frozen=True)
class Desk:
    """Everything a session is handed. `now` is the wall clock of `server_now`, in UTC."""

    gate: Gate
    ballots: BallotBox
    hub: Hub
    votes: Rate
    codes: CodeEntry
    sockets: Caps
    origins: frozenset[str]
    rooms_per_socket: int
    messages_per_second: int
    now: Callable[[], datetime]
    present: Present = field(default_factory=Present)
    hello_s: float = 10.0
