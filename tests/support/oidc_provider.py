"""A real OpenID provider on loopback: Authlib's authorization server behind its own login form.

PKCE and the nonce are enforced, a code serves once, redirect addresses are compared exactly, and answers name their
issuer (RFC 9207). What a test changes in `RealProvider` (claims, keys, documents) goes wrong as it would at a bad
provider.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core.grants import OpenIDCode
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

CLIENT_ID = "nexus"
CLIENT_SECRET = "a secret of the tests, and of nothing else"
FORM = """<!doctype html><html lang="en"><title>Log in at the provider</title><main><h1>Log in at the provider</h1>
<form method="post"><label>Name <input name="name" value="ada"></label>
<button name="act" value="log in">Log in</button><button name="act" value="cancel">Cancel</button></form></main></html>
"""
HOLD_S = 15.0


@dataclass
class Key:
    """A key that signs ID tokens."""

    kid: str
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def public(self) -> dict[str, object]:
        """As the key set shows it."""
        shown = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(self.private.public_key()))
        return {**shown, "kid": self.kid, "use": "sig", "alg": "RS256"}


@dataclass
class RealProvider:
    """A provider, and what it does otherwise than it should."""

    issuer: str
    redirect_uri: str = ""
    secret: str = CLIENT_SECRET
    """"" for a public client."""
    keys: list[Key] = field(default_factory=list)
    """The first one signs; all are published."""
    claims: dict[str, object] = field(default_factory=dict)
    """Replace those of the next ID tokens; None leaves one out."""
    sign: Callable[[dict[str, object]], str] | None = None
    """Signs the next ID tokens instead of the first key."""
    metadata: dict[str, object] = field(default_factory=dict)
    """Replace those of the configuration; None leaves one out."""
    answer: dict[str, object] = field(default_factory=dict)
    """Replace parts of the answers of the token endpoint."""
    status: dict[str, int] = field(default_factory=dict)
    """The status that a path answers with, and nothing else."""
    asked: list[str] = field(default_factory=list)
    """Every path that was asked for."""
    let_go: threading.Event = field(default_factory=threading.Event)
    """While it is not set, nothing is answered."""
    codes: dict[str, _Code] = field(default_factory=dict)
    """Those that were given out and not used."""

    def reset(self) -> None:
        """Behave again."""
        for changed in (self.claims, self.metadata, self.answer, self.status):
            changed.clear()
        self.sign = None
        self.secret = CLIENT_SECRET
        self.asked.clear()
        self.let_go.set()

    def id_token(self, claims: dict[str, object]) -> str:
        """An ID token with `claims`, and those that a test replaced."""
        told = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        if self.sign is not None:
            return self.sign(told)
        return jwt.encode(told, self.keys[0].private, "RS256", {"kid": self.keys[0].kid})

    # What Authlib asks of a client.

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_client_secret(self, secret: str) -> bool:
        return secret == self.secret

    def check_endpoint_auth_method(self, method: str, _: str) -> bool:
        return (method == "none") == (not self.secret)

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind == "authorization_code"


@dataclass
class _Code:
    """A code that was given out, as Authlib wants to see it."""

    user: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        """No class of authentication is named."""

    def get_amr(self) -> None:
        """Nor how somebody logged in."""


def _grant(provider: RealProvider) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")

        def save_authorization_code(self, code: str, asked: Any) -> None:
            given = asked.payload.data
            names = ("redirect_uri", "scope", "nonce", "code_challenge", "code_challenge_method")
            provider.codes[code] = _Code(asked.user, *(given.get(name, "") for name in names))

        def query_authorization_code(self, code: str, _: Any) -> _Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, found: _Code) -> None:
            for code in [code for code, one in provider.codes.items() if one is found]:
                del provider.codes[code]

        def authenticate_user(self, found: _Code) -> str:
            return found.user

    return Grant


def _openid(provider: RealProvider) -> OpenIDCode:
    class Code(OpenIDCode):
        def exists_nonce(self, nonce: str, _: Any) -> bool:
            return any(code.nonce == nonce for code in provider.codes.values())

        def encode_id_token(self, token: dict[str, Any], asked: Any) -> str:
            now = int(time.time())
            claims = {"iss": provider.issuer, "aud": CLIENT_ID, "sub": asked.user, "iat": now, "exp": now + 300}
            return provider.id_token({**claims, **self.get_authorization_code_claims(asked.authorization_code)})

        def process_token(self, grant: Any, response: Any) -> Any:
            token = super().process_token(grant, response)
            for name, value in provider.answer.items():
                token.pop(name, None) if value is None else token.update({name: value})
            return token

    return Code(require_nonce=True)


def _server(app: Flask, provider: RealProvider) -> AuthorizationServer:
    class Named(IssuerParameter):
        def get_issuer(self) -> str:
            return provider.issuer

    server = AuthorizationServer(
        app, query_client=lambda name: provider if name == CLIENT_ID else None, save_token=lambda *_: None
    )
    server.register_grant(_grant(provider), [CodeChallenge(required=True), _openid(provider)])
    Named()(server)
    return server


def _configuration(provider: RealProvider) -> dict[str, object]:
    told: dict[str, object] = {
        "issuer": provider.issuer,
        **{
            f"{name}_endpoint": f"{provider.issuer}/{path}"
            for name, path in (("authorization", "authorize"), ("token", "token"))
        },
        "jwks_uri": f"{provider.issuer}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        **provider.metadata,
    }
    return {name: value for name, value in told.items() if value is not None}


def _app(provider: RealProvider) -> Flask:
    app = Flask("provider")
    server = _server(app, provider)

    @app.before_request
    def _misbehave() -> Response | None:
        provider.asked.append(request.path)
        provider.let_go.wait(HOLD_S)
        status = provider.status.get(request.path)
        return None if status is None else Response("{}", status, content_type="application/json")

    @app.get("/.well-known/openid-configuration")
    def _published() -> dict[str, object]:
        return _configuration(provider)

    @app.get("/keys")
    def _keys() -> dict[str, object]:
        return {"keys": [key.public for key in provider.keys]}

    @app.route("/authorize", methods=["GET", "POST"])
    def _authorize() -> Any:
        try:
            grant = server.get_consent_grant()  # type: ignore[no-untyped-call]
        except OAuth2Error as error:
            return server.handle_error_response(server.create_oauth2_request(request), error)
        if request.method == "GET":
            return FORM
        who = request.form["name"] if request.form["act"] == "log in" else None
        return server.create_authorization_response(grant_user=who, grant=grant)

    @app.post("/token")
    def _token() -> Any:
        return server.create_token_response()

    return app


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object, **__: object) -> None:
        """Say nothing."""


@contextmanager
def openid_provider(port: int = 0) -> Iterator[RealProvider]:
    """A provider that serves at its `issuer` until the end."""
    provider = RealProvider("", keys=[Key("first")])
    server = make_server("127.0.0.1", port, _app(provider), threaded=True, request_handler=_Quiet)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    provider.reset()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
