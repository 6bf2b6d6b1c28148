"""The settings: one frozen value made from the environment, and the table that documents each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from nexus.access.claims import OWN_ISSUER, TrustedIssuer
from nexus.access.origins import canonical_origins
from nexus.access.secret import SHORTEST_KEY
from nexus.errors import SettingsError

_MOST = 10**9


class Setting(NamedTuple):
    """One setting as it is documented: the variable, its default as text ("" where unset), a line of help."""

    name: str
    default: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "", "postgresql://…; unset: a private PostgreSQL kept in the data folder"),
    Setting("REDIS_URL", "", "redis://, rediss://, redis+cluster:// or redis+sentinel://; unset: an in-process bus"),
    Setting("NEXUS_HOST", "127.0.0.1", "address to listen on (--host)"),
    Setting("PORT", "8000", "port to listen on (--port); 0: any free one"),
    Setting("WEB_CONCURRENCY", "1", "worker processes (--workers); more than one need REDIS_URL"),
    Setting("NEXUS_DATA", "./nexus-data", "the data folder"),
    Setting("NEXUS_SECRET_KEY", "", "signs tokens, 32 bytes or more; unset: made once, kept in the data folder"),
    Setting("NEXUS_ALLOWED_ORIGINS", "", "origins whose pages may connect too, comma separated"),
    Setting("FORWARDED_ALLOW_IPS", "127.0.0.1,::1", "proxies whose X-Forwarded headers are believed; * for all"),
    Setting("NEXUS_JWKS_URL", "", "keys of an external token issuer (OIDC)"),
    Setting("NEXUS_JWT_ISSUER", "", "its iss, needed with NEXUS_JWKS_URL"),
    Setting("NEXUS_JWT_AUDIENCE", "", "the aud its tokens must carry, needed with NEXUS_JWKS_URL"),
    Setting("NEXUS_JWT_ROLES_CLAIM", "", "the claim its roles are read from; unset: its tokens have no roles"),
    Setting("NEXUS_METRICS_TOKEN", "", "bearer token that opens /metrics; unset: loopback only"),
    Setting("NEXUS_LOG", "text", "log format: text or json"),
    Setting("NEXUS_DB_CONNECTIONS", "10", "database connections of a worker, at most"),
    Setting("NEXUS_LANES", "4", "vote transactions of a worker at once, at most; fewer than its connections"),
    Setting("NEXUS_ACCESS_TTL", "900", "seconds an access token lasts"),
    Setting("NEXUS_REFRESH_TTL", "2592000", "seconds a refresh token lasts"),
    Setting("NEXUS_GUEST_TTL", "43200", "seconds a guest's token lasts"),
    Setting("NEXUS_SCREEN_TTL", "86400", "seconds a screen's token lasts"),
    Setting("NEXUS_SOCKETS", "20000", "sockets of a worker in all"),
    Setting("NEXUS_SOCKETS_PER_ADDRESS", "5000", "sockets from one address"),
    Setting("NEXUS_ROOMS_PER_SOCKET", "50", "rooms one socket may join"),
    Setting("NEXUS_MESSAGES_PER_SECOND", "100", "messages from one socket; twice as many at once"),
    Setting("NEXUS_VOTES_PER_SECOND", "10", "votes from one voter"),
    Setting("NEXUS_VOTES_BURST", "50", "votes from one voter at once"),
    Setting("NEXUS_GUESTS_PER_MINUTE", "2000", "guest tokens to one address"),
    Setting("NEXUS_LOGINS_PER_MINUTE", "600", "logins from one address"),
    Setting("NEXUS_REGISTRATIONS_PER_MINUTE", "600", "registrations from one address"),
    Setting("NEXUS_WRONG_PASSWORDS_PER_MINUTE", "10", "wrong passwords for one account from one address"),
    Setting("NEXUS_WRONG_CODES_PER_MINUTE", "20", "wrong poll codes from one voter"),
    Setting("NEXUS_WRONG_CODES_PER_ADDRESS", "300", "wrong poll codes from one address, a minute"),
)
"""Every setting, in the order in which it is shown; the limits are each worker's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one worker; `SETTINGS` says of each what it counts and by whom."""

    sockets: int
    sockets_per_address: int
    rooms_per_socket: int
    messages_per_second: int
    votes_per_second: int
    votes_burst: int
    guests_per_minute: int
    logins_per_minute: int
    registrations_per_minute: int
    wrong_passwords_per_minute: int
    wrong_codes_per_minute: int
    wrong_codes_per_address: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long each kind of token lasts, in seconds."""

    access_s: int
    refresh_s: int
    guest_s: int
    screen_s: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set (contract, section 4). Its repr shows no secret.

    `database_url` and `redis_url` are None where the embedded database and the in-process bus serve;
    `secret` is NEXUS_SECRET_KEY, of which `nexus.secret.secret_key` makes the key.
    """

    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    host: str
    port: int
    workers: int
    data: Path
    secret: bytes | None = field(repr=False)
    allowed_origins: frozenset[str]
    forwarded_allow_ips: str
    issuer: TrustedIssuer | None
    metrics_token: str | None = field(repr=False)
    log: str
    db_connections: int
    lanes: int
    lifetimes: Lifetimes
    limits: Limits

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """The settings of `environ`; a variable that is empty counts as unset.

        A flag of the command line goes in as its variable: `load({**os.environ, "PORT": "9000"})`.
        Raises SettingsError at the first one that is wrong.
        """
        read = _Reader(environ)
        settings = cls(
            database_url=_database_url(read),
            redis_url=_redis_url(read),
            host=read.text("NEXUS_HOST"),
            port=read.number("PORT", 0, 65535),
            workers=read.number("WEB_CONCURRENCY", 1, 256),
            data=Path(read.text("NEXUS_DATA")),
            secret=_secret(read),
            allowed_origins=_origins(read),
            forwarded_allow_ips=read.text("FORWARDED_ALLOW_IPS"),
            issuer=_issuer(read),
            metrics_token=read.text("NEXUS_METRICS_TOKEN") or None,
            log=read.one_of("NEXUS_LOG", "text", "json"),
            db_connections=read.number("NEXUS_DB_CONNECTIONS", 2, 1000),
            lanes=read.number("NEXUS_LANES", 1, 999),
            lifetimes=_lifetimes(read),
            limits=_limits(read),
        )
        _check_together(settings)
        return settings


_DEFAULTS = {entry.name: entry.default for entry in SETTINGS}


class _Reader:
    """Reads variables by name, each with the default of its entry."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip() or _DEFAULTS[name]

    def number(self, name: str, least: int = 1, most: int = _MOST) -> int:
        text = self.text(name)
        if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) and least <= int(text) <= most:
            return int(text)
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {text[:40]!r}.")

    def one_of(self, name: str, *words: str) -> str:
        text = self.text(name).lower()
        if text not in words:
            raise SettingsError(f"{name} must be {', '.join(words[:-1])} or {words[-1]}, not {text[:40]!r}.")
        return text


def _database_url(read: _Reader) -> str | None:
    url = read.text("DATABASE_URL")
    scheme, _, rest = url.partition("://")
    if not url:
        return None
    # A "#" belongs to a password that should say %23. The value is not shown, as it may hold a password.
    if scheme not in ("postgresql", "postgres") or "#" in rest or not _is_node(_authority(url), empty=True):
        raise SettingsError("DATABASE_URL must be of the form postgresql://user:password@host:port/name.")
    return f"postgresql://{rest}"


def _redis_url(read: _Reader) -> str | None:
    url = read.text("REDIS_URL")
    if not url:
        return None
    scheme = url.partition("://")[0]
    nodes = _authority(url).rpartition("@")[2].split(",")
    fits = {
        "redis": len(nodes) == 1,
        "rediss": len(nodes) == 1,
        "redis+cluster": True,
        "redis+sentinel": bool(re.fullmatch(r"[^/?#]*/[^/?#]+", url.partition("://")[2])),
    }
    if not fits.get(scheme, False) or not all(_is_node(node) for node in nodes):
        raise SettingsError(
            "REDIS_URL must be redis://host:port, rediss://host:port, redis+cluster://host:port,… "
            "or redis+sentinel://host:port,…/service."
        )
    return url


def _authority(url: str) -> str:
    """`user:password@host:port` of a URL, or several hosts by commas (RFC 3986, section 3.2)."""
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


def _is_node(text: str, *, empty: bool = False) -> bool:
    try:
        parts = urlsplit(f"//{text}")
        return (bool(parts.hostname) or empty) and parts.port != 0
    except ValueError:
        return False


def _secret(read: _Reader) -> bytes | None:
    key = read.text("NEXUS_SECRET_KEY").encode("utf-8", "surrogateescape")
    if key and len(key) < SHORTEST_KEY:
        raise SettingsError(f"NEXUS_SECRET_KEY must have at least {SHORTEST_KEY} bytes; it has {len(key)}.")
    return key or None


def _origins(read: _Reader) -> frozenset[str]:
    try:
        return canonical_origins(read.text("NEXUS_ALLOWED_ORIGINS"))
    except ValueError as error:
        raise SettingsError(f"NEXUS_ALLOWED_ORIGINS must be like https://vote.example; {error}.") from error


def _issuer(read: _Reader) -> TrustedIssuer | None:
    url = read.text("NEXUS_JWKS_URL")
    others = ("NEXUS_JWT_ISSUER", "NEXUS_JWT_AUDIENCE", "NEXUS_JWT_ROLES_CLAIM")
    issuer, audience, roles_claim = (read.text(name) for name in others)
    if not url:
        for name, value in zip(others, (issuer, audience, roles_claim), strict=True):
            if value:
                raise SettingsError(f"{name} is set, so NEXUS_JWKS_URL must be set too.")
        return None
    if not url.startswith(("https://", "http://")) or not _is_node(_authority(url)):
        raise SettingsError("NEXUS_JWKS_URL must be an https:// or http:// URL.")
    if not issuer or issuer == OWN_ISSUER:
        raise SettingsError(f"NEXUS_JWT_ISSUER must be the issuer of NEXUS_JWKS_URL, and not {OWN_ISSUER!r}.")
    if not audience:
        raise SettingsError("NEXUS_JWT_AUDIENCE must be set where NEXUS_JWKS_URL is.")
    return TrustedIssuer(url, issuer, audience, roles_claim)


def _lifetimes(read: _Reader) -> Lifetimes:
    return Lifetimes(
        access_s=read.number("NEXUS_ACCESS_TTL"),
        refresh_s=read.number("NEXUS_REFRESH_TTL"),
        guest_s=read.number("NEXUS_GUEST_TTL"),
        screen_s=read.number("NEXUS_SCREEN_TTL"),
    )


def _limits(read: _Reader) -> Limits:
    return Limits(
        sockets=read.number("NEXUS_SOCKETS"),
        sockets_per_address=read.number("NEXUS_SOCKETS_PER_ADDRESS"),
        rooms_per_socket=read.number("NEXUS_ROOMS_PER_SOCKET"),
        messages_per_second=read.number("NEXUS_MESSAGES_PER_SECOND"),
        votes_per_second=read.number("NEXUS_VOTES_PER_SECOND"),
        votes_burst=read.number("NEXUS_VOTES_BURST"),
        guests_per_minute=read.number("NEXUS_GUESTS_PER_MINUTE"),
        logins_per_minute=read.number("NEXUS_LOGINS_PER_MINUTE"),
        registrations_per_minute=read.number("NEXUS_REGISTRATIONS_PER_MINUTE"),
        wrong_passwords_per_minute=read.number("NEXUS_WRONG_PASSWORDS_PER_MINUTE"),
        wrong_codes_per_minute=read.number("NEXUS_WRONG_CODES_PER_MINUTE"),
        wrong_codes_per_address=read.number("NEXUS_WRONG_CODES_PER_ADDRESS"),
    )


def _check_together(settings: Settings) -> None:
    if settings.workers > 1 and settings.redis_url is None:
        raise SettingsError("WEB_CONCURRENCY above 1 needs REDIS_URL: workers share their totals through it.")
    if settings.lanes >= settings.db_connections:
        raise SettingsError("NEXUS_LANES must be less than NEXUS_DB_CONNECTIONS: reads need connections too.")
