"""A login with an OpenID provider, from its begin to the code by which the page gets it."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

from nexus.access.limits import Caps, Rate, address_key
from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.returning import Begun, Returning
from nexus.domain.identity import Identity
from nexus.store import handovers
from nexus.store.database import Database
from nexus.store.sessions import Login

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""Logins of a worker that wait for the provider at once."""
HAND_OVER_S = 60
"""How long the page has to fetch the login that its code stands for."""

_LONGEST_CODE = 64
# What a provider may send instead of a code (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
_ERRORS = {
    **dict.fromkeys(("access_denied", "login_required", "consent_required", "interaction_required"), Reason.DENIED),
    **dict.fromkeys(("server_error", "temporarily_unavailable"), Reason.UNREACHABLE),
}


class LoginProvider(Protocol):
    """What of `nexus.access.oidc.provider.Provider` a login takes; that module loads slowly."""

    async def authorization_url(self, begun: Begun) -> str:
        """Where the browser goes to log in. Raises LoginFailed."""

    async def check_issuer(self, claimed: str | None) -> None:
        """Raise LoginFailed where an answer comes from another issuer."""

    async def identity(self, code: str, begun: Begun) -> Identity:
        """Who has logged in. Raises LoginFailed."""

    async def close(self) -> None:
        """Close every connection."""


class OidcLogins:
    """Logins of `client` at its provider. Of each address, `begun` limits how many may begin, and `failed` how many may
    come back in vain, since each of these can cost the provider a request."""

    def __init__(
        self,
        client: OidcClient,
        provider: LoginProvider,
        returning: Returning,
        database: Database,
        *,
        begun: Rate,
        failed: Rate,
    ) -> None:
        self.client = client
        self._provider = provider
        self._returning = returning
        self._database = database
        self._begun = begun
        self._failed = failed
        self._waiting = Caps(AT_ONCE, total=AT_ONCE)

    async def begin(self, browser: str, to: str, address: str) -> str:
        """Where `browser` goes to log in for the page `to`. Raises LoginFailed."""
        if self._begun.take(address_key(address)):
            raise LoginFailed(Reason.TOO_MANY, "too many logins from one address")
        return await self._provider.authorization_url(self._returning.begin(browser, to))

    def came_back(self, query: Mapping[str, str], browser: str) -> Begun:
        """The login that `browser` began and that the provider's answer, `query`, is about. Raises LoginFailed."""
        return self._returning.came_back(query.get("state", ""), browser)

    async def complete(self, query: Mapping[str, str], begun: Begun, browser: str, address: str) -> str:
        """The address of the page with a code in its fragment, by which the page gets the login once.

        `query` is the provider's answer. Raises LoginFailed, and `Unavailable` where the database is out of reach.
        """
        if self._failed.take(address_key(address)):
            raise LoginFailed(Reason.TOO_MANY, "too many failed logins from one address")
        with self._failed.counting(address_key(address), LoginFailed):
            identity = await self._identity(query, begun)
        code = secrets.token_urlsafe(32)
        await handovers.hand_over(
            self._database,
            identity.voter,
            identity.roles,
            code_digest(code, browser),
            within_s=HAND_OVER_S,
            login_s=self.client.login_s,
        )
        logger.info("%s logged in with the OpenID provider, roles: %s", identity.voter, sorted(identity.roles))
        return self.client.public_url + _with_code(begun.to, code)

    async def redeem(self, code: str, browser: str, refresh: bytes, refresh_s: int) -> Login | None:
        """The login that `code` was made for in this `browser`; its first refresh token has the digest `refresh`. None
        where there is none, or it was fetched before."""
        if not browser or len(code) > _LONGEST_CODE:
            return None
        return await handovers.take_over(self._database, code_digest(code, browser), refresh, refresh_s)

    async def close(self) -> None:
        """Close every connection to the provider."""
        await self._provider.close()

    async def _identity(self, query: Mapping[str, str], begun: Begun) -> Identity:
        if not self._waiting.acquire(""):
            raise LoginFailed(Reason.TOO_MANY, f"{AT_ONCE} logins wait for the provider")
        try:
            await self._provider.check_issuer(query.get("iss"))
            return await self._provider.identity(_code(query), begun)
        finally:
            self._waiting.release("")


def _code(query: Mapping[str, str]) -> str:
    error = query.get("error")
    if error is not None:
        told = f"{error[:100]!r}: {query.get('error_description', '')[:200]!r}"
        raise LoginFailed(_ERRORS.get(error, Reason.SETUP), f"the provider answered {told}")
    if not query.get("code"):
        raise LoginFailed(Reason.SETUP, "the provider's answer has neither a code nor an error")
    return query["code"]


def code_digest(code: str, browser: str) -> bytes:
    """What is stored of a code: useless without the secret of the browser that it was made for."""
    return hmac.digest(browser.encode(), code.encode("utf-8", "surrogatepass"), "sha256")


def _with_code(to: str, code: str) -> str:
    page, _, place = to.partition("#")
    told = {"login": code, **({"to": place} if place else {})}
    return f"{page}#{urlencode(told, safe='/')}"
