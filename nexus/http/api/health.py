"""Health: whether the process answers, and whether it is ready to serve."""

from __future__ import annotations

import asyncio

import msgspec

from nexus.errors import Unavailable
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store.schema import VERSION, SchemaError, version

READY_S = 3.0
"""How long a check may take; most callers give up not long after."""


class Health(msgspec.Struct, frozen=True):
    """`ok`; anything else is a problem document."""

    status: str


async def live(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Health]:
    """Check that the process answers."""
    return Reply(Health("ok"))


async def ready(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Health]:
    """Check that the database, with the schema that this version needs, and the bus can be reached."""
    try:
        async with asyncio.timeout(READY_S):
            found = await version(services.database)
    except (TimeoutError, SchemaError) as error:
        raise Unavailable("The database cannot be used.") from error
    if found != VERSION:
        raise Unavailable(f"The database has schema {found}; this version of Nexus needs {VERSION}.")
    if not services.bus.healthy:
        raise Unavailable("The bus is out of reach.")
    return Reply(Health("ok"))


CALLS: tuple[RestCall, ...] = tuple(
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
