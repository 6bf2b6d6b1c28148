"""Brands: the name, logo, colour and stage of the operator and of each host, with which their pages are shown."""

from __future__ import annotations

import msgspec

from nexus.access.public_address import PublicAddress
from nexus.access.turns import TurnRules
from nexus.branding.process import write_logo
from nexus.domain.brand import SITE, Accent, Brand, BrandName, Look, Stage, brand_problems, look, shown_name
from nexus.domain.colour import AccentPair, accents
from nexus.domain.rights import require_maker
from nexus.errors import BadLogo, Forbidden, Invalid, PollNotFound, TooMany, Unavailable
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.body import Upload
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.http.framework.problem import UPLOAD_BYTES
from nexus.store import brands

RULES = TurnRules(
    own="Another logo of yours is still being written. Try again when it is done.",
    all="Too many logos are being written. Try again later.",
    retry_s=5.0,
    turn_s=20.0,
)
"""Logos: one of an account at a time, and they wait for their turn to be written."""
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""The media types of the pictures that a logo may be; what a picture is, its content says."""


class BrandBody(msgspec.Struct, forbid_unknown_fields=True):
    """A brand as it is to be, but for its logo, which has an address of its own."""

    name: BrandName = ""
    accent: Accent | None = None
    stage: Stage = "auto"


class AccentQuery(msgspec.Struct, kw_only=True):
    """The colour to be used as an accent."""

    accent: Accent


async def read_site(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Look]:
    """Read the operator's brand.

    A change that another worker has answered shows within a second.
    """
    return Reply(_linked(request.public, await services.looks.of_site()))


async def put_site(request: TypedRequest[BrandBody, Nothing], services: RestServices) -> Reply[Look]:
    """Set the operator's brand, but for its logo."""
    request.by.require_admin()
    return await _put(request, services, SITE)


async def put_site_logo(request: TypedRequest[Upload, Nothing], services: RestServices) -> Reply[Look]:
    """Set the operator's logo."""
    request.by.require_admin()
    return await _put_logo(request, services, SITE)


async def delete_site_logo(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Nothing]:
    """Remove the operator's logo."""
    request.by.require_admin()
    return await _drop_logo(request, services, SITE)


async def read_own(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Look]:
    """Read the brand of your polls."""
    require_maker(request.by)
    found = await brands.of_owners(services.database, [request.by.voter])
    return Reply(_linked(request.public, look(found.get(request.by.voter, Brand()))))


async def put_own(request: TypedRequest[BrandBody, Nothing], services: RestServices) -> Reply[Look]:
    """Set the brand of your polls, but for its logo."""
    require_maker(request.by)
    return await _put(request, services, request.by.voter)


async def put_own_logo(request: TypedRequest[Upload, Nothing], services: RestServices) -> Reply[Look]:
    """Set the logo of your polls."""
    require_maker(request.by)
    return await _put_logo(request, services, request.by.voter)


async def delete_own_logo(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Nothing]:
    """Remove the logo of your polls."""
    require_maker(request.by)
    return await _drop_logo(request, services, request.by.voter)


async def of_poll(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Look]:
    """Read the brand that a poll is shown with: its host's, and the operator's where the host has set none.

    A change that another worker has answered shows within a second.
    """
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), request.by)
    return Reply(_linked(request.public, await services.looks.of_host(seen.poll.created_by)))


async def colours(request: TypedRequest[Nothing, AccentQuery], services: RestServices) -> Reply[AccentPair]:
    """Read the colours that an accent would have on light and on dark pages."""
    accent = request.query.accent.lower()
    _refuse_bad("", accent)
    return Reply(accents(accent))


async def _put(request: TypedRequest[BrandBody, Nothing], services: RestServices, owner: str) -> Reply[Look]:
    body = request.body
    name, accent = shown_name(body.name), None if body.accent is None else body.accent.lower()
    _refuse_bad(body.name, accent)
    brand = await brands.put(services.database, owner, name, accent, body.stage, request.by)
    return _changed(request.public, services, owner, brand)


async def _put_logo(request: TypedRequest[Upload, Nothing], services: RestServices, owner: str) -> Reply[Look]:
    with RULES.place(services.logos, request.by.voter):
        async with RULES.turn(services.logo_writes):
            logo = await write_logo(request.body.content)
        brand = await brands.put_logo(services.database, owner, logo, request.by)
    return _changed(request.public, services, owner, brand)


async def _drop_logo(request: TypedRequest[Nothing, Nothing], services: RestServices, owner: str) -> Reply[Nothing]:
    await brands.put_logo(services.database, owner, None, request.by)
    services.looks.forget(owner)
    return Reply(None, 204)


def _changed(public: PublicAddress, services: RestServices, owner: str, brand: Brand) -> Reply[Look]:
    """Pages of this worker show it at once."""
    services.looks.forget(owner)
    return Reply(_linked(public, look(brand)))


def _linked(public: PublicAddress, found: Look) -> Look:
    """With the whole address of the logo: programs need not know where the service's root is."""
    if found.logo is None:
        return found
    logo = msgspec.structs.replace(found.logo, url=public.url(f"/{found.logo.url}"))
    return msgspec.structs.replace(found, logo=logo)


def _refuse_bad(name: str, accent: str | None) -> None:
    problems = brand_problems(name, accent)
    if problems:
        raise Invalid(errors=tuple(problems))


CALLS: tuple[RestCall, ...] = (
    call("GET", "/brand", read_site, body=Nothing, query=Nothing, answer=Look, public=True),
    call("PUT", "/brand", put_site, body=BrandBody, query=Nothing, answer=Look, raises=(Forbidden,)),
    call("GET", "/brand/colours", colours, body=Nothing, query=AccentQuery, answer=AccentPair, public=True),
    call(
        "PUT",
        "/brand/logo",
        put_site_logo,
        body=Upload,
        query=Nothing,
        answer=Look,
        raises=(Forbidden, BadLogo, TooMany, Unavailable),
        body_bytes=UPLOAD_BYTES,
        takes=PICTURES,
    ),
    call(
        "DELETE",
        "/brand/logo",
        delete_site_logo,
        body=Nothing,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden,),
    ),
    call("GET", "/auth/me/brand", read_own, body=Nothing, query=Nothing, answer=Look, raises=(Forbidden,)),
    call("PUT", "/auth/me/brand", put_own, body=BrandBody, query=Nothing, answer=Look, raises=(Forbidden,)),
    call(
        "PUT",
        "/auth/me/brand/logo",
        put_own_logo,
        body=Upload,
        query=Nothing,
        answer=Look,
        raises=(Forbidden, BadLogo, TooMany, Unavailable),
        body_bytes=UPLOAD_BYTES,
        takes=PICTURES,
    ),
    call(
        "DELETE",
        "/auth/me/brand/logo",
        delete_own_logo,
        body=Nothing,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden,),
    ),
    call("GET", "/polls/{poll}/brand", of_poll, body=Nothing, query=Nothing, answer=Look),
)
"""The calls of this file."""
