"""Logos, for everybody who knows their address: pages show them before anybody has logged in (docs/contract.md,
"Brands")."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexus.branding.looks import Looks

_NAME = re.compile(r"([0-9a-f]{32})\.png")

HEADERS = {
    "content-type": "image/png",
    # The name is a digest of the content.
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}
"""Of a logo: it is a picture and nothing else, wherever it is opened."""


def logo_route(looks: Looks) -> Route:
    """Where they are served."""

    async def logo(request: Request) -> Response:
        found = _NAME.fullmatch(request.path_params["name"])
        png = None if found is None else await looks.logo(found[1])
        if png is None:
            raise HTTPException(404)
        return Response(png, headers=HEADERS)

    return Route("/logos/{name}", logo, methods=["GET"])
