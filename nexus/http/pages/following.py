"""What the page of an event has besides: what follows the event, its sheets and its words (docs/contract.md, "Following
an event"). Pages of polls carry nothing of it."""

from __future__ import annotations

from nexus.http.framework.html import Html, data, together, void
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.shells import LIVE, VOTE, Screen

_SECTIONS = {VOTE: ("lobby", "follow"), LIVE: ("stage",)}
_ENTRIES = {
    VOTE: ("screens/vote/event.js", "screens/vote/follow.js", "client/event.js"),
    LIVE: ("screens/live/event.js", "client/event.js"),
}
_SHEETS = {VOTE: ("screens/vote/event.css",)}


def event_head(screen: Screen, root: str, assets: Assets) -> Html:
    """The lines for the head of the page, which is `root` away from the service's root."""
    there = set(assets.modules(f"screens/{screen.name}.js"))
    entries = _ENTRIES.get(screen, ())
    modules = dict.fromkeys(name for entry in entries for name in assets.modules(entry) if name not in there)
    return together(
        *(void("link", rel="stylesheet", href=root + assets.address(name)) for name in _SHEETS.get(screen, ())),
        *(void("link", rel="modulepreload", href=root + assets.address(name)) for name in modules),
    )


def event_words(screen: Screen, language: str, words: Words) -> Html:
    """The block with its sentences."""
    return data("more", words.sections(language, *_SECTIONS.get(screen, ())))
