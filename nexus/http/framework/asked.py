"""What kind of answer a request asks for: a page for people, or a document for programs."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import Scope

VARY = "Accept, Accept-Language, Cookie"
"""What an answer depends on that is a page to some, in their language, and a document to others."""

_PAGE = "text/html"
_DOCUMENTS = ("application/problem+json", "application/json")
# Where a browser shows what it gets as a page (Fetch Metadata, "Sec-Fetch-Dest").
_SHOWN = frozenset({"document", "iframe", "frame", "embed", "object"})


def wants_page(scope: Scope) -> bool:
    """Whether who asks would rather have a page than a JSON document.

    That is a browser that shows the answer, or a client whose `Accept` ranks HTML above JSON. Not one that sends a
    token, and not one that sends something: some libraries for programs rank HTML first without a thought.
    """
    request = Request(scope)
    if request.method not in ("GET", "HEAD") or "authorization" in request.headers:
        return False
    if request.headers.get("sec-fetch-dest", "").strip().lower() in _SHOWN:
        return True
    ranges = list(_ranges(request.headers.getlist("accept")))
    return _weight(_PAGE, ranges) > max(_weight(one, ranges) for one in _DOCUMENTS)


def _ranges(accept: Iterable[str]) -> Iterable[tuple[str, float]]:
    """The media ranges of the header, in lower case, and their weights (RFC 9110, section 12.5.1)."""
    for one in ",".join(accept).lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        weights = [
            value.strip() for key, _, value in (part.partition("=") for part in parameters) if key.strip() == "q"
        ]
        yield name, _number(weights[0]) if weights else 1.0


def _number(text: str) -> float:
    """A weight; 0 for what is none (RFC 9110, section 12.4.2)."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _weight(kind: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of a media type: that of the most specific range that it is in."""
    for wanted in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
