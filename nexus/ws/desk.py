"""What the sockets of a worker share: the rooms of the house a session may use, and who is connected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nexus.ballots import BallotBox
from nexus.codes import Codes
from nexus.gate import Gate
from nexus.hub import Hub
from nexus.limits import Caps, Rate


class Expellable(Protocol):
    """A session that can be ended because its account is no more."""

    def expel(self) -> None:
        """End at once, with 4501."""


class Present:
    """The sessions of this worker, by voter."""

    def __init__(self) -> None:
        self._by_voter: dict[str, set[Expellable]] = {}

    def add(self, voter: str, session: Expellable) -> None:
        """A session has proved who it is."""
        self._by_voter.setdefault(voter, set()).add(session)

    def discard(self, voter: str, session: Expellable) -> None:
        """A session has ended."""
        sessions = self._by_voter.get(voter, set())
        sessions.discard(session)
        if not sessions:
            self._by_voter.pop(voter, None)

    def expel(self, voters: frozenset[str]) -> None:
        """End every session of `voters`."""
        for voter in voters:
            for session in list(self._by_voter.get(voter, ())):
                session.expel()


@dataclass(frozen=True)
class Desk:
    """Everything a session is handed. `now` is the wall clock of `server_now`, in UTC."""

    gate: Gate
    ballots: BallotBox
    hub: Hub
    votes: Rate
    codes: Codes
    sockets: Caps
    origins: frozenset[str]
    rooms_per_socket: int
    messages_per_second: int
    now: Callable[[], datetime]
    present: Present = field(default_factory=Present)
    hello_s: float = 10.0
