"""Tokens of an external issuer, against a real key server."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nexus.access.claims import TrustedIssuer
from nexus.access.external_issuer import ExternalIssuer, parse_keys
from nexus.access.identifier import Identifier
from nexus.access.key_set import KeySet
from nexus.access.tokens import Tokens
from nexus.errors import Unauthenticated, Unavailable
from tests.support.clock import ManualClock

NOW = 1_800_000_000.0
ISSUER, AUDIENCE, KEY = "https://id.example", "votes", b"0123456789abcdef" * 4
GOOD: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": NOW + 600, "iat": NOW}

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
WEAK_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 (to be refused)
P256, ED = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def jwk(key: PrivateKey, kid: str | None, algorithm: str) -> dict[str, object]:
    public = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    return {**public, "alg": algorithm, "use": "sig"} | ({"kid": kid} if kid else {})


GOOD_SET = json.dumps({"keys": [jwk(RSA, "one", "RS256")]}).encode()


class KeyServer(ThreadingHTTPServer):
    """Serves `keys`, or `body` as it is, with `status`; counts the readings and can hold them back."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.keys: list[dict[str, object]] = [jwk(RSA, "one", "RS256")]
        self.body: bytes | None = None
        self.status, self.readings = 200, 0
        self.let_go = threading.Event()
        self.let_go.set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/keys"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, KeyServer)
        server.readings += 1
        server.let_go.wait(10)
        body = json.dumps({"keys": server.keys}).encode() if server.body is None else server.body
        self.send_response(server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        with suppress(ConnectionError):  # the client has given up, or has read as much as it takes
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object, **__: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with KeyServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.let_go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def external(server: KeyServer, clock: ManualClock) -> ExternalIssuer:
    keys = KeySet(server.url, parse_keys, clock=clock, timeout_s=2)
    return ExternalIssuer(TrustedIssuer(server.url, ISSUER, AUDIENCE, "groups"), clock=clock, keys=keys)


def signed(key: PrivateKey = RSA, kid: str | None = "one", algorithm: str = "RS256", /, **changes: object) -> str:
    """GOOD with `changes`; None leaves a claim out."""
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


async def test_a_good_token_names_an_external_voter(external: ExternalIssuer) -> None:
    identity = await external.identity(signed(sub="auth0|ada", aud=["other", AUDIENCE]))
    assert identity.voter == "ext:auth0|ada"
    assert (identity.roles, identity.polls, identity.expires_at) == (frozenset(), None, NOW + 600)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "PS256"), (P256, "ES256"), (ED, "EdDSA")])
async def test_every_usual_kind_of_key_serves(
    external: ExternalIssuer, server: KeyServer, key: PrivateKey, algorithm: str
) -> None:
    server.keys = [jwk(key, "k", algorithm)]
    assert (await external.identity(signed(key, "k", algorithm))).voter == "ext:ada"


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"groups": ["admin", "staff", "screen", 7]}, {"admin"}),
        ({"groups": "host admin"}, {"host", "admin"}),
        ({"roles": ["admin"]}, set()),
        ({"groups": {"admin": True}}, set()),
    ],
)
async def test_roles_come_from_the_configured_claim(
    external: ExternalIssuer, claims: dict[str, object], roles: set[str]
) -> None:
    assert (await external.identity(signed(**claims))).roles == roles


async def test_roles_without_a_configured_claim_are_none(server: KeyServer, clock: ManualClock) -> None:
    plain = ExternalIssuer(TrustedIssuer(server.url, ISSUER, AUDIENCE, ""), clock=clock)
    assert (await plain.identity(signed(roles=["admin"], **{"": ["admin"]}))).roles == set()


def part(value: object) -> str:
    return jwt.utils.base64url_encode(json.dumps(value).encode()).decode()


def public_key_as_hmac() -> str:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(GOOD)}"
    mac = hmac.digest(pem, text.encode(), "sha256")
    return f"{text}.{jwt.utils.base64url_encode(mac).decode()}"


BAD = {
    "another key": signed(OTHER_RSA),
    "unknown kid": signed(RSA, "two"),
    "kid of a number": f"{part({'alg': 'RS256', 'kid': 1})}.{part(GOOD)}.AAAA",
    "another algorithm of the key": signed(RSA, "one", "RS512"),
    "our own key": jwt.encode(GOOD, KEY, "HS256", headers={"kid": "one"}),
    "public key as HMAC secret": public_key_as_hmac(),
    "alg none": jwt.encode(GOOD, "", "none", headers={"kid": "one"}),
    "wrong audience": signed(aud="other"),
    "wrong issuer": signed(iss="https://other.example"),
    **{f"no {claim}": signed(**{claim: None}) for claim in ("iss", "aud", "sub", "exp")},
    "empty sub": signed(sub=""),
    "sub too long": signed(sub="x" * 252),
    "not yet valid": signed(nbf=NOW + 3600),
    "huge": signed(padding="x" * 9000),
    "garbage": "a.b.c",
    "not ASCII": "é",
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_token_proves_nothing(external: ExternalIssuer, name: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The token is not valid\.$"):
        await external.identity(BAD[name])


async def test_an_expired_token_is_refused(external: ExternalIssuer) -> None:
    with pytest.raises(Unauthenticated, match="expired"):
        await external.identity(signed(exp=NOW))


async def test_unfit_keys_of_the_set_are_passed_over(external: ExternalIssuer, server: KeyServer) -> None:
    symmetric: dict[str, object] = {
        "kty": "oct",
        "kid": "sym",
        "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    }
    sealing = jwk(OTHER_RSA, "enc", "RS256") | {"use": "enc"}
    server.keys = [symmetric, sealing, jwk(WEAK_RSA, "weak", "RS256"), jwk(RSA, "one", "RS256")]
    assert (await external.identity(signed())).voter == "ext:ada"
    hmac_made = jwt.encode(GOOD, b"0123456789abcdef" * 2, "HS256", headers={"kid": "sym"})
    for token in (hmac_made, signed(OTHER_RSA, "enc")):
        with pytest.raises(Unauthenticated):
            await external.identity(token)
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = signed(WEAK_RSA, "weak")
    with pytest.raises(Unauthenticated):
        await external.identity(weak)


async def test_a_token_without_kid_is_of_the_only_key(external: ExternalIssuer, server: KeyServer) -> None:
    server.keys = [jwk(RSA, None, "RS256")]
    assert (await external.identity(signed(RSA, None))).voter == "ext:ada"


async def test_a_rotated_key_is_found_after_the_cool_down(
    external: ExternalIssuer, server: KeyServer, clock: ManualClock
) -> None:
    await external.identity(signed())
    server.keys = [jwk(OTHER_RSA, "two", "RS256")]
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await external.identity(signed(OTHER_RSA, "two"))
    assert server.readings == 1
    clock.now += 11
    assert (await external.identity(signed(OTHER_RSA, "two"))).voter == "ext:ada"
    assert server.readings == 2
    with pytest.raises(Unauthenticated):
        await external.identity(signed())


async def test_a_withdrawn_key_counts_no_longer_than_five_minutes(
    external: ExternalIssuer, server: KeyServer, clock: ManualClock
) -> None:
    await external.identity(signed())
    server.keys = [jwk(OTHER_RSA, "two", "RS256")]
    clock.now += 301
    with pytest.raises(Unauthenticated):
        await external.identity(signed())


async def test_those_who_wait_share_one_reading(external: ExternalIssuer, server: KeyServer) -> None:
    server.let_go.clear()
    crowd = [asyncio.ensure_future(external.identity(signed())) for _ in range(50)]
    first = asyncio.ensure_future(external.identity(signed()))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    server.let_go.set()
    assert len({identity.voter for identity in await asyncio.gather(*crowd)}) == 1
    assert server.readings == 1
    assert first.cancelled()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((500, b""), (302, b"")),
        *((200, b"not JSON"), (200, b"[]"), (200, b"\xff")),
        *((200, b'{"keys": []}'), (200, b'{"keys": [{"kty": "oct", "k": "AAAA"}]}')),
        (200, b'{"keys": [{"kty": "RSA", "n": 1, "e": 2}]}'),
        *((200, b"[" * 100_000), (200, GOOD_SET + b" " * 300_000)),
    ],
)
async def test_keys_that_cannot_be_read_make_the_issuer_unavailable(
    external: ExternalIssuer, server: KeyServer, status: int, body: bytes
) -> None:
    server.status, server.body = status, body
    for _ in range(5):
        with pytest.raises(Unavailable):
            await external.identity(signed())
    assert server.readings == 1


async def test_a_server_that_never_answers_is_given_up(server: KeyServer, clock: ManualClock) -> None:
    server.let_go.clear()
    keys = KeySet(server.url, parse_keys, clock=clock, timeout_s=0.2)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(keys.find("one"), 30)


async def test_an_outage_leaves_known_keys_their_worth_for_an_hour(
    external: ExternalIssuer, server: KeyServer, clock: ManualClock
) -> None:
    await external.identity(signed(exp=NOW + 9000))
    server.status = 503
    clock.now += 3500
    assert (await external.identity(signed(exp=NOW + 9000))).voter == "ext:ada"
    clock.now += 200
    with pytest.raises(Unavailable):
        await external.identity(signed(exp=NOW + 9000))


async def test_identifier_asks_the_issuer_that_a_token_claims(external: ExternalIssuer, clock: ManualClock) -> None:
    tokens = Tokens(KEY, clock=clock)
    identifier = Identifier(tokens, external)
    assert identifier.identify_now(signed()) is None
    assert (await identifier.identify(signed())).voter == "ext:ada"
    own = tokens.access("user:1")
    assert identifier.identify_now(own) == await identifier.identify(own)
    for token in (signed(iss="nexus", aud="nexus"), signed(iss="https://other.example"), "a.b.c", "x" * 9000):
        with pytest.raises(Unauthenticated):
            identifier.identify_now(token)
    with pytest.raises(Unauthenticated):
        await identifier.identify(jwt.encode(GOOD, KEY, "HS256", headers={"kid": "one"}))
