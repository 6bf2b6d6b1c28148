"""Results: what a screen shows, with an ETag that says whether there is anything new."""

from __future__ import annotations

from datetime import UTC, datetime

from nexus.domain.views import ResultsView, results_view
from nexus.errors import PollNotFound
from nexus.http.api.seen_poll import SeenPoll, see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.http.framework.etags import holds


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[ResultsView]:
    """Read the results of a poll; 304 while what the client's `If-None-Match` names is current."""
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), request.by)
    tag = etag(seen)
    # Those who may see less get another body under the same URL.
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "Authorization"}
    if holds(request.raw.headers.get("if-none-match", ""), tag):
        return Reply(None, 304, headers)
    return Reply(results_view(seen.poll, seen.sees, datetime.now(UTC)), headers=headers)


def etag(seen: SeenPoll) -> str:
    """A weak tag (RFC 9110, section 8.8.1): a newer server clock in the body is no reason to send it again.

    It contains the revision because texts may change without a new version.
    """
    poll = seen.poll
    return f'W/"{poll.epoch}.{poll.version}.{poll.status}.{seen.sees}.{poll.revision}"'


CALLS: tuple[RestCall, ...] = (
    call("GET", "/polls/{poll}/results", read, body=Nothing, query=Nothing, answer=ResultsView, statuses=(200, 304)),
)
"""The calls of this file."""
