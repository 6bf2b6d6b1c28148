"""What other services show of a link to a poll or an event: its question or title, where anyone may know of it, and
else the service's name alone (docs/contract.md, "Pages")."""

from __future__ import annotations

from nexus.http.framework.html import Html, together, void
from nexus.http.pages.given import Given

LONGEST = 200
"""Characters of a description that are told: previews show less."""


def preview_head(given: Given, name: str, canonical: str, image: str) -> Html:
    """The lines for the head of a page at `canonical` that starts with `given`, of a service that goes by `name`;
    `image` is absolute too (https://ogp.me; a card of Twitter takes the rest from these)."""
    told = {"site_name": name, "type": "website", "url": canonical, "image": image}
    title, text = _told_to_all(given) or (name, "")
    told["title"] = title
    description = _cut(text)
    if description:
        told["description"] = description
    return together(
        void("link", rel="canonical", href=canonical),
        *(void("meta", property=f"og:{key}", content=text) for key, text in told.items()),
        void("meta", name="twitter:card", content="summary"),
        void("meta", name="description", content=description) if description else "",
    )


def _told_to_all(given: Given) -> tuple[str, str] | None:
    """Title and description of an event, or question and description of a poll; of a private one nothing is told,
    though its guests see it: whoever is sent a link may not be meant to."""
    event, poll = given.event, given.poll
    if event:
        return (event.title, event.description) if event.is_public else None
    return (poll.question, poll.description) if poll is not None and poll.is_public else None


def is_told_to_all(given: Given) -> bool:
    """Whether anybody may know what the page is of."""
    return _told_to_all(given) is not None


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"
