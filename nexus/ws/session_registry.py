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
        # One session is the rule: a set for each key would cost more than the rest of a silent socket's share.
        self._by_key: dict[str, Expellable | set[Expellable]] = {}

    def add(self, identity: Identity, session: Expellable) -> None:
        """A session has proved who it is."""
        for key in _keys(identity):
            known = self._by_key.get(key)
            if known is None:
                self._by_key[key] = session
            elif isinstance(known, set):
                known.add(session)
            else:
                self._by_key[key] = {known, session}

    def held(self, voter: str) -> int:
        """How many sessions a voter has."""
        known = self._by_key.get(voter)
        return len(known) if isinstance(known, set) else known is not None

    def discard(self, identity: Identity, session: Expellable) -> None:
        """A session has ended, or goes on as another identity."""
        for key in _keys(identity):
            known = self._by_key.get(key)
            if isinstance(known, set):
                known.discard(session)
            if known is session or known == set():
                del self._by_key[key]

    def expel(self, keys: frozenset[str]) -> None:
        """End every session of these voters and logins."""
        for key in keys:
            known = self._by_key.get(key, set())
            for session in list(known) if isinstance(known, set) else [known]:
                session.expel()


def _keys(identity: Identity) -> tuple[str, ...]:
    """A login is a UUID, and a voter begins with its kind and a colon: no key is one of the other sort."""
    return (identity.voter, identity.login) if identity.login else (identity.voter,)
