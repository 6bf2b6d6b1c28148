"""Waiting for a poll where no WebSocket gets through (docs/contract.md, "Waiting")."""

from __future__ import annotations

import msgspec

from nexus.domain.codes import normalize_code
from nexus.domain.rights import UNSEEN
from nexus.errors import PollNotFound, TooMany
from nexus.http.api.guests import Code
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call


class WaitState(msgspec.Struct, frozen=True):
    """Whether the poll of a code has to be waited for, and nothing else of it."""

    code: str
    waiting: bool


async def wait(request: TypedRequest[Code, Nothing], services: RestServices) -> Reply[WaitState]:
    """Whether the poll of a code is still a draft or scheduled. Ask again every 5 s, or wait on a socket."""
    typed = request.body.text()
    found = await services.codes.find(typed, request.address)
    return Reply(WaitState(normalize_code(typed), found.status in UNSEEN))


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/polls/waiting",
        wait,
        body=Code,
        query=Nothing,
        answer=WaitState,
        raises=(PollNotFound, TooMany),
        public=True,
    ),
)
"""The calls of this file."""
