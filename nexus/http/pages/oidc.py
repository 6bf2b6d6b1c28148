"""Login with an OpenID provider, as the browser goes through it: to the provider, back, and on to the page that asked
(docs/contract.md, "Login with an OpenID provider")."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nexus.access.oidc.client import BEGIN_PATH, CALLBACK_PATH
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.logins import OidcLogins
from nexus.access.oidc.returning import HOME, known_browser, new_browser
from nexus.branding.looks import Looks
from nexus.http.framework.arrival import root_of
from nexus.http.framework.browser_cookie import BrowserCookie
from nexus.http.framework.html import Html, element, page, together, void
from nexus.http.framework.reader import VARY, language_of
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.headers import PAGE_HEADERS, PAGE_TYPE
from nexus.http.pages.languages import direction
from nexus.runtime.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

_STATUS = {
    Reason.UNREACHABLE: 503,
    Reason.SETUP: 502,
    Reason.DENIED: 403,
    Reason.LOST: 400,
    Reason.USED: 400,
    Reason.UNPROVED: 400,
    Reason.SUBJECT: 403,
    Reason.TOO_MANY: 429,
}
_RETRY_AFTER_S = "5"
# What the person did is no fault that an operator should look into.
_QUIET = (Reason.DENIED, Reason.LOST, Reason.USED)


def _throttle(reason: Reason) -> LogThrottle:
    level = logging.INFO if reason in _QUIET else logging.WARNING
    return LogThrottle(logger, f"login with the OpenID provider failed, {reason.value}", level)


class OidcPages:
    """The two addresses of a login; each ends with a redirect, or on a page that says why not and how to go on."""

    def __init__(self, logins: OidcLogins, assets: Assets, words: Words, looks: Looks) -> None:
        self._looks = looks
        self._logins = logins
        self._cookie = BrowserCookie(logins.client.public_url)
        self._words = words
        self._assets = assets
        self._told = {reason: _throttle(reason) for reason in Reason}

    def routes(self) -> list[Route]:
        """Where they are served."""
        return [
            Route(BEGIN_PATH.rstrip("/"), self._begin, methods=["GET"]),
            Route(CALLBACK_PATH.rstrip("/"), self._callback, methods=["GET"]),
        ]

    async def _begin(self, request: Request) -> Response:
        browser, to = self._browser(request) or new_browser(), request.query_params.get("to", HOME)
        try:
            url = await self._logins.begin(browser, to, _address(request))
        except LoginFailed as failed:
            return await self._failure(request, failed, HOME)
        response = RedirectResponse(url, 302, headers=PAGE_HEADERS)
        self._cookie.put(response, browser)
        return response

    async def _callback(self, request: Request) -> Response:
        browser, to = self._browser(request), HOME
        try:
            query = _once(request)
            begun = self._logins.came_back(query, browser)
            to = begun.to
            url = await self._logins.complete(query, begun, browser, _address(request))
        except LoginFailed as failed:
            return await self._failure(request, failed, to)
        return RedirectResponse(url, 302, headers=PAGE_HEADERS)

    def _browser(self, request: Request) -> str:
        return known_browser(self._cookie.read(request))

    async def _failure(self, request: Request, failed: LoginFailed, to: str) -> Response:
        self._told[failed.reason](failed.why)  # anyone can make such a request, as often as they like
        language = language_of(request.scope, self._words)
        status = _STATUS[failed.reason]
        retry = {"retry-after": _RETRY_AFTER_S} if status in (429, 503) else {}
        headers = {**PAGE_HEADERS, **retry, "vary": VARY}
        brand = (await self._looks.of_site()).name or self._words.say(language, "shared", "brand")
        page = self._page(language, root_of(request.scope), failed.reason, to, brand)
        return Response(page, status, headers, media_type=PAGE_TYPE)

    def _page(self, language: str, root: str, reason: Reason, to: str, brand: str) -> bytes:
        heading = self._say(language, "cancelled" if reason is Reason.DENIED else "heading")
        again = f"{self._logins.client.begin_url}?{urlencode({'to': to})}"
        ways = element(
            "p",
            element("a", self._say(language, "again"), href=again, class_="button main"),
            Html(" "),
            element("a", self._say(language, "back"), href=self._logins.client.public_url + to, class_="button"),
            class_="buttons",
        )
        main = element(
            "main",
            element("p", brand, class_="brand", aria_hidden="true"),
            element("h1", heading),
            element("p", self._say(language, reason.value), id="why"),
            ways,
            id="screen",
            class_="entry",
        )
        head = together(
            void("meta", name="color-scheme", content="light dark"),
            void("link", rel="stylesheet", href=root + self._assets.address("screens/enter.css")),
        )
        icon = root + self._assets.address("screens/icon.svg")
        title, turned = f"{heading} – {brand}", direction(language)
        return page(title, main, head=head, class_="enter", lang=language, dir_=turned, icon=icon)

    def _say(self, language: str, name: str) -> str:
        return self._words.say(language, "oidc", name).replace("{name}", self._logins.client.name)


def _once(request: Request) -> dict[str, str]:
    """The parameters of the provider's answer. Raises LoginFailed where one is repeated (RFC 6749, section 3.1)."""
    items = request.query_params.multi_items()
    if len({name for name, _ in items}) < len(items):
        raise LoginFailed(Reason.LOST, "a parameter of the answer is there more than once")
    return dict(items)


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host
