"""The settings: each is one field here, with its variable, how it is read, its default and its help.

From these fields come the reader (`Settings.load`) and the table of `nexus serve --help`; a test compares the README's
table with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nexus.access.claims import OWN_ISSUER, TrustedIssuer
from nexus.access.oidc.client import OidcClient
from nexus.access.public_address import PublicAddress
from nexus.bus.redis.address import RedisAddress
from nexus.errors import SettingsError
from nexus.settings import kinds
from nexus.settings.browser_login import BrowserLogin
from nexus.settings.kinds import whole
from nexus.settings.setting import described, loaded, setting


@dataclass(frozen=True, slots=True)
class Oidc:
    """An external issuer of tokens (OIDC) as it is set; `Settings.issuer` makes one value of it."""

    jwks_url: str = setting("NEXUS_JWKS_URL", kinds.WEB_URL, "", "key set of an external token issuer (OIDC)")
    issuer: str = setting("NEXUS_JWT_ISSUER", kinds.TEXT, "", "its iss, required with NEXUS_JWKS_URL")
    audience: str = setting(
        "NEXUS_JWT_AUDIENCE", kinds.TEXT, "", "the aud that its tokens must carry, required with NEXUS_JWKS_URL"
    )
    roles_claim: str = setting(
        "NEXUS_JWT_ROLES_CLAIM",
        kinds.TEXT,
        "",
        "the claim that holds roles, there and in NEXUS_OIDC_ISSUER's logins; unset: none",
    )

    def trusted(self, provider: str) -> TrustedIssuer | None:
        """The issuer, None where there is none. Raises SettingsError where only a part of it is set, or where it is
        another one than the OpenID `provider` with which people log in, "" for none."""
        if self.jwks_url:
            self._check()
            if provider and self.issuer != provider:
                raise SettingsError(
                    "NEXUS_JWT_ISSUER must be NEXUS_OIDC_ISSUER: subjects of both are called ext:<sub>."
                )
            return TrustedIssuer(self.jwks_url, self.issuer, self.audience, self.roles_claim)
        roles_claim = "" if provider else self.roles_claim  # it is the provider's, too
        for name, value in (("ISSUER", self.issuer), ("AUDIENCE", self.audience), ("ROLES_CLAIM", roles_claim)):
            if value:
                raise SettingsError(f"NEXUS_JWT_{name} is set, so NEXUS_JWKS_URL must be set too.")
        return None

    def _check(self) -> None:
        for name, value in (("ISSUER", self.issuer), ("AUDIENCE", self.audience)):
            if not value:
                raise SettingsError(f"NEXUS_JWT_{name} is required with NEXUS_JWKS_URL.")
        if self.issuer == OWN_ISSUER:
            raise SettingsError(f"NEXUS_JWT_ISSUER must not be {OWN_ISSUER!r}, which names this service itself.")


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long each kind of token lasts, in seconds."""

    access_s: int = setting("NEXUS_ACCESS_TTL", whole(1), "900", "seconds an access token lasts")
    refresh_s: int = setting("NEXUS_REFRESH_TTL", whole(1), "2592000", "seconds a refresh token lasts")
    guest_s: int = setting("NEXUS_GUEST_TTL", whole(1), "43200", "seconds a guest's token lasts")
    invitation_s: int = setting("NEXUS_INVITATION_TTL", whole(1), "604800", "seconds the link of an invitation lasts")
    screen_s: int = setting("NEXUS_SCREEN_TTL", whole(1), "86400", "seconds a screen's token lasts")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one worker."""

    sockets: int = setting("NEXUS_SOCKETS", whole(1), "20000", "open sockets in all")
    sockets_per_address: int = setting("NEXUS_SOCKETS_PER_ADDRESS", whole(1), "5000", "open sockets from one address")
    sockets_per_voter: int = setting("NEXUS_SOCKETS_PER_VOTER", whole(1), "1000", "open sockets of one voter")
    rooms_per_socket: int = setting("NEXUS_ROOMS_PER_SOCKET", whole(1), "50", "rooms that one socket may join")
    messages_per_second: int = setting(
        "NEXUS_MESSAGES_PER_SECOND", whole(1), "100", "messages per second from one socket; bursts of twice as many"
    )
    messages_per_address: int = setting(
        "NEXUS_MESSAGES_PER_ADDRESS",
        whole(100),
        "10000",
        "messages per second from one address, or what costs as much; more are read later",
    )
    votes_per_second: int = setting("NEXUS_VOTES_PER_SECOND", whole(1), "10", "votes per second from one voter")
    votes_burst: int = setting("NEXUS_VOTES_BURST", whole(1), "50", "votes at once from one voter")
    moves_per_second: int = setting(
        "NEXUS_MOVES_PER_SECOND", whole(1), "2", "moves of an event per second by one host; bursts of ten times as many"
    )
    guests_per_minute: int = setting(
        "NEXUS_GUESTS_PER_MINUTE", whole(1), "2000", "guest tokens per minute to one address"
    )
    logins_per_minute: int = setting("NEXUS_LOGINS_PER_MINUTE", whole(1), "600", "logins per minute from one address")
    registrations_per_minute: int = setting(
        "NEXUS_REGISTRATIONS_PER_MINUTE", whole(1), "600", "registrations per minute from one address"
    )
    wrong_passwords_per_minute: int = setting(
        "NEXUS_WRONG_PASSWORDS_PER_MINUTE",
        whole(1),
        "10",
        "wrong passwords per minute for one account from one address",
    )
    wrong_codes_per_minute: int = setting(
        "NEXUS_WRONG_CODES_PER_MINUTE", whole(1), "20", "wrong poll codes per minute from one voter"
    )
    wrong_codes_per_address: int = setting(
        "NEXUS_WRONG_CODES_PER_ADDRESS", whole(1), "300", "wrong poll codes per minute from one address"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set (docs/contract.md, "Running"); `Settings()` holds the defaults. Its repr shows
    no secret.

    `database_url` and `redis` are None where the private PostgreSQL and the in-process bus serve;
    `secret` is NEXUS_SECRET_KEY, of which `nexus.access.secret.secret_key` makes the key.
    """

    database_url: str | None = setting(
        "DATABASE_URL",
        kinds.DATABASE_URL,
        "",
        "postgresql://…; unset: a private PostgreSQL kept in the data folder",
        secret=True,
    )
    redis: RedisAddress | None = setting(
        "REDIS_URL",
        kinds.REDIS_URL,
        "",
        "redis://, rediss://, redis+cluster:// or redis+sentinel://; unset: an in-process bus",
        secret=True,
    )
    host: str = setting("NEXUS_HOST", kinds.TEXT, "127.0.0.1", "address to listen on", flag="--host")
    port: int = setting("PORT", whole(0, 65535), "8000", "port to listen on; 0: any free one", flag="--port")
    workers: int = setting(
        "WEB_CONCURRENCY", whole(1, 256), "1", "worker processes; more than one needs REDIS_URL", flag="--workers"
    )
    data: Path = setting("NEXUS_DATA", kinds.FOLDER, "./nexus-data", "the data folder")
    secret: bytes | None = setting(
        "NEXUS_SECRET_KEY",
        kinds.SIGNING_KEY,
        "",
        "signs tokens; unset: made once, kept in the data folder",
        secret=True,
    )
    public: PublicAddress | None = setting(
        "NEXUS_PUBLIC_URL",
        kinds.PUBLIC_ADDRESS,
        "",
        "how people reach it, such as https://example.org/nexus; unset: as the request says",
    )
    allowed_origins: frozenset[str] = setting(
        "NEXUS_ALLOWED_ORIGINS", kinds.ORIGINS, "", "other origins whose pages may connect, comma-separated"
    )
    embedders: tuple[str, ...] = setting(
        "NEXUS_EMBED_ORIGINS",
        kinds.EMBEDDERS,
        "",
        "origins whose pages may show /vote and /live in a frame, comma-separated; unset: none",
    )
    forwarded_allow_ips: str = setting(
        "FORWARDED_ALLOW_IPS",
        kinds.PROXIES,
        "127.0.0.1,::1",
        "proxies whose X-Forwarded headers are trusted, comma-separated; * for all",
    )
    registration: str = setting(
        "NEXUS_REGISTRATION",
        kinds.either("open", "closed"),
        "open",
        "whether anyone may create an account; closed: administrators invite people",
    )
    oidc: Oidc = Oidc()
    browser_login: BrowserLogin = BrowserLogin()
    metrics_token: str | None = setting(
        "NEXUS_METRICS_TOKEN", kinds.OPTIONAL_TEXT, "", "bearer token for /metrics; unset: loopback only", secret=True
    )
    log: str = setting("NEXUS_LOG", kinds.either("text", "json"), "text", "log format")
    db_connections: int = setting(
        "NEXUS_DB_CONNECTIONS", whole(2, 1000), "10", "database connections of a worker, beside those for votes"
    )
    lanes: int = setting(
        "NEXUS_LANES", whole(1, 999), "4", "vote transactions that a worker runs at once, on connections of their own"
    )
    lifetimes: Lifetimes = Lifetimes()
    limits: Limits = Limits()

    @property
    def issuer(self) -> TrustedIssuer | None:
        """The external issuer of tokens, None where there is none."""
        return self.oidc.trusted(self.browser_login.issuer)

    @property
    def oidc_client(self) -> OidcClient | None:
        """The client that Nexus is at an OpenID provider, None where people cannot log in with one."""
        return self.browser_login.client(self.public, self.oidc.roles_claim)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """The settings of `environ`; a variable that is empty counts as unset.

        A flag of the command line goes in as its variable: `load({**os.environ, "PORT": "9000"})`.
        Raises SettingsError at the first one that is wrong.
        """
        settings = loaded(cls(), environ)
        settings.oidc.trusted(settings.browser_login.issuer)
        settings.browser_login.client(settings.public, settings.oidc.roles_claim)
        if settings.workers > 1 and settings.redis is None:
            raise SettingsError("WEB_CONCURRENCY above 1 needs REDIS_URL: workers share their totals through it.")
        return settings


SETTINGS = tuple(described(Settings()))
"""Every setting, in the order in which it is shown; the limits are each worker's own."""
