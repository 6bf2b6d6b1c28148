"""Ways to the pages as people type them: other words for a page, in any case, and a code right after the host
(docs/contract.md, "Pages")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from nexus.domain.codes import has_code_shape, normalize_code, read_code
from nexus.http.framework.arrival import root_of

_VOTE, _LIVE = "vote", "live"
_OF_A_POLL = {"join": _VOTE, "v": _VOTE, "vote": _VOTE, "votes": _VOTE, "poll": _VOTE, "live": _LIVE}
_PLACES = {**_OF_A_POLL, "admin": "host", "docs": "api/docs/", "host": "host", "login": "host"}

# A folder of this service whose name has the shape of a code.
_FOLDER = "assets"

Handler = Callable[[Request], Awaitable[Response]]


def ways(by_code: Handler) -> list[Route]:
    """The routes of these ways, to come after all others; `by_code` answers `/{code}`."""
    return [
        _Narrow("/{word}/{code}", _to_poll, lambda path: path["word"].lower() in _OF_A_POLL),
        _Narrow("/{word}", _to_place, lambda path: path["word"].lower() in _PLACES),
        _Narrow("/{code}", by_code, _can_be_code),
    ]


class _Narrow(Route):
    """A route for those of its paths that `fits` accepts; the others do not exist."""

    def __init__(self, path: str, endpoint: Handler, fits: Callable[[dict[str, str]], bool]) -> None:
        super().__init__(path, endpoint, methods=["GET"])
        self._fits = fits

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this route answers."""
        match, inner = super().matches(scope)
        return (match, inner) if match is not Match.NONE and self._fits(inner["path_params"]) else (Match.NONE, {})


def _can_be_code(path: dict[str, str]) -> bool:
    return path["code"] != _FOLDER and has_code_shape(normalize_code(path["code"]))


async def _to_poll(request: Request) -> Response:
    page = _OF_A_POLL[request.path_params["word"].lower()]
    return _redirect(request, f"{page}/{quote(read_code(request.path_params['code']), safe='')}".rstrip("/"))


async def _to_place(request: Request) -> Response:
    return _redirect(request, _PLACES[request.path_params["word"].lower()])


def _redirect(request: Request, target: str) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{root_of(request.scope)}{target}{query}", 307)
