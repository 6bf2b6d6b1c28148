"""Who the bearer of a token is, whether we made it or an external issuer did."""

from __future__ import annotations

from nexus.access.external_issuer import ExternalIssuer
from nexus.access.signed import claimed_issuer
from nexus.access.tokens import Tokens
from nexus.domain.identity import Identity


class Identifier:
    """Tells who the bearer of a token is, whether we made it or an external issuer did.

    The issuer a token claims only chooses who checks it; each checker then demands its own issuer and key.
    """

    def __init__(self, tokens: Tokens, external: ExternalIssuer | None = None) -> None:
        self._tokens = tokens
        self._external = external

    def identify_now(self, token: str) -> Identity | None:
        """As `identify`, without waiting; None for an external token, of which only `identify` can tell."""
        return None if self._external_for(token) else self._tokens.identity(token)

    async def identify(self, token: str) -> Identity:
        """The identity that `token` proves. Raises Unauthenticated, or Unavailable where its issuer is out of reach."""
        external = self._external_for(token)
        return await external.identity(token) if external else self._tokens.identity(token)

    def _external_for(self, token: str) -> ExternalIssuer | None:
        if self._external is None or claimed_issuer(token) != self._external.issuer:
            return None
        return self._external
