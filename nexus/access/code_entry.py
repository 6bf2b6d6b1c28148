"""Entering a poll by its code, at either door: wrong codes are limited, a right one opens a private poll for good."""

from __future__ import annotations

from nexus.access.limits import Rate, address_key
from nexus.domain.codes import LONGEST_CODE
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.domain.rights import may_know
from nexus.errors import PollNotFound, TooMany
from nexus.runtime.batch_loader import Loader
from nexus.store import polls
from nexus.store.database import Database

CODES_S = 0.01
"""Between two queries for polls by their codes, and between two transactions of new members: at most 100 a second each,
however many enter at once; who comes alone does not wait."""


class CodeEntry:
    """Finds polls by their codes. `by_voter` and `by_address` limit how many wrong codes may be tried."""

    def __init__(self, database: Database, by_voter: Rate, by_address: Rate) -> None:
        self._database = database
        self._by_voter = by_voter
        self._by_address = by_address
        # An audience enters all at once: those who wait share a query and a transaction.
        self._polls = Loader(self._ask_polls, interval_s=CODES_S)
        self._members = Loader(self._join, interval_s=CODES_S)

    async def redeem(self, code: str, identity: Identity, address: str) -> int:
        """The poll of `code`, which exists for `identity` from now on.

        Raises `PollNotFound` for a wrong code or a poll that even its code does not open (a draft, or a poll that
        the token is not bound to), `TooMany` after too many of those.
        """
        poll = await self.find(code, address, identity.voter)
        if not may_know(identity, poll.id, poll.created_by, is_public=poll.is_public, status=poll.status, joined=True):
            self._by_voter.take(identity.voter)
            self.failed(address)
            raise PollNotFound
        if identity.polls is None and identity.voter != poll.created_by:
            await self._members.get((poll.id, identity.voter))
        return poll.id

    async def _ask_polls(self, codes: list[str]) -> dict[str, Poll]:
        return await polls.find_by_codes(self._database, codes)

    async def _join(self, members: list[tuple[int, str]]) -> dict[tuple[int, str], None]:
        await polls.join(self._database, members)
        return dict.fromkeys(members)

    async def find(self, code: str, address: str, voter: str = "") -> Poll:
        """The poll of `code`, a draft too. Raises `PollNotFound`, or `TooMany` after too many wrong ones."""
        if not voter:
            return await self._find(code, address)
        if wait := self._by_voter.take(voter):
            raise TooMany("Too many attempts with a wrong code.", after_s=wait)
        with self._by_voter.counting(voter, PollNotFound, TooMany):
            return await self._find(code, address)

    async def _find(self, code: str, address: str) -> Poll:
        poll = await self._polls.get(code) if len(code) <= LONGEST_CODE else None
        if poll is None:
            self.failed(address)
            raise PollNotFound
        return poll

    def failed(self, address: str) -> None:
        """Count a wrong code. Raises `TooMany` where the address has tried too many; its right codes still work, since
        everybody in a hall shares one address, and nobody may lock the others out."""
        if wait := self._by_address.take(address_key(address)):
            raise TooMany("Too many attempts with a wrong code.", after_s=wait)
