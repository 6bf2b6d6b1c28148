"""Login in the browser with an OpenID provider, as it is set."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from nexus.access.oidc.client import OidcClient, is_safe
from nexus.access.public_address import PublicAddress
from nexus.errors import SettingsError
from nexus.settings import kinds
from nexus.settings.kinds import whole
from nexus.settings.setting import setting

LONGEST_NAME = 60
"""Characters of a provider's name: it stands on a button."""

_DEFAULT_SCOPES = "openid"


@dataclass(frozen=True, slots=True)
class BrowserLogin:
    """An OpenID provider with which people log in on the pages; `client` makes one value of it."""

    issuer: str = setting(
        "NEXUS_OIDC_ISSUER", kinds.WEB_URL, "", "OpenID provider to log in with on the pages; unset: none"
    )
    client_id: str = setting(
        "NEXUS_OIDC_CLIENT_ID", kinds.TEXT, "", "Nexus's client id there, required with NEXUS_OIDC_ISSUER"
    )
    secret: str = setting(
        "NEXUS_OIDC_CLIENT_SECRET", kinds.TEXT, "", "Nexus's secret there; unset: a public client", secret=True
    )
    scopes: str = setting(
        "NEXUS_OIDC_SCOPES", kinds.TEXT, _DEFAULT_SCOPES, "scopes to ask for, separated by spaces; openid is needed"
    )
    name: str = setting(
        "NEXUS_OIDC_NAME", kinds.TEXT, "", "what people call the provider, for the button; unset: its host"
    )
    login_s: int = setting(
        "NEXUS_OIDC_LOGIN_TTL", whole(60), "43200", "seconds after which such a login must be made again"
    )

    def client(self, public: PublicAddress | None, roles_claim: str) -> OidcClient | None:
        """The client that Nexus is, None where no provider is set. Raises SettingsError, naming a setting."""
        if not self.issuer:
            self._refuse_parts()
            return None
        if public is None:
            raise SettingsError("NEXUS_PUBLIC_URL is required with NEXUS_OIDC_ISSUER, which sends people back there.")
        self._check(public)
        return OidcClient(
            issuer=self.issuer,
            client_id=self.client_id,
            secret=self.secret,
            scopes=" ".join(self.scopes.split()),
            name=self.name or str(urlsplit(self.issuer).hostname),
            roles_claim=roles_claim,
            login_s=self.login_s,
            public_url=public.url(""),
        )

    def _refuse_parts(self) -> None:
        parts = {
            "CLIENT_ID": self.client_id,
            "CLIENT_SECRET": self.secret,
            "SCOPES": self.scopes != _DEFAULT_SCOPES,
            "NAME": self.name,
        }
        for name, is_set in parts.items():
            if is_set:
                raise SettingsError(f"NEXUS_OIDC_{name} is set, so NEXUS_OIDC_ISSUER must be set too.")

    def _check(self, public: PublicAddress) -> None:
        rules = (
            (is_safe(self.issuer), "ISSUER must be an https:// URL (http:// on this machine alone)."),
            (not {"?", "#"} & set(self.issuer), "ISSUER must have neither a query nor a fragment."),
            (self.client_id, "CLIENT_ID is required with NEXUS_OIDC_ISSUER."),
            ("openid" in self.scopes.split(), "SCOPES must include openid."),
            (_is_ascii(self.client_id), "CLIENT_ID must be printable ASCII."),
            (_is_ascii(self.secret), "CLIENT_SECRET must be printable ASCII."),
            (_is_ascii(self.scopes), "SCOPES must be printable ASCII."),
            (
                self.name.isprintable() and len(self.name) <= LONGEST_NAME,
                f"NAME must be printable, in at most {LONGEST_NAME} characters.",
            ),
            (
                find_spec("authlib") and find_spec("httpx2"),
                "ISSUER needs the extra oidc: pip install 'nexus-voting[oidc]'.",
            ),
        )
        for holds, says in rules:
            if not holds:
                raise SettingsError(f"NEXUS_OIDC_{says}")
        if not is_safe(public.url("")):
            raise SettingsError(
                "NEXUS_PUBLIC_URL must be an https:// address with NEXUS_OIDC_ISSUER (http:// on this machine alone)."
            )


def _is_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()
