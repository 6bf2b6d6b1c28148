"""Who Nexus is to an OpenID provider, as it is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

BEGIN_PATH = "/auth/oidc/"
"""Where a login begins, below the public address."""

CALLBACK_PATH = "/auth/oidc/callback/"
"""Where the provider sends the browser back to."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class OidcClient:
    """A registration at an OpenID provider.

    `secret` is "" for a public client, `name` is what people call the provider, `roles_claim` is "" where the provider
    grants no roles, `login_s` is how long a login lasts at most, in seconds.

    `public_url` is the address by which people reach Nexus, without a slash at its end.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scopes: str
    name: str
    roles_claim: str
    login_s: int
    public_url: str

    @property
    def begin_url(self) -> str:
        """Where a login begins."""
        return self.public_url + BEGIN_PATH

    @property
    def redirect_uri(self) -> str:
        """The address that is registered at the provider: it sends the browser there with the code."""
        return self.public_url + CALLBACK_PATH


def is_safe(url: str) -> bool:
    """Whether what is sent to `url` can be read by nobody on the way: https, or this machine."""
    try:
        parts = urlsplit(url)
        is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        return is_local or (parts.scheme == "https" and bool(parts.hostname))
    except ValueError:
        return False
