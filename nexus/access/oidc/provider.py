"""The requests to an OpenID provider: where to send the browser, and whom a code stands for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

import httpx2
import jwt
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from nexus.access.external_issuer import parse_keys
from nexus.access.fetched import LARGEST_BYTES, Fetched
from nexus.access.key_set import KeySet
from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.discovery import Metadata, configuration_url, parse_metadata
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.id_token import TokenAnswer, named_in
from nexus.access.oidc.returning import Begun
from nexus.access.signed import key_id
from nexus.domain.identity import Identity
from nexus.errors import Unauthenticated, Unavailable

EXCHANGE_S = 10.0
"""For the exchange of a code, from the connection to the end of the answer."""

CONFIGURATION_COOLDOWN_S = 2.0
"""Between two reads of the provider's configuration, however many people press the button."""

KEYS_COOLDOWN_S = 1.0
"""Between two reads of the provider's keys. A made-up key id takes a code of the provider's own."""

_ERRORS = {
    "invalid_grant": Reason.USED,
    "server_error": Reason.UNREACHABLE,
    "temporarily_unavailable": Reason.UNREACHABLE,
}


class Provider:
    """The provider of `client`. It is asked for nothing before the first login, so it may be down at the start."""

    def __init__(
        self,
        client: OidcClient,
        *,
        timeout_s: float = 5.0,
        exchange_s: float = EXCHANGE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`timeout_s` is for each read of a published document, `exchange_s` for that of a code; `clock` returns Unix
        seconds."""
        self._client = client
        self._timeout_s = timeout_s
        self._exchange_s = exchange_s
        self._clock = clock
        url, parse = configuration_url(client.issuer), partial(parse_metadata, issuer=client.issuer)
        self._published = Fetched(url, parse, timeout_s=timeout_s, cooldown_s=CONFIGURATION_COOLDOWN_S)
        self._keys: dict[str, KeySet[jwt.PyJWK]] = {}
        self._http = AsyncOAuth2Client(
            client.client_id,
            client.secret or None,
            scope=client.scopes,
            redirect_uri=client.redirect_uri,
            code_challenge_method="S256",
            timeout=exchange_s,
            headers={"accept-encoding": "identity"},  # what is bounded is then what is kept
            event_hooks={"response": [_bound]},
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def authorization_url(self, begun: Begun) -> str:
        """Where the browser goes to log in. Raises LoginFailed."""
        metadata = await self._metadata()
        url, _ = self._http.create_authorization_url(
            metadata.authorization_endpoint, state=begun.state, code_verifier=begun.verifier, nonce=begun.nonce
        )
        return str(url)

    async def check_issuer(self, claimed: str | None) -> None:
        """Raise LoginFailed where an answer comes from another issuer, or does not say so (RFC 9207, section 2.4)."""
        required = (await self._metadata()).authorization_response_iss_parameter_supported
        if claimed != self._client.issuer and (required or claimed is not None):
            raise LoginFailed(Reason.UNPROVED, f"the answer comes from the issuer {(claimed or '')[:200]!r}")

    async def identity(self, code: str, begun: Begun) -> Identity:
        """Who has logged in: exchanges `code`, and verifies what comes. Raises LoginFailed."""
        metadata = await self._metadata()
        answer = await self._exchange(metadata, code, begun.verifier)
        return named_in(answer, await self._key(metadata, answer.id_token), self._client, begun.nonce, self._clock())

    async def _metadata(self) -> Metadata:
        found = await self._published.get()
        if found is None:
            reason = Reason.SETUP if self._published.is_bad else Reason.UNREACHABLE
            raise LoginFailed(reason, f"no usable configuration at {configuration_url(self._client.issuer)}")
        return found

    async def _exchange(self, metadata: Metadata, code: str, verifier: str) -> TokenAnswer:
        auth = self._http.client_auth(metadata.auth_method(self._client.secret))
        try:
            async with asyncio.timeout(self._exchange_s):
                told: dict[str, object] = await self._http.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    auth=auth,
                )
        except OAuthError as error:
            raise LoginFailed(_ERRORS.get(error.error, Reason.SETUP), f"no tokens: {_short(error)}") from error
        except (httpx2.HTTPError, TimeoutError, OSError) as error:
            raise LoginFailed(Reason.UNREACHABLE, f"no tokens: {_short(error)}") from error
        except ValueError as error:
            raise LoginFailed(Reason.SETUP, f"no tokens: {_short(error)}") from error
        id_token, access_token = told.get("id_token"), told.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise LoginFailed(Reason.SETUP, "no ID token: the scopes must include openid")
        return TokenAnswer(id_token, access_token)

    async def _key(self, metadata: Metadata, id_token: str) -> jwt.PyJWK:
        url = metadata.jwks_uri
        if url not in self._keys:
            self._keys = {url: KeySet(url, parse_keys, timeout_s=self._timeout_s, cooldown_s=KEYS_COOLDOWN_S)}
        try:
            key = await self._keys[url].find(key_id(id_token))
        except Unavailable as error:
            raise LoginFailed(Reason.UNREACHABLE, error.detail) from error
        except Unauthenticated as error:
            raise LoginFailed(Reason.UNPROVED, "the ID token is not a signed token") from error
        if key is None:
            raise LoginFailed(Reason.UNPROVED, "the ID token is signed with an unknown key")
        return key


class _Bounded(httpx2.AsyncByteStream):
    """The body of an answer, which fails when it grows beyond `LARGEST_BYTES`."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._body:
            size += len(chunk)
            if size > LARGEST_BYTES:
                raise ValueError(f"more than {LARGEST_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()


async def _bound(response: httpx2.Response) -> None:
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


def _short(error: Exception) -> str:
    """An error for the log: what a provider says may be long."""
    return repr(error)[:300]
