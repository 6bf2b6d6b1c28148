"""Options of a poll: its host adds, changes and deletes them."""

from __future__ import annotations

import msgspec

from nexus.domain.definition import NewOption, OptionPatch
from nexus.domain.poll import Visibility
from nexus.domain.views import OptionView, option_view
from nexus.errors import (
    Forbidden,
    OptionHasVotes,
    OptionNotFound,
    PollClosed,
    PollNotFound,
    TooFewOptions,
    TooManyOptions,
)
from nexus.http.api.sight import look
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call
from nexus.store import options
from nexus.store.options import OptionChange


class Discard(msgspec.Struct):
    """Whether votes for the option are to be taken out of their ballots."""

    discard_votes: bool = False


async def add(asked: Asked[NewOption, Nothing]) -> Reply[OptionView]:
    """Add an option."""
    poll = asked.id("poll", PollNotFound())
    change = await options.add(asked.parts.database, poll, asked.body, asked.by)
    return _changed(asked, change, 201)


async def read(asked: Asked[Nothing, Nothing]) -> Reply[OptionView]:
    """An option of a poll one may know of."""
    id_ = asked.id("option", OptionNotFound())
    poll = await options.poll_of(asked.parts.database, id_)
    if poll is None:
        raise OptionNotFound
    try:
        sight = await look(asked.parts, poll, asked.by)
    except PollNotFound:
        raise OptionNotFound from None
    found = next((one for one in sight.poll.options if one.id == id_), None)
    if found is None:
        raise OptionNotFound
    return Reply(option_view(found, sight.sees))


async def patch(asked: Asked[OptionPatch, Discard]) -> Reply[OptionView]:
    """Change an option's text or its place."""
    id_ = asked.id("option", OptionNotFound())
    discard = asked.query.discard_votes
    change = await options.patch(asked.parts.database, id_, asked.body, asked.by, discard=discard)
    return _changed(asked, change)


async def delete(asked: Asked[Nothing, Discard]) -> Reply[Nothing]:
    """Delete an option."""
    id_ = asked.id("option", OptionNotFound())
    change = await options.delete(asked.parts.database, id_, asked.by, discard=asked.query.discard_votes)
    asked.parts.tallies.poll_changed(change.poll)
    return Reply(None, 204)


def _changed(
    asked: Asked[NewOption, Nothing] | Asked[OptionPatch, Discard], change: OptionChange, status: int = 200
) -> Reply[OptionView]:
    """Tell of what has committed, and answer the host."""
    asked.parts.tallies.poll_changed(change.poll)
    if change.option is None:
        raise OptionNotFound
    return Reply(option_view(change.option, Visibility.FULL), status)


CALLS: tuple[Call, ...] = (
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
        query=Discard,
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
