"""The pages that people see: `/`, `/{code}`, `/vote/{code}`, `/live/{code}` and `/host` (docs/contract.md, "Pages").

A page is empty but for what its scripts need to fill it: the words in the reader's language, the names of all modules,
so that none waits for another, and, on the page of a poll, what any guest with its code may see of it. So the question
and the first bars are there before any socket is open. All references are relative, so that pages work below any path.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nexus.access.code_entry import CodeEntry
from nexus.access.oidc.logins import OidcLogins
from nexus.domain.codes import LONGEST_CODE, normalize_code, read_code
from nexus.domain.poll import Status
from nexus.domain.rights import Role, visibility
from nexus.domain.views import PollView, Stamp, TotalsView, poll_view, stamp, totals_view
from nexus.errors import GuestsNotAllowed, NexusError, PollNotFound
from nexus.http.framework.arrival import root_of
from nexus.http.framework.asked import VARY, wants_page
from nexus.http.framework.html import Html, data, element, page, together, void
from nexus.http.framework.problem import problem
from nexus.http.framework.static import WEB, StaticResponse, takes_gzip
from nexus.http.pages.assets import Assets
from nexus.http.pages.headers import PAGE_HEADERS, PAGE_TYPE, framed_headers
from nexus.http.pages.oidc import OidcPages
from nexus.http.pages.place import inviting_root, place_of
from nexus.http.pages.qr import qr_svg
from nexus.http.pages.refusals import RefusalPages
from nexus.http.pages.site import Site
from nexus.http.pages.ways import ways
from nexus.http.pages.words import Words
from nexus.voting.tallies import Tallies

_VARY = "Accept-Encoding, Accept-Language"
_PLACE = Html("<!-- given -->")
# The longest way to the root that is kept: a page has few addresses, and anyone can add slashes to them.
_USUAL_ROOT = len("../../")
# Forms of a page that are kept: a Host header can make any number of them.
_MOST_PAGES = 32
# The level at which a page of a poll is compressed while its reader waits.
_GZIP_LEVEL = 3

# What a QR code is drawn for, whether or not there is a poll with this code.
_TYPED_CODE = re.compile(rf"[0-9A-Za-z -]{{1,{LONGEST_CODE}}}")


class Given(msgspec.Struct, frozen=True):
    """What a page of a poll starts with: the poll and its totals as any guest sees them, or the code of the error
    that a guest would get."""

    code: str
    server_now: Stamp
    poll: PollView | None = None
    totals: TotalsView | None = None
    refused: str | None = None


class ProviderButton(msgspec.Struct, frozen=True):
    """The OpenID provider with which people may log in: its name for the button, and where the login begins."""

    name: str
    begin: str


@dataclass(frozen=True, slots=True)
class Screen:
    """A page: its name, which its module and style sheet share, and the sections of words that it needs."""

    name: str
    sections: tuple[str, ...]


ENTER = Screen("enter", ("shared", "enter", "code"))
VOTE = Screen("vote", ("shared", "code", "login", "vote"))
LIVE = Screen("live", ("shared", "code", "login", "live"))
HOST = Screen("host", ("shared", "login", "host"))

LATER = ("users",)
"""Sections of words that no page contains: the views that need them load them, since few people see those."""


class Pages:
    """All pages, each in the language that the reader's browser asks for; `refusals` makes those of errors."""

    def __init__(self, codes: CodeEntry, tallies: Tallies, site: Site, logins: OidcLogins | None = None) -> None:
        """`logins` are those with an OpenID provider, where people may log in with one."""
        words = Words(WEB / "words")
        assets = Assets(WEB, words.files(*LATER))
        provider = None if logins is None else ProviderButton(logins.client.name, logins.client.begin_url)
        self._oidc = [] if logins is None else OidcPages(logins, assets, words).routes()
        self.refusals = RefusalPages(assets, words)
        self._codes = codes
        self._tallies = tallies
        self._site = site
        self._of_poll_headers = {**framed_headers(site.embedders), "content-type": PAGE_TYPE, "vary": _VARY}
        self._assets = assets
        self._shells = {screen: _Shells(screen, assets, words, provider) for screen in (ENTER, HOST, VOTE, LIVE)}
        self._words = words
        self._registration = "" if site.registration_open else data("registration", "closed")

    def routes(self) -> list[Route]:
        """Where they and what they load are served; to come after all other routes."""
        enter = _PollFreePage(self._shells[ENTER], self._words, lambda _: self._registration)
        host = _PollFreePage(self._shells[HOST], self._words, self._of_host)
        return [
            *(Route(path, enter, methods=["GET"]) for path in ("/", "/vote", "/live")),
            Route("/host", host, methods=["GET"]),
            Route("/vote/{code}", self._vote, methods=["GET"]),
            Route("/live/{code}", self._live, methods=["GET"]),
            Route("/vote/{code}/qr.svg", self._qr, methods=["GET", "POST"]),
            self._assets.route(),
            *self._oidc,
            *ways(self._by_code),
        ]

    def _of_host(self, scope: Scope) -> Html:
        return together(data("site", self._site.told()), self._registration, data("place", place_of(scope, self._site)))

    async def _vote(self, request: Request) -> Response:
        return await self._of_poll(VOTE, request)

    async def _live(self, request: Request) -> Response:
        return await self._of_poll(LIVE, request)

    async def _by_code(self, request: Request) -> Response:
        given, refusal = await self._given(request)
        # Whether such a word is a wrong code or a path that does not exist, nobody can say: programs get a document.
        if refusal is not None and not wants_page(request.scope):
            return refusal
        found = self._page(VOTE, request, given, refusal)
        found.headers["vary"] = f"{VARY}, Accept-Encoding"
        return found

    async def _of_poll(self, screen: Screen, request: Request) -> Response:
        return self._page(screen, request, *await self._given(request))

    async def _given(self, request: Request) -> tuple[Given, Response | None]:
        """What the page of the code in the path starts with, and what the REST interface would answer to it where that
        is an error. Those who may not enter as guests may log in: that page is none."""
        typed = request.path_params["code"]
        code = read_code(typed)
        try:
            return await self._look(code, request), None
        except GuestsNotAllowed as error:
            return Given(code, _now(), refused=error.error_code), None
        except NexusError as error:
            shown = typed if isinstance(error, PollNotFound) else code
            return Given(shown, _now(), refused=error.error_code), problem(error)

    def _page(self, screen: Screen, request: Request, given: Given, refusal: Response | None) -> Response:
        status, headers = 200, self._of_poll_headers
        if refusal is not None:
            status = refusal.status_code
            headers = headers | {name: refusal.headers[name] for name in ("retry-after",) if name in refusal.headers}
        shell = self._shells[screen].of(_language(request, self._words), root_of(request.scope))
        told = together(data("given", given), self._registration)
        if screen is LIVE:
            told = together(told, data("place", place_of(request.scope, self._site)))
        return _packed(shell.around(told), status, headers, request)

    async def _qr(self, request: Request) -> Response:
        """The address for voting as a QR code."""
        typed, root = request.path_params["code"], inviting_root(request, self._site)
        if not _TYPED_CODE.fullmatch(typed):
            raise HTTPException(404)
        headers = {"content-type": "image/svg+xml", "cache-control": "no-cache", "vary": "Host, Accept-Encoding"}
        return _packed(qr_svg(f"{root}vote/{normalize_code(typed)}"), 200, headers, request)

    async def _look(self, code: str, request: Request) -> Given:
        """What a guest with `code` sees. Raises what entering as a guest would raise."""
        address = "" if request.client is None else request.client.host
        found = await self._codes.find(code, address)
        poll = await self._tallies.poll(found.id)
        if poll is None or poll.status is Status.DRAFT:
            raise PollNotFound
        if not poll.allow_guests:
            raise GuestsNotAllowed
        sees = visibility(poll.results, poll.status, Role.VOTER, has_vote=False)
        totals = totals_view(poll.totals(), sees, datetime.now(UTC))
        return Given(poll.code, _now(), poll_view(poll, sees), totals)


class _Shell:
    """A page in one language at one distance from the root, with a place for what it starts with."""

    def __init__(
        self, screen: Screen, language: str, root: str, assets: Assets, words: Words, provider: ProviderButton | None
    ) -> None:
        # What only a provider needs weighs nothing where there is none.
        own = ("provider",) if provider is not None and "login" in screen.sections else ()
        modules = assets.modules(f"screens/{screen.name}.js")
        head = together(
            void("meta", name="color-scheme", content="light dark"),
            void("link", rel="stylesheet", href=root + assets.address(f"screens/{screen.name}.css")),
            element("script", type="module", src=root + assets.address(modules[0])),
            *(void("link", rel="modulepreload", href=root + assets.address(name)) for name in modules[1:]),
        )
        body = (
            element("main", element("noscript", words.say(language, "shared", "noscript")), id="screen"),
            data("words", words.sections(language, *screen.sections, *own)),
            *(data(name, provider) for name in own),
            _PLACE,
        )
        whole = page(
            words.say(language, screen.name, "title"),
            *body,
            head=head,
            class_=screen.name,
            lang=language,
            icon=root + assets.address("screens/icon.svg"),
        )
        before, _, after = whole.partition(_PLACE.encode())
        self._before, self._after = before, after

    def around(self, given: str) -> bytes:
        """The whole page with `given` in its place."""
        return self._before + given.encode() + self._after


class _Shells:
    """A page in every language and at every distance from the root; what is usual is made once."""

    def __init__(self, screen: Screen, assets: Assets, words: Words, provider: ProviderButton | None) -> None:
        self._made: dict[tuple[str, str], _Shell] = {}
        self._screen, self._assets, self._words, self._provider = screen, assets, words, provider

    def of(self, language: str, root: str) -> _Shell:
        """The page in `language`, for an address from which the root is at `root`."""
        shell = self._made.get((language, root))
        if shell is None:
            shell = _Shell(self._screen, language, root, self._assets, self._words, self._provider)
        if len(root) <= _USUAL_ROOT:
            self._made[language, root] = shell
        return shell


class _PollFreePage:
    """A page without a poll: the same for all readers of a language to whom `given` says the same."""

    def __init__(self, shells: _Shells, words: Words, given: Callable[[Scope], str]) -> None:
        """`given` says what the page starts with."""
        self._shells = shells
        self._words = words
        self._given = given
        self._made: dict[tuple[str, str, str], StaticResponse] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD."""
        key = _language(Request(scope), self._words), root_of(scope), self._given(scope)
        response = self._made.get(key)
        if response is None:
            language, root, given = key
            body = self._shells.of(language, root).around(given)
            response = StaticResponse(body, PAGE_TYPE, {**PAGE_HEADERS, "vary": _VARY})
            while len(self._made) >= _MOST_PAGES:
                del self._made[next(iter(self._made))]
            self._made[key] = response
        await response(scope, receive, send)


def _language(request: Request, words: Words) -> str:
    return words.choose(request.headers.get("accept-language", ""))


def _now() -> str:
    return stamp(datetime.now(UTC))


def _packed(body: bytes, status: int, headers: dict[str, str], request: Request) -> Response:
    if takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers = gzip.compress(body, _GZIP_LEVEL, mtime=0), {**headers, "content-encoding": "gzip"}
    return Response(body, status, headers)
