"""What the page of a poll has besides while it waits: the lobby, its sheet and its words. Nothing in it depends on the
poll (docs/contract.md, "Waiting")."""

from __future__ import annotations

from nexus.http.framework.html import Html, data, together, void
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.shells import LIVE, Screen

_SECTION = "lobby"
_ENTRIES = ("screens/lobby.js", "client/waiting.js")
_STAGE_ENTRIES = ("screens/live/lobby.js",)


def lobby_head(screen: Screen, root: str, assets: Assets) -> Html:
    """The lines for the head of the page, which is `root` away from the service's root."""
    entries = (*_ENTRIES, *_STAGE_ENTRIES) if screen is LIVE else _ENTRIES
    there = set(assets.modules(f"screens/{screen.name}.js"))
    modules = dict.fromkeys(name for entry in entries for name in assets.modules(entry) if name not in there)
    sheet = "screens/lobby.css" if screen is LIVE else "screens/vote/lobby.css"
    return together(
        void("link", rel="stylesheet", href=root + assets.address(sheet)),
        *(void("link", rel="modulepreload", href=root + assets.address(name)) for name in modules),
    )


def lobby_words(language: str, words: Words) -> Html:
    """The block with its sentences, which no other page needs."""
    return data("more", words.sections(language, _SECTION))
