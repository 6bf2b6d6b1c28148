"""The options of a poll: its host adds, changes and deletes them."""

from __future__ import annotations

import msgspec

from nexus.domain.definition import NewOption, OptionPatch
from nexus.domain.poll import Visibility
from nexus.domain.views import OptionView, option_view
from nexus.errors import (
    Forbidden,
    Invalid,
    OptionHasVotes,
    OptionNotFound,
    PollClosed,
    PollNotFound,
    TooFewOptions,
    TooManyOptions,
)
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import options
from nexus.store.options import OptionChange
from nexus.voting.tallies import Tallies


class Discard(msgspec.Struct):
    """Whether votes for the option are to be removed from their ballots."""

    discard_votes: bool = False


class Rewording(msgspec.Struct):
    """What becomes of the votes for an option whose text changes: removed from their ballots, or kept, since the change
    corrects its spelling."""

    discard_votes: bool = False
    correction: bool = False

    def check(self) -> None:
        """Raises `Invalid` where both are asked for."""
        if self.discard_votes and self.correction:
            raise Invalid(errors=(("correction", "cannot be combined with discard_votes"),))


async def add(request: TypedRequest[NewOption, Nothing], services: RestServices) -> Reply[OptionView]:
    """Add an option."""
    poll = request.path_id("poll", PollNotFound())
    change = await options.add(services.database, poll, request.body, request.by)
    return _changed(services.tallies, change, 201)


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[OptionView]:
    """Read an option."""
    id_ = request.path_id("option", OptionNotFound())
    poll = await options.poll_of(services.database, id_)
    if poll is None:
        raise OptionNotFound
    try:
        seen = await see_poll(services.tallies, poll, request.by)
    except PollNotFound:
        raise OptionNotFound from None
    found = next((one for one in seen.poll.options if one.id == id_), None)
    if found is None:
        raise OptionNotFound
    return Reply(option_view(found, seen.sees))


async def patch(request: TypedRequest[OptionPatch, Rewording], services: RestServices) -> Reply[OptionView]:
    """Change an option's text or its position."""
    id_ = request.path_id("option", OptionNotFound())
    query = request.query
    query.check()
    change = await options.patch(
        services.database,
        id_,
        request.body,
        request.by,
        discard=query.discard_votes,
        correction=query.correction,
    )
    return _changed(services.tallies, change)


async def delete(request: TypedRequest[Nothing, Discard], services: RestServices) -> Reply[Nothing]:
    """Delete an option."""
    id_ = request.path_id("option", OptionNotFound())
    change = await options.delete(services.database, id_, request.by, discard=request.query.discard_votes)
    services.tallies.poll_changed(change.poll)
    return Reply(None, 204)


def _changed(tallies: Tallies, change: OptionChange, status: int = 200) -> Reply[OptionView]:
    """Announce what has committed, and answer the host."""
    tallies.poll_changed(change.poll)
    if change.option is None:
        raise OptionNotFound
    return Reply(option_view(change.option, Visibility.FULL), status)


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/polls/{poll}/options",
        add,
        body=NewOption,
        query=Nothing,
        answer=OptionView,
        statuses=(201,),
        raises=(Forbidden, PollClosed, TooManyOptions),
    ),
    call("GET", "/options/{option}", read, body=Nothing, query=Nothing, answer=OptionView),
    call(
        "PATCH",
        "/options/{option}",
        patch,
        body=OptionPatch,
        query=Rewording,
        answer=OptionView,
        raises=(Forbidden, OptionHasVotes, PollClosed),
    ),
    call(
        "DELETE",
        "/options/{option}",
        delete,
        body=Nothing,
        query=Discard,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden, OptionHasVotes, PollClosed, TooFewOptions),
    ),
)
"""The calls of this file."""
