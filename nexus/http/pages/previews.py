"""What other services show of a link to a poll: its question, where anyone may know of it, and else the service's name
alone (docs/contract.md, "Pages")."""

from __future__ import annotations

from nexus.domain.views import PollView
from nexus.http.framework.html import Html, together, void

LONGEST = 200
"""Characters of a description that are told: previews show less."""


def preview_head(poll: PollView | None, name: str, canonical: str, image: str) -> Html:
    """The lines for the head of a page at `canonical`, of a service that goes by `name`; `image` is absolute too, and
    `poll` is None where nothing may be told of it (https://ogp.me; a card of Twitter takes the rest from these)."""
    told = {"site_name": name, "type": "website", "url": canonical, "image": image}
    told["title"] = name if poll is None else poll.question
    description = "" if poll is None else _cut(poll.description)
    if description:
        told["description"] = description
    return together(
        void("link", rel="canonical", href=canonical),
        *(void("meta", property=f"og:{key}", content=text) for key, text in told.items()),
        void("meta", name="twitter:card", content="summary"),
        void("meta", name="description", content=description) if description else "",
    )


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"
