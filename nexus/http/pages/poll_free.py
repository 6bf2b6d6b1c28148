"""Pages without a poll, `/` and `/host`: the same for all readers of a language who start with the same."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from nexus.branding.looks import Looks
from nexus.domain.brand import Look
from nexus.http.framework.arrival import root_of
from nexus.http.framework.reader import VARY, language_of
from nexus.http.framework.static import StaticResponse
from nexus.http.pages.headers import PAGE_HEADERS, PAGE_TYPE
from nexus.http.pages.shells import Shells

# Forms of a page that are kept: a Host header can make any number of them.
_MOST_PAGES = 32


class PollFreePage:
    """A page without a poll: the same for all readers of a language to whom `blocks` says the same."""

    def __init__(self, shells: Shells, looks: Looks, blocks: Callable[[Scope], str]) -> None:
        """`blocks` says what the page starts with; it has the operator's look."""
        self._shells = shells
        self._looks = looks
        self._blocks = blocks
        self._made: dict[tuple[str, str, str, Look], StaticResponse] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD."""
        key = language_of(scope, self._shells.words), root_of(scope), self._blocks(scope), await self._looks.of_site()
        response = self._made.get(key)
        if response is None:
            language, root, blocks, look = key
            body = self._shells.of(language, root).around(blocks, look=look)
            # Its blocks may say where it was opened.
            response = StaticResponse(body, PAGE_TYPE, {**PAGE_HEADERS, "vary": f"Accept-Encoding, {VARY}, Host"})
            while len(self._made) >= _MOST_PAGES:
                del self._made[next(iter(self._made))]
            self._made[key] = response
        await response(scope, receive, send)
