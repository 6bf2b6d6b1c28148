"""Our own tokens: what is minted is accepted, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import suppress

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from nexus.access import tokens as tokens_module
from nexus.access.identifier import Identifier
from nexus.access.refresh_tokens import new_refresh, refresh_digest
from nexus.access.signed import LONGEST_TOKEN
from nexus.access.tokens import Tokens
from nexus.errors import SettingsError, Unauthenticated
from tests.support.clock import ManualClock

KEY = b"0123456789abcdef" * 4
NOW = 1_800_000_000.25
GUEST = "guest:0190a0b0-1111-7222-8333-444444444444"
GOOD: dict[str, object] = {
    "iss": "nexus",
    "aud": "nexus",
    "sub": "user:12",
    "roles": ["admin"],
    "exp": int(NOW) + 900,
    "iat": int(NOW),
    "jti": "one",
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def tokens(clock: ManualClock) -> Tokens:
    return Tokens(KEY, clock=clock)


def signed(**changes: object) -> str:
    """GOOD with `changes`, signed as we sign; None leaves a claim out."""
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return jwt.api_jws.encode(json.dumps(claims).encode(), KEY, algorithm="HS256")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def forged(header: dict[str, object], key: bytes = KEY) -> str:
    """GOOD under any header, with the HMAC-SHA256 of `key`: what no library would sign."""
    text = f"{part(header)}.{part(GOOD)}"
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def with_other_algorithm(algorithm: str) -> str:
    return jwt.encode(GOOD, KEY, algorithm=algorithm)


def rsa_signed() -> str:
    return jwt.encode(GOOD, rsa.generate_private_key(65537, 2048), algorithm="RS256")


def changed_payload() -> str:
    header, _, mac = signed().split(".")
    return f"{header}.{part({**GOOD, 'sub': 'user:1'})}.{mac}"


BAD: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "no token at all": lambda: "garbage",
    "dots": lambda: "..",
    "three words": lambda: "a.b.c",
    "not ASCII": lambda: "é.é.é",
    "lone surrogate": lambda: "\ud800.a.b",
    "NUL": lambda: signed() + "\0",
    "huge": lambda: signed(padding="x" * LONGEST_TOKEN),
    "deep": lambda: f"{part({'alg': 'HS256'})}.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.AA",
    "a list": lambda: jwt.api_jws.encode(b"[]", KEY),
    "no signature": lambda: signed().rpartition(".")[0] + ".",
    "another key": lambda: jwt.encode(GOOD, b"another key, as long as it must be", algorithm="HS256"),
    "changed payload": changed_payload,
    "alg none": lambda: jwt.encode(GOOD, "", algorithm="none"),
    "alg None": lambda: forged({"alg": "None"}),
    "alg missing": lambda: forged({"typ": "JWT"}),
    "alg a list": lambda: forged({"alg": ["HS256"]}),
    "alg HS384": lambda: with_other_algorithm("HS384"),
    "alg HS512": lambda: with_other_algorithm("HS512"),
    "alg RS256 over our HMAC": lambda: forged({"alg": "RS256"}),
    "alg RS256 of a stranger": rsa_signed,
    "unknown crit": lambda: forged({"alg": "HS256", "crit": ["exp"], "exp": 1}),
    "wrong audience": lambda: signed(aud="other"),
    "wrong issuer": lambda: signed(iss="https://id.example"),
    "not yet issued": lambda: signed(iat=int(NOW) + 3600),
    "not yet valid": lambda: signed(nbf=int(NOW) + 3600),
    "exp as text": lambda: signed(exp=str(int(NOW) + 900)),
    "exp true": lambda: signed(exp=True),
    "exp NaN": lambda: signed(exp=float("nan")),
    "exp endless": lambda: signed(exp=float("inf")),
    "exp past all dates": lambda: signed(exp=10**15),
    "roles as text": lambda: signed(roles="admin"),
    "roles of numbers": lambda: signed(roles=[1]),
    "polls as text": lambda: signed(polls="7"),
    "polls of text": lambda: signed(polls=["7"]),
    "polls out of range": lambda: signed(polls=[2**63]),
    "screen of no poll": lambda: signed(roles=["screen"]),
    "screen of an empty list": lambda: signed(roles=["screen"], polls=[]),
    "presenter of no poll": lambda: signed(roles=["presenter"]),
    **{f"no {claim}": lambda claim=claim: signed(**{claim: None}) for claim in GOOD if claim != "roles"},  # type: ignore[misc]
    **{
        f"sub {sub!r:.40}": lambda sub=sub: signed(sub=sub)  # type: ignore[misc]
        for sub in [
            *("", "12", "user:", "user:0", "user:012", "user:-1", "user:1 ", "user:1\n", "user:٣"),
            *(f"user:{2**63}", "guest:", "guest:1", GUEST.upper(), f"{GUEST}0", "ext:", "ext:a\0b"),
            *("ext:a\nb", "ext:\ud800", "ext:" + "x" * 252, "host:1", "User:1"),
        ]
    },
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_proves_nothing(tokens: Tokens, name: str) -> None:
    token = BAD[name]()
    with pytest.raises(Unauthenticated) as refused:
        tokens.identity(token)
    assert refused.value.detail == "The token is not valid."
    assert tokens.earlier_guest(token) is None


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: f"{part({'alg': 'HS256'})}.{raw.hex()}.x"))
def test_garbage_is_refused_and_never_breaks(text: str) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(KEY).identity(text)


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(GOOD)), st.none() | st.integers()))
def test_signed_nonsense_is_refused_and_never_breaks(raw: bytes, changes: dict[str, object]) -> None:
    tokens = Tokens(KEY, clock=ManualClock(NOW))
    with pytest.raises(Unauthenticated):
        tokens.identity(jwt.api_jws.encode(raw, KEY))
    with suppress(Unauthenticated):
        assert tokens.identity(signed(**changes)).voter == "user:12"


def test_what_is_minted_is_accepted(tokens: Tokens) -> None:
    identity = tokens.identity(tokens.access("user:12", ["host", "admin"], 60))
    assert identity.voter == "user:12"
    assert identity.roles == {"host", "admin"}
    assert identity.polls is None
    assert NOW + 60 <= identity.expires_at < NOW + 61


def test_a_token_holds_what_the_contract_names(tokens: Tokens) -> None:
    claims = jwt.decode(tokens.access("user:12"), options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "roles", "exp", "iat", "jti"}
    again = jwt.decode(tokens.access("user:12"), options={"verify_signature": False})
    assert claims["jti"] != again["jti"]


def test_polls_bind_a_token(tokens: Tokens) -> None:
    assert tokens.identity(tokens.access(GUEST, polls=[7])).polls == frozenset({7})
    assert tokens.identity(tokens.access("user:1", ["screen"], polls=[9, 7])).polls == frozenset({7, 9})


@pytest.mark.parametrize("subject", ["user:1", f"user:{2**63 - 1}", GUEST, "ext:Ada Ł", "ext:" + "x" * 251])
def test_every_kind_of_subject_can_be_minted(tokens: Tokens, subject: str) -> None:
    assert tokens.identity(tokens.access(subject)).voter == subject


@pytest.mark.parametrize(
    ("subject", "roles", "ttl_s"),
    [
        ("alice", [], 60),
        ("user:1", [], 0),
        ("user:1", [], 10**12),
        ("user:1", [""], 60),
        ("user:1", ["screen"], 60),
        ("user:1", ["presenter"], 60),
    ],
)
def test_what_would_not_be_accepted_is_not_minted(tokens: Tokens, subject: str, roles: list[str], ttl_s: int) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        tokens.access(subject, roles, ttl_s)


@pytest.mark.parametrize("seen_before", [False, True])
def test_an_expired_token_is_refused(tokens: Tokens, clock: ManualClock, seen_before: bool) -> None:
    token = tokens.access("user:12", ttl_s=60)
    clock.now = NOW + 59.9
    if seen_before:
        assert tokens.identity(token).voter == "user:12"
    clock.now = NOW + 61
    with pytest.raises(Unauthenticated, match=r"^The token has expired\.$"):
        tokens.identity(token)


def test_the_signature_of_a_repeated_token_is_checked_once(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.access("user:12")
    identity = tokens.identity(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert tokens.identity(token) is identity


def test_remembered_tokens_are_bounded(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "_KEPT", 3)
    for _ in range(10):
        tokens.identity(tokens.access("user:12"))
    assert len(tokens._known) == 3


@pytest.mark.parametrize("later_s", [0, 3600, 8 * 86400, 400 * 86400])
def test_a_guest_is_known_however_long_after_the_end(tokens: Tokens, clock: ManualClock, later_s: int) -> None:
    token = tokens.access(GUEST, ttl_s=60, polls=[7])
    clock.now = NOW + later_s
    earlier = tokens.earlier_guest(token)
    assert earlier is not None
    assert (earlier.voter, earlier.polls) == (GUEST, frozenset({7}))


def test_only_a_guest_is_known_after_the_end(tokens: Tokens) -> None:
    assert tokens.earlier_guest(tokens.access("user:12")) is None
    for role in ("screen", "presenter"):
        assert tokens.earlier_guest(tokens.access(GUEST, [role], polls=[7])) is None
    assert tokens.earlier_guest(jwt.encode({**GOOD, "sub": GUEST}, b"k" * 32, "HS256")) is None


def test_a_key_unfit_for_hmac_is_refused() -> None:
    pem = rsa.generate_private_key(65537, 2048).public_key()
    for key in (b"k" * 31, pem.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)):
        with pytest.raises(SettingsError, match=r"^NEXUS_SECRET_KEY"):
            Tokens(key)


async def test_identifier_needs_no_wait_for_our_own(tokens: Tokens) -> None:
    identifier = Identifier(tokens)
    token = tokens.access("user:12")
    assert identifier.identify_now(token) == await identifier.identify(token) == tokens.identity(token)
    with pytest.raises(Unauthenticated):
        identifier.identify_now(signed(iss="https://id.example"))


def test_refresh_tokens_are_random_and_known_by_their_digest() -> None:
    token, digest = new_refresh()
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert refresh_digest(token) == digest == hashlib.sha256(token.encode()).digest()
    assert new_refresh()[0] != token
    assert len(refresh_digest("\ud800")) == 32
