"""`/metrics` for Prometheus: open to callers on this machine, and to those with the token
(docs/contract.md, "Metrics")."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexus.errors import Forbidden, Unauthenticated
from nexus.http.framework.call import bearer
from nexus.runtime.metrics import CONTENT_TYPE, Metrics


def metrics_route(metrics: Metrics, token: str | None) -> Route:
    """The route; `token` opens it to callers on other machines, None keeps it closed to them."""

    async def read(request: Request) -> Response:
        _refuse_stranger(request, token)
        return Response(metrics.text(), headers={"cache-control": "no-store", "content-type": CONTENT_TYPE})

    return Route("/metrics", read)


def _refuse_stranger(request: Request, token: str | None) -> None:
    """Raises `Forbidden`, or `Unauthenticated` where a token would help."""
    if _is_local(request):
        return
    if token is None:
        raise Forbidden("Metrics are available only on this machine, unless NEXUS_METRICS_TOKEN is set.")
    if not hmac.compare_digest(bearer(request).encode(), token.encode()):
        raise Unauthenticated


def _is_local(request: Request) -> bool:
    """False behind a proxy on this machine that is not trusted: through it everybody would seem to be local."""
    if request.client is None or any(name in request.headers for name in ("forwarded", "x-forwarded-for")):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
