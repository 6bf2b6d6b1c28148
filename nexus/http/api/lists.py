"""Pages of a list: `{"count", "next", "previous", "results"}` (docs/contract.md, "Lists")."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request

from nexus.access.public_address import public_of
from nexus.domain.text import says

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


class PagedInParts(Paged, kw_only=True):
    """The same of a list whose entries can be so long that a page ends early; `next` then leads to the rest of it."""

    skip: Annotated[
        int,
        msgspec.Meta(ge=0, lt=LONGEST_PAGE),
        says(description="Entries of this page that were on a page cut short. `next` sets it."),
    ] = 0

    @property
    def part_limit(self) -> int:
        """How many entries of the page are left to read."""
        return max(0, self.limit - self.skip)

    @property
    def part_offset(self) -> int:
        """How many entries come before those."""
        return self.offset + self.skip

    def part_links(self, request: Request, count: int, shown: int) -> tuple[str | None, str | None]:
        """The same as `links` where `shown` entries are on this page, or part of one."""
        following, previous = self.links(request, count)
        if 0 < shown < self.part_limit and self.part_offset + shown < count:
            following = _url(request, self.page, self.skip + shown)
        return following, _url(request, self.page) if self.skip else previous


def _url(request: Request, page: int, skip: int = 0) -> str:
    """The request's own URL with another page, or a part of one."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name not in ("page", "skip")]
    query += [("page", str(page)), *([("skip", str(skip))] if skip else [])]
    return public_of(request.scope).url(f"{quote(request.scope['path'])}/?{urlencode(query)}")
