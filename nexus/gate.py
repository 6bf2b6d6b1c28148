"""The gate: whose token holds, for both edges. A disabled account is out within seconds, on every worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from nexus.errors import Unauthenticated, Unavailable
from nexus.model import Identity
from nexus.store import accounts
from nexus.store.database import Database
from nexus.tokens import Identifier

log = logging.getLogger("nexus.gate")

INTERVAL_S = 2.0
"""Between two looks at which accounts are disabled; the contract allows 5 s."""


class Gate:
    """Turns tokens into identities; `expel` is told the voters that were disabled since the last look."""

    def __init__(self, database: Database, identifier: Identifier, expel: Callable[[frozenset[str]], None]) -> None:
        self._database = database
        self._identifier = identifier
        self._expel = expel
        self._disabled: frozenset[int] = frozenset()

    def identify_now(self, token: str) -> Identity | None:
        """The identity of a token of our own; None where only `identify` can tell. Raises `Unauthenticated`."""
        identity = self._identifier.identify_now(token)
        return None if identity is None else self._refuse_disabled(identity)

    async def identify(self, token: str) -> Identity:
        """The identity of a token, also of an external issuer's. Raises `Unauthenticated`, `Unavailable`."""
        return self._refuse_disabled(await self._identifier.identify(token))

    def _refuse_disabled(self, identity: Identity) -> Identity:
        if identity.user_id is not None and identity.user_id in self._disabled:
            raise Unauthenticated("This account is disabled.")
        return identity

    async def look(self) -> None:
        """Read which accounts are disabled, and expel those that are so since the last look."""
        disabled = await accounts.disabled(self._database)
        new = disabled - self._disabled
        self._disabled = disabled
        if new:
            self._expel(frozenset(f"user:{id}" for id in new))

    async def keep_looking(self) -> None:
        """Look for ever; while the database is out of reach, what was last known holds."""
        reached = True
        while True:
            try:
                await self.look()
                reached = True
            except Unavailable as error:
                if reached:
                    log.warning("cannot see which accounts are disabled: %s", error)
                reached = False
            await asyncio.sleep(INTERVAL_S)
