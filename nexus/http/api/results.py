"""Results: what a screen shows, with an ETag that says whether it would show anything new."""

from __future__ import annotations

from datetime import UTC, datetime

from nexus.domain.views import ResultsView, results_view
from nexus.errors import PollNotFound
from nexus.http.api.sight import Sight, look
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call
from nexus.http.framework.etags import holds


async def read(asked: Asked[Nothing, Nothing]) -> Reply[ResultsView]:
    """The results of a poll; 304 where the client's `If-None-Match` still holds."""
    sight = await look(asked.parts, asked.id("poll", PollNotFound()), asked.by)
    tag = etag(sight)
    # Whoever may see less gets another body under the same URL.
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "Authorization"}
    if holds(asked.request.headers.get("if-none-match", ""), tag):
        return Reply(None, 304, headers)
    return Reply(results_view(sight.poll, sight.sees, datetime.now(UTC)), headers=headers)


def etag(sight: Sight) -> str:
    """A weak tag (RFC 9110, section 8.8.1): the server's clock in the body changes nothing worth sending again.

    The revision is in it for the texts, which may change without a new version.
    """
    poll = sight.poll
    return f'W/"{poll.epoch}.{poll.version}.{poll.status}.{sight.sees}.{poll.revision}"'


CALLS: tuple[Call, ...] = (
    call("GET", "/polls/{poll}/results", read, body=Nothing, query=Nothing, answer=ResultsView, statuses=(200, 304)),
)
"""The calls of this file."""
