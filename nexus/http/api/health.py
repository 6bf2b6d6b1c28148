"""Health: whether the process answers, and whether it can do its work."""

from __future__ import annotations

import asyncio

import msgspec

from nexus.errors import Unavailable
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call
from nexus.store.schema import VERSION, SchemaError, version

READY_S = 3.0
"""A probe is given up by most callers not long after."""


class Health(msgspec.Struct, frozen=True):
    """All is well; anything else is a problem document."""

    status: str


async def live(asked: Asked[Nothing, Nothing]) -> Reply[Health]:
    """The process answers."""
    return Reply(Health("ok"))


async def ready(asked: Asked[Nothing, Nothing]) -> Reply[Health]:
    """The database, with the schema this code wants, and the bus are within reach."""
    try:
        async with asyncio.timeout(READY_S):
            found = await version(asked.parts.database)
    except (TimeoutError, SchemaError) as error:
        raise Unavailable("The database is not usable.") from error
    if found != VERSION:
        raise Unavailable(f"The database has schema {found}; this version of Nexus needs {VERSION}.")
    if not asked.parts.bus.healthy:
        raise Unavailable("The bus is out of reach.")
    return Reply(Health("ok"))


CALLS: tuple[Call, ...] = tuple(
    call(
        "GET",
        f"/health/{handler.__name__}",
        handler,
        body=Nothing,
        query=Nothing,
        answer=Health,
        raises=raises,
        public=True,
    )
    for handler, raises in ((live, ()), (ready, (Unavailable,)))
)
"""The calls of this file."""
