"""Who is connected to this worker, so that the sessions of an account or a login can be ended at once."""

from __future__ import annotations

from typing import Protocol

from nexus.domain.identity import Identity


class Expellable(Protocol):
    """A session that can be ended when its account is disabled or its login has ended."""

    def expel(self) -> None:
        """End at once, with 4501."""


class SessionRegistry:
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
    return (identity.voter, identity.login) if identity.login else (identity.voter,)
