"""The end of a login with an OpenID provider: the page exchanges the code in its address for the login."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nexus.access.oidc.returning import known_browser
from nexus.access.refresh_tokens import new_refresh
from nexus.domain.text import says
from nexus.errors import NotFound, Unauthenticated
from nexus.http.api.token_pair import TokenPair, token_pair
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.browser_cookie import BrowserCookie
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call


class LoginCode(msgspec.Struct, forbid_unknown_fields=True):
    """The code in the address of a page, with which a login ends there."""

    code: Annotated[str, says(minLength=1)]


async def redeem(request: TypedRequest[LoginCode, Nothing], services: RestServices) -> Reply[TokenPair]:
    """Exchange the code of a login with an OpenID provider, once, in the browser that began it."""
    logins = services.oidc
    if logins is None:
        raise NotFound("Nobody can log in with an OpenID provider here.")
    browser = known_browser(BrowserCookie(logins.client.public_url).read(request.raw))
    refresh, kept = new_refresh()
    login = await logins.redeem(request.body.code, browser, kept, services.lifetimes.refresh_s)
    if login is None:
        # One text for every reason, as for a refresh token.
        raise Unauthenticated("The code of this login is not valid.")
    return Reply(token_pair(services, login, refresh))


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/auth/oidc/token",
        redeem,
        body=LoginCode,
        query=Nothing,
        answer=TokenPair,
        raises=(Unauthenticated, NotFound),
        public=True,
    ),
)
"""The calls of this file."""
