"""Health: whether the process answers, and whether it is ready to serve."""

from __future__ import annotations

import asyncio

import msgspec

from nexus.errors import Unavailable
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store.schema import VERSION, SchemaError, version

_FOREIGN = (
    "Pages of {origin} may not open sockets here: the service takes {public} for its address. Its operator can set "
    "NEXUS_PUBLIC_URL to the address that people use, or name other sites in NEXUS_ALLOWED_ORIGINS."
)
_STOPPED = "Pages of this origin may open sockets: something between the browser and the server stops them."

READY_S = 3.0
"""How long a check may take; most callers give up not long after."""


class Health(msgspec.Struct, frozen=True):
    """`ok`; anything else is a problem document."""

    status: str


class SocketHealth(msgspec.Struct, frozen=True):
    """Whether pages of the request's `Origin` may open sockets, and in `detail` what keeps them from it."""

    allowed: bool
    detail: str


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


async def socket(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[SocketHealth]:
    """Say why a page gets no WebSocket; pages that use HTTP instead ask this once. The operator finds it in the log."""
    headers, server = request.raw.headers, request.raw.scope.get("server")
    origin, site, port = headers.get("origin", ""), headers.get("sec-fetch-site", ""), server[1] if server else 0
    if origin and not services.origins.allow(origin, request.public, port=port or 0, site=site):
        services.metrics.got_no_socket("origin")
        return Reply(SocketHealth(False, _FOREIGN.format(origin=origin[:100], public=request.public.origin)))
    services.metrics.got_no_socket("upgrade")
    services.origins.stopped(origin, request.public)
    return Reply(SocketHealth(True, _STOPPED))


CALLS: tuple[RestCall, ...] = (
    call("GET", "/health/live", live, body=Nothing, query=Nothing, answer=Health, public=True),
    call("GET", "/health/ready", ready, body=Nothing, query=Nothing, answer=Health, raises=(Unavailable,), public=True),
    call("POST", "/health/socket", socket, body=Nothing, query=Nothing, answer=SocketHealth, public=True),
)
"""The calls of this file."""
