"""What the page of a poll or an event starts with, so that the question and the first bars are there before any socket
is open (docs/contract.md, "Pages")."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nexus.access.code_entry import CodeEntry
from nexus.domain.codes import read_code
from nexus.domain.event import Event
from nexus.domain.poll import Poll, Status
from nexus.domain.rights import UNSEEN, Role, visibility
from nexus.domain.views import EventView, PollView, Stamp, TotalsView, event_view, poll_view, stamp, totals_view
from nexus.errors import GuestsNotAllowed, NexusError, PollNotFound
from nexus.http.framework.asked import wants_page
from nexus.http.framework.problem import problem
from nexus.voting.tallies import Tallies


class Given(msgspec.Struct, frozen=True):
    """What a page of a poll starts with: the poll and its totals as any guest sees them, or the code of the error
    that a guest would get. One that waits has neither (docs/contract.md, "Waiting").

    That of an event starts with the event, as any guest sees it, and with the poll that it shows; these are null where
    nothing is shown. Where it admits no guests `event` is null. Pages of polls have no `event`, so that they weigh
    nothing for it.
    """

    code: str
    server_now: Stamp
    poll: PollView | None = None
    totals: TotalsView | None = None
    refused: str | None = None
    waiting: bool | msgspec.UnsetType = msgspec.UNSET
    event: EventView | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def host(self) -> str | None:
        """Whose poll or event it is; None where no guest may see it."""
        shown = self.event or self.poll
        return shown.created_by if shown else None


class GuestSight:
    """What any guest with a code may see."""

    def __init__(self, codes: CodeEntry, tallies: Tallies) -> None:
        self._codes = codes
        self._tallies = tallies

    async def of(self, typed: str, request: Request) -> tuple[Given, Response | None]:
        """What the page of the code `typed` starts with, and what the REST interface would answer to it where that is
        an error. Those who may not enter as guests may log in: that page is none."""
        code = read_code(typed)
        try:
            return await self._look(code, request), None
        except GuestsNotAllowed as error:
            return Given(code, _now(), refused=error.error_code), None
        except NexusError as error:
            shown = typed if isinstance(error, PollNotFound) else code
            return Given(shown, _now(), refused=error.error_code), problem(error)

    async def _look(self, code: str, request: Request) -> Given:
        """What a guest with `code` sees. Raises what entering as a guest would raise."""
        address = "" if request.client is None else request.client.host
        found = await self._codes.find_either(code, address)
        if isinstance(found, Event):
            return await self._at_event(found)
        poll = await self._tallies.poll(found.id)
        # To programs a draft is a poll that does not exist, as on every other path.
        if poll is None or (poll.status is Status.DRAFT and not wants_page(request.scope)):
            raise PollNotFound
        if poll.status in UNSEEN:
            return Given(poll.code, _now(), waiting=True)
        if not poll.allow_guests:
            raise GuestsNotAllowed
        return Given(poll.code, _now(), *_seen(poll))

    async def _at_event(self, event: Event) -> Given:
        if not event.allow_guests:
            return Given(event.code, _now(), refused=GuestsNotAllowed.code, event=None)
        shown = None if event.shown is None else await self._tallies.poll(event.shown)
        if shown is None:
            # What it showed may have been deleted since it was read.
            event = msgspec.structs.replace(event, shown=None)
        poll, totals = (None, None) if shown is None else _seen(shown)
        return Given(event.code, _now(), poll, totals, event=event_view(event, Role.VOTER))


def _seen(poll: Poll) -> tuple[PollView, TotalsView]:
    """A poll and its totals, as a guest sees them who has not voted."""
    sees = visibility(poll.results, poll.status, Role.VOTER, has_vote=False)
    return poll_view(poll, sees), totals_view(poll.totals(), sees, datetime.now(UTC))


def _now() -> str:
    return stamp(datetime.now(UTC))
