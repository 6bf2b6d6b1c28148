"""The gate: whose token still holds, for both doors. A disabled or deleted account or an ended login is out within
seconds, on every worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from nexus.access.identifier import Identifier
from nexus.domain.identity import Identity
from nexus.errors import Unauthenticated, Unavailable
from nexus.store import accounts, sessions
from nexus.store.database import Database

logger = logging.getLogger(__name__)

INTERVAL_S = 2.0
"""Between two reads of which accounts and logins are out; the contract allows 5 s."""

LATE_S = 30.0
"""How long after its own time the end of a login or an account may be committed."""


class Gate:
    """Turns tokens into identities; `expel` gets the voters and logins that have lost access since the last refresh.

    Logins that ended more than `longest_s` ago are not read: none of their access tokens is left. Deleted accounts are
    remembered for good, by number: an operator may have made a token of any length.
    """

    def __init__(
        self,
        database: Database,
        identifier: Identifier,
        expel: Callable[[frozenset[str]], None],
        *,
        longest_s: int = 86400,
    ) -> None:
        self._database = database
        self._identifier = identifier
        self._expel = expel
        self._longest_s = longest_s
        self._ended: dict[str, datetime] = {}
        self._deleted: set[str] = set()
        self._last_deleted: datetime | None = None
        self._refreshing = asyncio.Lock()
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
            raise Unauthenticated("This account is disabled or deleted.")
        if identity.login in self._out:
            raise Unauthenticated("This login has ended.")
        return identity

    async def refresh(self) -> None:
        """Read which accounts are disabled or deleted and which logins have ended, and expel those that were not at the
        last refresh."""
        async with self._refreshing:
            await self._refresh()

    async def refresh_early(self) -> None:
        """The same for a change that was just committed, so that this worker lets nobody in whom it has put out. Where
        the database is out of reach by now, the next refresh does it."""
        try:
            await self.refresh()
        except Unavailable as error:
            logger.warning("a change of who has access is read with the next refresh: %s", error)

    async def _refresh(self) -> None:
        disabled = await accounts.disabled(self._database)
        await self._refresh_deleted()
        await self._refresh_ended()
        out = frozenset(f"user:{user}" for user in disabled).union(self._deleted, self._ended)
        new = out - self._out
        self._out = out
        if new:
            self._expel(new)

    async def _refresh_deleted(self) -> None:
        """Read only what is new, and what may have been committed late."""
        after = None if self._last_deleted is None else self._last_deleted - timedelta(seconds=LATE_S)
        found = await accounts.deleted(self._database, after)
        self._deleted.update(f"user:{user}" for user in found)
        self._last_deleted = max(found.values(), default=self._last_deleted)

    async def _refresh_ended(self) -> None:
        """Read only what is new, and what may have been committed late."""
        newest = max(self._ended.values(), default=None)
        after = None if newest is None else newest - timedelta(seconds=LATE_S)
        self._ended |= await sessions.ended(self._database, after=after, within_s=self._longest_s)
        newest = max(self._ended.values(), default=None)
        if newest is not None:
            oldest = newest - timedelta(seconds=self._longest_s)
            self._ended = {login: at for login, at in self._ended.items() if at > oldest}

    async def keep_refreshing(self) -> None:
        """Refresh every `INTERVAL_S`, for ever; while the database is out of reach, what was last known holds."""
        reached = True
        while True:
            try:
                await self.refresh()
                reached = True
            except Unavailable as error:
                if reached:
                    logger.warning("cannot read which accounts and logins are out: %s", error)
                reached = False
            await asyncio.sleep(INTERVAL_S)
