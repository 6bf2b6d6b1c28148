"""The settings: their defaults, what each refuses, and that none is left undocumented."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from nexus.access.claims import TrustedIssuer
from nexus.bus.redis.address import parse_address
from nexus.errors import SettingsError
from nexus.settings import SETTINGS, Settings

OIDC = {
    "NEXUS_JWKS_URL": "https://id.example/jwks",
    "NEXUS_JWT_ISSUER": "https://id.example",
    "NEXUS_JWT_AUDIENCE": "votes",
}
REDIS = {"REDIS_URL": "redis://localhost:6379"}


class Watched(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_settings_read_every_setting_and_nothing_else() -> None:
    environ = Watched()
    Settings.load(environ)
    assert environ.asked == {one.name for one in SETTINGS}


def test_every_setting_has_one_line_of_help() -> None:
    assert len({one.name for one in SETTINGS}) == len(SETTINGS)
    assert all(one.help and "\n" not in one.help for one in SETTINGS)


def test_defaults_run_a_laptop_and_let_a_lecture_hall_through() -> None:
    settings = Settings.load({})
    assert (settings.database_url, settings.redis, settings.secret, settings.issuer) == (None,) * 4
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.data == Path("./nexus-data")
    limits = settings.limits
    assert (limits.sockets_per_address, limits.guests_per_minute) == (5000, 2000)
    assert (limits.votes_per_second, limits.votes_burst, limits.rooms_per_socket) == (10, 50, 50)


def test_the_defaults_are_those_that_are_documented() -> None:
    assert Settings() == Settings.load({}) == Settings.load({one.name: one.default for one in SETTINGS})


def test_bounds_are_shown() -> None:
    bounds = {one.name: one.values for one in SETTINGS}
    assert (bounds["PORT"], bounds["WEB_CONCURRENCY"], bounds["NEXUS_VOTES_BURST"]) == (
        *("0 to 65535", "1 to 256"),
        "1 to 10^9",
    )
    assert (bounds["NEXUS_LOG"], bounds["NEXUS_SECRET_KEY"]) == ("text or json", "32 bytes or more")


def test_an_empty_variable_is_unset() -> None:
    assert Settings.load({one.name: " " for one in SETTINGS}) == Settings.load({})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.load({}).port = 1  # type: ignore[misc]


def test_repr_shows_no_secret() -> None:
    shown = repr(
        Settings.load(
            {
                "DATABASE_URL": "postgresql://nexus:hunter2@db/nexus",
                "REDIS_URL": "redis://:hunter2@cache:6379",
                "NEXUS_SECRET_KEY": "hunter2" * 8,
                "NEXUS_METRICS_TOKEN": "hunter2",
            }
        )
    )
    assert "hunter2" not in shown
    assert "port=8000" in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "٣"),
        ("PORT", "9" * 5000),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "1.5"),
        ("NEXUS_LOG", "xml"),
        ("NEXUS_VOTES_PER_SECOND", "0"),
        ("NEXUS_VOTES_BURST", "many"),
        ("NEXUS_ACCESS_TTL", "15m"),
        ("NEXUS_SECRET_KEY", "k" * 31),
        ("NEXUS_ALLOWED_ORIGINS", "https://vote.example,vote.example"),
        ("NEXUS_PUBLIC_URL", "vote.example.org"),
        ("NEXUS_PUBLIC_URL", "https://vote.example.org:port"),
        ("NEXUS_PUBLIC_URL", "https://user:pa#ss@vote.example.org"),
        ("NEXUS_PUBLIC_URL", "https://vote.example.org/a/../b"),
        ("NEXUS_PUBLIC_URL", f"https://{'a' * 5000}.example"),
        ("FORWARDED_ALLOW_IPS", "127.0.0.1,proxy"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.0/33"),
        ("DATABASE_URL", "mysql://localhost/nexus"),
        ("DATABASE_URL", "postgresql+psycopg://localhost/nexus"),
        ("DATABASE_URL", "/var/lib/nexus.db"),
        ("DATABASE_URL", "postgresql://nexus:pa#ss@db/nexus"),
        ("DATABASE_URL", "postgresql://db:port/nexus"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://a:1,b:2"),
        ("REDIS_URL", "redis://cache:port"),
        ("REDIS_URL", "memcached://cache"),
        ("REDIS_URL", "redis+cluster://a:1,,b:2"),
        ("REDIS_URL", "redis+cluster://a:1,b:0"),
        ("REDIS_URL", "redis+sentinel://a:1,b:2"),
        ("REDIS_URL", "redis+sentinel://a:1,b:2/"),
        ("NEXUS_JWKS_URL", "file:///keys.json"),
        ("NEXUS_JWKS_URL", "https:///keys.json"),
        ("NEXUS_JWT_ISSUER", ""),
        ("NEXUS_JWT_ISSUER", "nexus"),
        ("NEXUS_JWT_AUDIENCE", ""),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({**OIDC, name: value})
    text = str(refused.value)
    assert text.startswith(name)
    assert "\n" not in text
    assert "pa#ss" not in text
    assert len(text) < 200


def test_what_an_external_issuer_needs_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^NEXUS_JWT_ISSUER is required with NEXUS_JWKS_URL\.$"):
        Settings.load({**OIDC, "NEXUS_JWT_ISSUER": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://nexus:secret@db.example:5432/nexus"),
        ("DATABASE_URL", "postgresql:///nexus?host=/var/run/postgresql"),
        ("DATABASE_URL", "postgresql://[::1]/nexus"),
        ("REDIS_URL", "rediss://user:pass@cache.example:6380/0"),
        ("REDIS_URL", "redis+cluster://:pass@a:7000,b:7001,[::1]:7002"),
        ("REDIS_URL", "redis+sentinel://a:26379,b/main"),
    ],
)
def test_urls_are_taken_as_they_are(name: str, value: str) -> None:
    settings = Settings.load({name: value})
    assert settings.database_url == value if name == "DATABASE_URL" else settings.redis == parse_address(value)


def test_postgres_is_another_name_of_postgresql() -> None:
    assert Settings.load({"DATABASE_URL": "postgres://db/nexus"}).database_url == "postgresql://db/nexus"


def test_several_workers_need_a_bus() -> None:
    with pytest.raises(SettingsError, match=r"WEB_CONCURRENCY.*REDIS_URL"):
        Settings.load({"WEB_CONCURRENCY": "2"})
    assert Settings.load({"WEB_CONCURRENCY": "2", **REDIS}).workers == 2


PROVIDER = {
    "NEXUS_OIDC_ISSUER": "https://id.example/realms/staff",
    "NEXUS_OIDC_CLIENT_ID": "nexus",
    "NEXUS_PUBLIC_URL": "https://vote.example/nexus",
}


def test_an_openid_provider_is_one_value() -> None:
    found = Settings.load({**PROVIDER, "NEXUS_OIDC_CLIENT_SECRET": "hunter2", "NEXUS_JWT_ROLES_CLAIM": "groups"})
    client = found.oidc_client
    assert client is not None
    assert (client.issuer, client.client_id, client.secret) == ("https://id.example/realms/staff", "nexus", "hunter2")
    assert (client.scopes, client.name, client.roles_claim) == ("openid", "id.example", "groups")
    assert (client.login_s, client.public_url) == (43200, "https://vote.example/nexus")
    assert "hunter2" not in repr(found) and "hunter2" not in repr(client)
    assert Settings.load({}).oidc_client is None


@pytest.mark.parametrize(
    "changes",
    [
        {"NEXUS_OIDC_ISSUER": "http://id.example"},
        {"NEXUS_OIDC_ISSUER": "https://id.example?realm=staff"},
        {"NEXUS_OIDC_ISSUER": "id.example"},
        {"NEXUS_OIDC_CLIENT_ID": ""},
        {"NEXUS_OIDC_CLIENT_ID": "nexüs"},
        {"NEXUS_OIDC_CLIENT_SECRET": "pä#ss"},
        {"NEXUS_OIDC_SCOPES": "profile email"},
        {"NEXUS_OIDC_SCOPES": "openid profil\u00e9"},
        {"NEXUS_OIDC_NAME": "x" * 61},
        {"NEXUS_OIDC_NAME": "Example\nUniversity"},
        {"NEXUS_OIDC_LOGIN_TTL": "59"},
        {"NEXUS_PUBLIC_URL": ""},
        {"NEXUS_PUBLIC_URL": "http://vote.example"},
        {"NEXUS_JWT_ISSUER": "https://other.example", "NEXUS_JWKS_URL": "https://k.example", "NEXUS_JWT_AUDIENCE": "x"},
    ],
)
def test_a_half_set_openid_provider_is_refused_in_one_line(changes: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({**PROVIDER, **changes})
    text = str(refused.value)
    assert text.startswith(next(iter(changes))) and "\n" not in text and len(text) < 200 and "#ss" not in text


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET", "SCOPES", "NAME"])
def test_nothing_of_a_provider_is_set_without_its_issuer(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^NEXUS_OIDC_{name} is set, so NEXUS_OIDC_ISSUER must be set too\.$"):
        Settings.load({f"NEXUS_OIDC_{name}": "openid profile"})


def test_a_provider_needs_what_its_extra_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.settings.browser_login.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"^NEXUS_OIDC_ISSUER .*pip install 'nexus-voting\[oidc\]'\.$"):
        Settings.load(PROVIDER)
    assert Settings.load({}).oidc_client is None


def test_a_provider_on_this_machine_needs_no_tls() -> None:
    local = {"NEXUS_OIDC_ISSUER": "http://localhost:8080", "NEXUS_PUBLIC_URL": "http://127.0.0.1:8000"}
    assert Settings.load({**PROVIDER, **local}).oidc_client is not None


def test_the_provider_may_be_the_issuer_of_bearer_tokens_too() -> None:
    loaded = Settings.load({**PROVIDER, **OIDC, "NEXUS_JWT_ISSUER": PROVIDER["NEXUS_OIDC_ISSUER"]})
    assert loaded.issuer is not None and loaded.oidc_client is not None
    assert Settings.load({**PROVIDER, "NEXUS_JWT_ROLES_CLAIM": "groups"}).issuer is None


def test_an_external_issuer_is_one_value() -> None:
    loaded = Settings.load({**OIDC, "NEXUS_JWT_ROLES_CLAIM": "groups"}).issuer
    assert loaded == TrustedIssuer("https://id.example/jwks", "https://id.example", "votes", "groups")


@pytest.mark.parametrize("name", ["NEXUS_JWT_ISSUER", "NEXUS_JWT_AUDIENCE", "NEXUS_JWT_ROLES_CLAIM"])
def test_an_external_issuer_needs_its_keys(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}.*NEXUS_JWKS_URL"):
        Settings.load({name: "x"})
