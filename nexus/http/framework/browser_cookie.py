"""The one cookie: it ties a login with an OpenID provider to the browser that began it, for minutes."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

LASTS_S = 900
"""A little longer than a person may take at the provider."""

_FOLDER = "/auth/oidc"


class BrowserCookie:
    """The cookie of the service at `public_url`.

    No script can read it, and another site's requests do not carry it, except when the browser goes to a page. Where
    the service is reached by https no other host can set it either (RFC 6265bis, section 4.1.3.2, `__Host-`), so that
    nobody can be logged in as somebody else.
    """

    def __init__(self, public_url: str) -> None:
        self._secure = public_url.startswith("https:")
        self._name = "__Host-nexus-login" if self._secure else "nexus-login"
        self._path = "/" if self._secure else urlsplit(public_url).path + _FOLDER

    def read(self, request: Request) -> str:
        """Its value, "" where there is none."""
        return request.cookies.get(self._name, "")

    def put(self, response: Response, value: str) -> None:
        """Set it, for `LASTS_S` from now on."""
        response.set_cookie(
            self._name,
            value,
            max_age=LASTS_S,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
