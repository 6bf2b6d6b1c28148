"""The gate: whose token holds, for both edges. A disabled account or an ended login is out within seconds, on every
worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from nexus.errors import Unauthenticated, Unavailable
from nexus.model import Identity
from nexus.store import accounts, sessions
from nexus.store.database import Database
from nexus.tokens import Identifier

log = logging.getLogger("nexus.gate")

INTERVAL_S = 2.0
"""Between two looks at which accounts are disabled and which logins have ended; the contract allows 5 s."""


class Gate:
    """Turns tokens into identities; `expel` is told the voters and logins that have no more access since the last look.

    Logins that ended longer than `access_ttl_s` ago need no look: no access token of theirs is left.
    """

    def __init__(
        self,
        database: Database,
        identifier: Identifier,
        expel: Callable[[frozenset[str]], None],
        *,
        access_ttl_s: int = 900,
    ) -> None:
        self._database = database
        self._identifier = identifier
        self._expel = expel
        self._access_ttl_s = access_ttl_s
        self._out: frozenset[str] = frozenset()

    def identify_now(self, token: str) -> Identity | None:
        """The identity of a token of our own; None where only `identify` can tell. Raises `Unauthenticated`."""
        identity = self._identifier.identify_now(token)
        return None if identity is None else self._refuse_outsider(identity)

    async def identify(self, token: str) -> Identity:
        """The identity of a token, also of an external issuer's. Raises `Unauthenticated`, `Unavailable`."""
        return self._refuse_outsider(await self._identifier.identify(token))

    def _refuse_outsider(self, identity: Identity) -> Identity:
        if identity.voter in self._out:
            raise Unauthenticated("This account is disabled.")
        if identity.session in self._out:
            raise Unauthenticated("This login has ended.")
        return identity

    async def look(self) -> None:
        """Read which accounts are disabled and which logins have ended, and expel those that are so since the last
        look."""
        disabled = await accounts.disabled(self._database)
        ended = await sessions.ended(self._database, within_s=self._access_ttl_s)
        out = frozenset(f"user:{id}" for id in disabled) | ended
        new = out - self._out
        self._out = out
        if new:
            self._expel(new)

    async def keep_looking(self) -> None:
        """Look for ever; while the database is out of reach, what was last known holds."""
        reached = True
        while True:
            try:
                await self.look()
                reached = True
            except Unavailable as error:
                if reached:
                    log.warning("cannot see which accounts are disabled and which logins have ended: %s", error)
                reached = False
            await asyncio.sleep(INTERVAL_S)
