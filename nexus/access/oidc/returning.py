"""What binds a login that has begun to the browser that began it.

The browser keeps one secret in a cookie; the state that goes to the provider and back is signed here, and names a
digest of that secret. So what comes back with a state must be the browser that it was made for, several logins of one
browser do not disturb each other, any worker can end what another began, and a flood of logins takes no memory.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

import jwt
import msgspec

from nexus.access.oidc.failures import LoginFailed, Reason

WITHIN_S = 600
"""How long a person may take at the provider."""

HOME = "/host"
"""The page that a login leads to if no other was asked for."""

_LONGEST_STATE = 2048
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
# A page of ours, with a place in it: never another site, since a login must not lead astray (RFC 9700, section 4.11.1).
_PAGE = re.compile(r"/(?:host(?:#/[\w/-]{0,100})?|(?:vote|live)/[\w-]{1,100}(?:\?overlay=1)?)", re.ASCII)
_NAME = "nexus-oidc"


class _State(msgspec.Struct):
    exp: int
    to: str
    browser: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that has begun: its state, the nonce for its ID token, the verifier of PKCE, and the page it is for."""

    state: str
    nonce: str
    verifier: str
    to: str


def new_browser() -> str:
    """A new secret for a browser: 256 random bits."""
    return secrets.token_urlsafe(32)


def known_browser(cookie: str) -> str:
    """The secret in a cookie, "" where it cannot be one."""
    return cookie if _BROWSER.fullmatch(cookie) else ""


class Returning:
    """Makes states, and knows them again."""

    def __init__(self, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        """`key` is the server's own; `clock` returns Unix seconds."""
        # A key of its own: nothing signed with it can be taken for a token, nor the other way round.
        self._key = hmac.digest(key, _NAME.encode(), "sha256")
        self._clock = clock

    def begin(self, browser: str, to: str) -> Begun:
        """A login of `browser`, which leads to the page `to`; to `HOME` where that is not a page of ours."""
        page = to if _PAGE.fullmatch(to) else HOME
        claims = {
            "iss": _NAME,
            "exp": int(self._clock()) + WITHIN_S,
            "to": page,
            "browser": _digest(browser),
            "jti": secrets.token_urlsafe(16),
        }
        return _begun(jwt.encode(claims, self._key, "HS256"), browser, page)

    def came_back(self, state: str, browser: str) -> Begun:
        """The login of `state`, which `browser` began. Raises LoginFailed."""
        if not browser:
            raise LoginFailed(Reason.LOST, "no cookie of a login that was begun here")
        try:
            claims = msgspec.convert(self._proved(state), _State)
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise LoginFailed(Reason.LOST, f"the state is not one of ours: {error}") from error
        if not hmac.compare_digest(claims.browser, _digest(browser)):
            raise LoginFailed(Reason.LOST, "the state is that of another browser")
        if claims.exp <= self._clock():
            raise LoginFailed(Reason.LOST, f"the login began more than {WITHIN_S} s ago")
        return _begun(state, browser, claims.to)

    def _proved(self, state: str) -> dict[str, object]:
        if len(state) > _LONGEST_STATE or not state.isascii():
            raise jwt.DecodeError("too long, or not ASCII")
        # The time is checked with our own clock, not the library's.
        return jwt.decode(state, self._key, algorithms=["HS256"], issuer=_NAME, options={"verify_exp": False})


def _begun(state: str, browser: str, to: str) -> Begun:
    """Nonce and verifier follow from the state and the browser's secret, which nobody else knows: nothing is kept."""
    return Begun(state, _derived(browser, f"nonce {state}"), _derived(browser, f"verifier {state}"), to)


def _derived(browser: str, what: str) -> str:
    return urlsafe_b64encode(hmac.digest(browser.encode(), what.encode(), "sha256")).decode().rstrip("=")


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
