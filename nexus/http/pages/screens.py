"""The pages that people see: `/`, `/{code}`, `/vote/{code}`, `/live/{code}` and `/host` (docs/contract.md, "Pages").

A page is empty but for what its scripts need to fill it: the words in the reader's language, and, on the page of a
poll or an event, what any guest with its code may see of it. All references are relative, so that pages work below any
path.
"""

from __future__ import annotations

import gzip
import re
from urllib.parse import quote

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from nexus.access.code_entry import CodeEntry
from nexus.access.oidc.logins import OidcLogins
from nexus.access.public_address import public_of
from nexus.branding.looks import Looks
from nexus.domain.codes import LONGEST_CODE, normalize_code
from nexus.http.framework.arrival import root_of
from nexus.http.framework.asked import wants_page
from nexus.http.framework.html import Html, data, together
from nexus.http.framework.reader import VARY, language_of
from nexus.http.framework.static import WEB, takes_gzip
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.following import event_head, event_words
from nexus.http.pages.given import Given, GuestSight
from nexus.http.pages.headers import PAGE_TYPE, framed_headers
from nexus.http.pages.logos import logo_route
from nexus.http.pages.manifest import ACCENT, LARGE_ICON, MANIFEST_PATH, MANIFEST_TYPE, manifest
from nexus.http.pages.oidc import OidcPages
from nexus.http.pages.place import inviting_root, place_of
from nexus.http.pages.poll_free import PollFreePage
from nexus.http.pages.previews import is_told_to_all, preview_head
from nexus.http.pages.qr import qr_png, qr_svg
from nexus.http.pages.refusals import RefusalPages
from nexus.http.pages.shells import ENTER, HOST, LATER, LIVE, VOTE, ProviderButton, Screen, Shells
from nexus.http.pages.site import Site
from nexus.http.pages.waiting import lobby_head, lobby_words
from nexus.http.pages.ways import ways
from nexus.voting.tallies import Tallies

# The level at which a page of a poll is compressed while its reader waits.
_GZIP_LEVEL = 6

# What a QR code is drawn for, whether or not there is a poll with this code.
_TYPED_CODE = re.compile(rf"[0-9A-Za-z -]{{1,{LONGEST_CODE}}}")


class Pages:
    """All pages, each in its reader's language; `refusals` makes those of errors."""

    def __init__(
        self,
        codes: CodeEntry,
        tallies: Tallies,
        site: Site,
        looks: Looks,
        words: Words,
        logins: OidcLogins | None = None,
    ) -> None:
        """`logins` are those with an OpenID provider, where people may log in with one."""
        self._words = words
        self._assets = assets = Assets(WEB, words.files(*LATER))
        provider = None if logins is None else ProviderButton(logins.client.name, logins.client.begin_url)
        self._oidc = [] if logins is None else OidcPages(logins, assets, words, looks).routes()
        self.refusals = RefusalPages(assets, words, looks.of_site)
        self._looks = looks
        self._sight = GuestSight(codes, tallies)
        self._site = site
        self._of_poll_headers = {**framed_headers(site.embedders), "content-type": PAGE_TYPE}
        self._of_poll_headers["vary"] = f"Accept, Accept-Encoding, {VARY}, Host"
        self._shells = {screen: Shells(screen, assets, words, provider) for screen in (ENTER, HOST, VOTE, LIVE)}
        self._registration = "" if site.registration_open else data("registration", "closed")

    def routes(self) -> list[Route]:
        """Where they and what they load are served; to come after all other routes."""
        enter = PollFreePage(self._shells[ENTER], self._looks, lambda _: self._registration)
        return [
            *(Route(path, enter, methods=["GET"]) for path in ("/", "/vote", "/live")),
            Route("/host", PollFreePage(self._shells[HOST], self._looks, self._host_blocks), methods=["GET"]),
            Route("/vote/{code}", self._vote, methods=["GET"]),
            Route("/live/{code}", self._live, methods=["GET"]),
            *(Route(f"/vote/{{code}}/qr.{kind}", self._qr, methods=["GET", "POST"]) for kind in ("svg", "png")),
            logo_route(self._looks),
            Route(MANIFEST_PATH, self._manifest, methods=["GET"]),
            self._assets.route(),
            *self._oidc,
            *ways(self._by_code),
        ]

    def _host_blocks(self, scope: Scope) -> Html:
        return together(data("site", self._site.told()), self._registration, data("place", place_of(scope, self._site)))

    def _poll_blocks(self, screen: Screen, scope: Scope, given: Given) -> Html:
        blocks = together(data("given", given), self._registration)
        return together(blocks, data("place", place_of(scope, self._site))) if screen is LIVE else blocks

    async def _vote(self, request: Request) -> Response:
        return await self._of_poll(VOTE, request)

    async def _live(self, request: Request) -> Response:
        return await self._of_poll(LIVE, request)

    async def _by_code(self, request: Request) -> Response:
        given, refusal = await self._sight.of(request.path_params["code"], request)
        # Whether such a word is a wrong code or a path that does not exist, nobody can say: programs get a document.
        if refusal is not None and not wants_page(request.scope):
            return refusal
        return await self._page(VOTE, request, given, refusal)

    async def _of_poll(self, screen: Screen, request: Request) -> Response:
        return await self._page(screen, request, *await self._sight.of(request.path_params["code"], request))

    async def _page(self, screen: Screen, request: Request, given: Given, refusal: Response | None) -> Response:
        status, headers = 200, self._of_poll_headers
        if refusal is not None:
            status = refusal.status_code
            headers = headers | {name: refusal.headers[name] for name in ("retry-after",) if name in refusal.headers}
        scope = request.scope
        language, root = language_of(scope, self._words), root_of(scope)
        shell = self._shells[screen].of(language, root)
        blocks, head = self._poll_blocks(screen, scope, given), await self._preview(screen, scope, given, language)
        if given.waiting:
            blocks = together(blocks, lobby_words(language, self._words))
            head = together(head, lobby_head(screen, root, self._assets))
        if given.event is not msgspec.UNSET:
            blocks = together(blocks, event_words(screen, language, self._words))
            head = together(head, event_head(screen, root, self._assets))
        look = await (self._looks.of_host(given.host) if given.host else self._looks.of_site())
        return _packed(shell.around(blocks, head, look=look), status, headers, request)

    async def _preview(self, screen: Screen, scope: Scope, given: Given, language: str) -> Html:
        """Of a private one not even its host's look is told."""
        host = given.host if is_told_to_all(given) else None
        look = await (self._looks.of_host(host) if host else self._looks.of_site())
        public = public_of(scope)
        page = public.url(f"/{screen.name}/{quote(given.code, safe='')}")
        image = public.url(f"/{look.logo.url if look.logo else self._assets.address(LARGE_ICON)}")
        return preview_head(given, look.name or self._words.say(language, "shared", "brand"), page, image)

    async def _manifest(self, request: Request) -> Response:
        """What a device keeps the start page by, like an app."""
        look = await self._looks.of_site()
        name = look.name or self._words.say(language_of(request.scope, self._words), "shared", "brand")
        headers = {"content-type": MANIFEST_TYPE, "cache-control": "no-cache"}
        return Response(manifest(name, look.accent or ACCENT, self._assets), headers=headers)

    async def _qr(self, request: Request) -> Response:
        """The address for voting as a QR code."""
        typed, root = request.path_params["code"], inviting_root(request, self._site)
        if not _TYPED_CODE.fullmatch(typed):
            raise HTTPException(404)
        address = f"{root}vote/{normalize_code(typed)}"
        headers = {"content-type": "image/svg+xml", "cache-control": "no-cache", "vary": "Host, Accept-Encoding"}
        if request.url.path.endswith(".png"):
            return Response(qr_png(address), headers={**headers, "content-type": "image/png", "vary": "Host"})
        return _packed(qr_svg(address), 200, headers, request)


def _packed(body: bytes, status: int, headers: dict[str, str], request: Request) -> Response:
    if takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers = gzip.compress(body, _GZIP_LEVEL, mtime=0), {**headers, "content-encoding": "gzip"}
    return Response(body, status, headers)
