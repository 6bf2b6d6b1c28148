"""Where a page was opened, and by which address others get to its polls (docs/screens.md, "Letting phones in")."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Scope

from nexus.access.origins import canonical_origin
from nexus.access.public_address import AddressSource, PublicAddress, public_of, read_address
from nexus.http.pages.site import Site


class PageAddress(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a page is told: the root of the service, with a slash at its end, as this server sees it (`at`) and as
    others reach it (`invite`: null where only this machine does, absent where it is where the page was opened).

    Behind a proxy that says nothing the server sees another address than the page. The page notices, and goes by its
    own.
    """

    at: str
    invite: str | msgspec.UnsetType | None = msgspec.UNSET


def place_of(scope: Scope, site: Site) -> PageAddress:
    """Where a page was opened."""
    public = public_of(scope)
    root = public.url("/")
    if public.source is AddressSource.SETTING:
        return PageAddress(root, root)
    return PageAddress(root, _near(scope, public, site)) if _is_loopback(public.host) else PageAddress(root)


def inviting_root(request: Request, site: Site) -> str:
    """The root to draw a picture of: what `place_of` says or, in a POST, `?at=`, which must be of the page that asks:
    a picture of any other address would lead people from here to there. Raises a 404."""
    place = place_of(request.scope, site)
    if request.method != "POST" or public_of(request.scope).source is AddressSource.SETTING:
        return place.invite or place.at
    try:
        asked = read_address(request.query_params.get("at", ""))
    except ValueError:
        raise HTTPException(404) from None
    if canonical_origin(asked.origin) != canonical_origin(request.headers.get("origin", "")):
        raise HTTPException(404)
    if asked.url("/") != place.at:
        site.elsewhere(asked.url("/"), public_of(request.scope))
    return asked.url("/")


def _near(scope: Scope, public: PublicAddress, site: Site) -> str | None:
    """The address for the network around, if this machine opened the page directly, where the server listens."""
    client, server = scope.get("client"), scope.get("server")
    if not client or not _is_loopback(client[0]) or not server or server[1] != public.port:
        return None
    host = site.near()
    return None if host is None else f"{public.scheme}://{host}:{public.port}{public.path}/"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
