"""What an OpenID provider publishes about itself (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import msgspec

from nexus.access.oidc.client import is_safe


class Metadata(msgspec.Struct, frozen=True):
    """The parts of a provider's configuration that a login needs (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    response_types_supported: tuple[str, ...] = ("code",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    authorization_response_iss_parameter_supported: bool = False

    def auth_method(self, secret: str) -> str:
        """How a client with `secret`, "" for none, proves itself at the token endpoint."""
        offered = self.token_endpoint_auth_methods_supported
        if not secret:
            return "none"
        basic = "client_secret_basic" in offered or "client_secret_post" not in offered
        return "client_secret_basic" if basic else "client_secret_post"


def configuration_url(issuer: str) -> str:
    """Where `issuer` publishes its configuration (OpenID Connect Discovery 1.0, section 4)."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def parse_metadata(document: bytes, issuer: str) -> Metadata:
    """The configuration of `issuer`. Raises ValueError for another's, and for one by which nobody can log in safely."""
    try:
        found = msgspec.json.decode(document, type=Metadata)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"not the configuration of an OpenID provider: {error}") from None
    if found.issuer != issuer:
        raise ValueError(f"the issuer is {found.issuer[:200]!r}, not {issuer!r}")
    for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        if not is_safe(url):
            raise ValueError(f"{url[:200]!r} is not an https:// URL")
    if "code" not in found.response_types_supported:
        raise ValueError("the provider has no authorization code flow")
    if "S256" not in found.code_challenge_methods_supported:
        raise ValueError("the provider has no PKCE with S256")
    return found
