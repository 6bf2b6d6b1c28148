"""What people see where programs get a problem document: a sentence in their language, and ways on
(docs/contract.md, "Pages")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Scope

from nexus.domain.brand import NO_LOOK, Look
from nexus.domain.problem import ProblemDocument
from nexus.http.framework.arrival import root_of
from nexus.http.framework.asked import VARY
from nexus.http.framework.edge import REQUEST_ID
from nexus.http.framework.html import Html, data, element, page, together, void
from nexus.http.framework.reader import language_of
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.headers import PAGE_HEADERS, PAGE_TYPE
from nexus.http.pages.languages import direction, menu

_MODULE = "screens/error.js"
_SHEET = "screens/enter.css"

NAMES = {401: "program", 403: "forbidden", 404: "missing", 405: "program", 429: "many", 500: "fault", 503: "busy"}
"""What the sentences of each status are called (nexus/web/words, "error")."""
FAILED = "failed"
"""And those of any other status."""


class RefusalPages:
    """The pages of refusals, each in its reader's language; it is an `ErrorPage`."""

    def __init__(self, assets: Assets, words: Words, look: Callable[[], Awaitable[Look]]) -> None:
        """`look` finds the operator's."""
        self._look = look
        self._assets = assets
        self._words = words

    async def __call__(self, scope: Scope, told: ProblemDocument) -> Response:
        """The page of one refusal, with its status."""
        root = root_of(scope)
        language = language_of(scope, self._words)
        look = await self._look()
        brand = look.name or self._words.say(language, "shared", "brand")
        name = NAMES.get(told.status, FAILED)
        heading = self._say(language, f"{name}_heading")
        body = element(
            "main",
            element("p", brand, class_="brand", aria_hidden="true"),
            element("h1", heading),
            element("p", self._say(language, f"{name}_text")),
            self._reference(language, scope) if told.status == 500 else "",
            element("div", id="entry"),
            self._ways(language, root),
            id="screen",
            class_="entry",
        )
        whole = page(
            f"{heading} – {brand}",
            body,
            "" if look == NO_LOOK else data("brand", look),
            data("words", self._words.sections(language, "code")),
            menu(self._words, language),
            head=self._head(root, look),
            class_="enter",
            lang=language,
            dir_=direction(language),
            icon=self._address(root, "screens/icon.svg"),
        )
        headers = {**PAGE_HEADERS, "content-type": PAGE_TYPE, "cache-control": "no-store", "vary": VARY}
        return Response(whole, told.status, headers)

    def _head(self, root: str, look: Look) -> Html:
        first, *others = self._assets.modules(_MODULE)
        return together(
            void("meta", name="color-scheme", content="light dark"),
            void("link", rel="stylesheet", href=self._address(root, _SHEET)),
            "" if look == NO_LOOK else element("script", type="module", src=self._address(root, "screens/brand.js")),
            element("script", type="module", src=self._address(root, first)),
            *(void("link", rel="modulepreload", href=self._address(root, name)) for name in others),
        )

    def _address(self, root: str, name: str) -> str:
        return root + self._assets.address(name)

    def _reference(self, language: str, scope: Scope) -> Html:
        """What the operator finds in the log."""
        text = self._say(language, "reference").replace("{id}", scope[REQUEST_ID])
        return element("p", text, class_="faint")

    def _ways(self, language: str, root: str) -> Html:
        start = element("a", self._say(language, "start"), href=root)
        return element("p", start, element("a", self._say(language, "host"), href=f"{root}host"), class_="ways")

    def _say(self, language: str, name: str) -> str:
        return self._words.say(language, "error", name)
