"""The table of every call, and the routes that Starlette makes of it."""

from __future__ import annotations

from starlette.routing import Route

from nexus.http.api import accounts, audit, categories, exports, guests, health, options, polls, results, votes
from nexus.http.framework.call import Call, Resource
from nexus.http.parts import Parts

CALLS: tuple[Call, ...] = (
    *accounts.CALLS,
    *guests.CALLS,
    *polls.CALLS,
    *options.CALLS,
    *votes.CALLS,
    *results.CALLS,
    *exports.CALLS,
    *audit.CALLS,
    *categories.CALLS,
    *health.CALLS,
)
"""Every call; the documents are made from the same entries."""


def routes(parts: Parts) -> list[Route]:
    """One route a path, in the order of the table: a fixed path stands before one with an id in its place."""
    paths: dict[str, dict[str, Call]] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method] = call
    return [Route(path, Resource(parts, calls)) for path, calls in paths.items()]
