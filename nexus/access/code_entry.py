"""Entering a poll or an event by its code, at either door: wrong codes are limited, and a right one opens what is
private for good."""

from __future__ import annotations

from nexus.access.limits import Rate, address_key
from nexus.domain.codes import LONGEST_CODE
from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.domain.rights import event_rules, is_host, may_know, rules_of
from nexus.errors import EventNotFound, PollNotFound, TooMany
from nexus.runtime.batch_loader import Loader
from nexus.store import events, polls
from nexus.store.database import Database

CODES_S = 0.01
"""Between two queries for polls by their codes, and between two transactions of new members: at most 100 a second each,
however many enter at once; who comes alone does not wait."""


class CodeEntry:
    """Finds polls and events by their codes. `by_voter` and `by_address` limit how many wrong codes may be tried; the
    code of an event where a poll is asked for, or the other way round, is none of them."""

    def __init__(self, database: Database, by_voter: Rate, by_address: Rate) -> None:
        self._database = database
        self._by_voter = by_voter
        self._by_address = by_address
        # An audience enters all at once: those who wait share a query and a transaction.
        self._found = Loader(self._ask, interval_s=CODES_S)
        self._members = Loader(self._join, interval_s=CODES_S)
        self._followers = Loader(self._join_events, interval_s=CODES_S)

    async def redeem(self, code: str, identity: Identity, address: str) -> int:
        """The poll of `code`, which exists for `identity` from now on.

        Raises `PollNotFound` for a wrong code or a poll that even its code does not open (a draft, or a poll that
        the token is not bound to), `TooMany` after too many of those.
        """
        return (await self._open(await self.find(code, address, identity.voter), identity, address)).id

    async def _open(self, poll: Poll, identity: Identity, address: str) -> Poll:
        if not may_know(identity, rules_of(poll), joined=True):
            self._refuse(identity, address)
            raise PollNotFound
        if not identity.is_bound and identity.voter != poll.created_by:
            await self._members.get((poll.id, identity.voter))
        return poll

    async def redeem_event(self, code: str, identity: Identity, address: str) -> int:
        """The event of `code`, which exists for `identity` from now on, with its polls. Raises as `redeem` does, and
        `EventNotFound`."""
        try:
            event = await self._entered(code, address, identity.voter)
        except PollNotFound:
            raise EventNotFound from None
        if not isinstance(event, Event):
            raise EventNotFound
        return (await self._open_event(event, identity, address)).id

    async def _open_event(self, event: Event, identity: Identity, address: str) -> Event:
        if not may_know(identity, event_rules(event), joined=True):
            self._refuse(identity, address)
            raise EventNotFound
        if not identity.is_bound and not is_host(identity, event_rules(event)):
            await self._followers.get((event.id, identity.voter))
        return event

    async def redeem_either(self, code: str, identity: Identity, address: str) -> Poll | Event:
        """The poll or the event of `code`, which exists for `identity` from now on. Raises as `redeem` does."""
        found = await self._entered(code, address, identity.voter)
        if isinstance(found, Event):
            return await self._open_event(found, identity, address)
        return await self._open(found, identity, address)

    def _refuse(self, identity: Identity, address: str) -> None:
        self._by_voter.take(identity.voter)
        self.failed(address)

    async def _ask(self, codes: list[str]) -> dict[str, Poll | Event]:
        found: dict[str, Poll | Event] = {**await polls.find_by_codes(self._database, codes)}
        others = [code for code in codes if code not in found]
        if others:
            found.update(await events.find_by_codes(self._database, others))
        return found

    async def _join(self, members: list[tuple[int, str]]) -> dict[tuple[int, str], None]:
        await polls.join(self._database, members)
        return dict.fromkeys(members)

    async def _join_events(self, members: list[tuple[int, str]]) -> dict[tuple[int, str], None]:
        await events.join(self._database, members)
        return dict.fromkeys(members)

    async def find(self, code: str, address: str, voter: str = "") -> Poll:
        """The poll of `code`, a draft too. Raises `PollNotFound`, or `TooMany` after too many wrong ones."""
        found = await self._entered(code, address, voter)
        if not isinstance(found, Poll):
            raise PollNotFound
        return found

    async def find_either(self, code: str, address: str) -> Poll | Event:
        """The poll or the event of `code`. Raises as `find` does."""
        return await self._entered(code, address, "")

    async def _entered(self, code: str, address: str, voter: str) -> Poll | Event:
        if not voter:
            return await self._find(code, address)
        if wait := self._by_voter.take(voter):
            raise TooMany("Too many attempts with a wrong code.", after_s=wait)
        with self._by_voter.counting(voter, PollNotFound, TooMany):
            return await self._find(code, address)

    async def _find(self, code: str, address: str) -> Poll | Event:
        found = await self._found.get(code) if len(code) <= LONGEST_CODE else None
        if found is None:
            self.failed(address)
            raise PollNotFound
        return found

    def failed(self, address: str) -> None:
        """Count a wrong code. Raises `TooMany` where the address has tried too many; its right codes still work, since
        everybody in a hall shares one address, and nobody may lock the others out."""
        if wait := self._by_address.take(address_key(address)):
            raise TooMany("Too many attempts with a wrong code.", after_s=wait)
