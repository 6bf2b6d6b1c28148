"""Pages of a list: `{"count", "next", "previous", "results"}` (docs/contract.md, "Lists")."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request

LONGEST_PAGE = 100
"""Entries on a page."""
FARTHEST_PAGE = 1_000_000_000
"""The last page that can be asked for."""


class Paged(msgspec.Struct, kw_only=True):
    """Which page of a list; a larger size than the longest is cut to it."""

    page: Annotated[int, msgspec.Meta(ge=1, le=FARTHEST_PAGE)] = 1
    page_size: Annotated[int, msgspec.Meta(ge=1)] = 20

    @property
    def limit(self) -> int:
        """How many entries to read."""
        return min(self.page_size, LONGEST_PAGE)

    @property
    def offset(self) -> int:
        """How many entries come before the page."""
        return (self.page - 1) * self.limit

    def links(self, request: Request, count: int) -> tuple[str | None, str | None]:
        """The URLs of the next and the previous page of `count` entries, None where there is none."""
        more = self.offset + self.limit < count
        return (
            _url(request, self.page + 1) if more else None,
            _url(request, self.page - 1) if self.page > 1 else None,
        )


def _url(request: Request, page: int) -> str:
    """The request's own URL with another page; put together by hand, since a Host header need not fit into a URL."""
    scope = request.scope
    host = request.headers.get("host") or "{}:{}".format(*(scope.get("server") or ("localhost", 80)))
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    path = f"{scope.get('root_path', '')}{scope['path']}/"
    return f"{scope['scheme']}://{host}{path}?{urlencode([*query, ('page', page)])}"
