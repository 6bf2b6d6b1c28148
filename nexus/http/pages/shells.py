"""What all pages of a screen share: a page in one language, at one distance from the root, with a place in its
title for a brand, and one in its head and one in its body for what each answer adds (docs/contract.md, "Pages").

What every page of a screen has belongs here: a line for its head into `_head`, a block into `_blocks`. What depends on
the request or the poll is given to `Shell.around`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from nexus.domain.brand import NO_LOOK, Look
from nexus.http.framework.html import Html, data, element, page, together, void
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.languages import direction, menu
from nexus.http.pages.manifest import APPLE_ICON, MANIFEST_PATH

_IN_TITLE = Html("<!-- brand -->")
_FIRST_IN_HEAD = Html("<!-- first -->")
_IN_HEAD = Html("<!-- head -->")
_IN_BODY = Html("<!-- blocks -->")
# The longest way to the root that is kept: a page has few addresses, and anyone can add slashes to them.
_USUAL_ROOT = len("../../")


class ProviderButton(msgspec.Struct, frozen=True):
    """The OpenID provider with which people may log in: its name for the button, and where the login begins."""

    name: str
    begin: str


@dataclass(frozen=True, slots=True)
class Screen:
    """A page: its name, which its module and style sheet share, and the sections of words that it needs."""

    name: str
    sections: tuple[str, ...]


ENTER = Screen("enter", ("shared", "enter", "code"))
VOTE = Screen("vote", ("shared", "code", "login", "vote"))
LIVE = Screen("live", ("shared", "live"))
HOST = Screen("host", ("shared", "login", "host"))

LATER = (
    "event",
    "runsheet",
    "eventresults",
    "control",
    "users",
    "keys",
    "hosting",
    "brand",
    "sheet",
    "login",
    "code",
    "lobby",
    "follow",
    "refused",
    "outcome",
    "local",
)
"""Sections of words for views that few people see: the pages that do not contain them load them then."""


class Shell:
    """A page in one language at one distance from the root, with places for what it starts with."""

    def __init__(self, screen: Screen, language: str, root: str, shells: Shells) -> None:
        words, assets = shells.words, shells.assets
        whole = page(
            _title(words.say(language, screen.name, "title")),
            element("main", element("noscript", words.say(language, "page", "noscript")), id="screen"),
            _blocks(screen, language, shells),
            _IN_BODY,
            menu(words, language),
            head=together(_FIRST_IN_HEAD, _head(screen, root, assets), _IN_HEAD),
            class_=screen.name,
            lang=language,
            dir_=direction(language),
            icon=root + assets.address("screens/icon.svg"),
        )
        self._brand = words.say(language, "shared", "brand")
        self._dresser = element("script", type="module", src=root + assets.address("screens/brand.js"))
        self._parts = re.split("|".join((_IN_TITLE, _FIRST_IN_HEAD, _IN_HEAD, _IN_BODY)), whole.decode())

    def around(self, blocks: str, head: str = "", *, look: Look = NO_LOOK) -> bytes:
        """The whole page: `blocks` behind those that all have, and `head` at the end of its head.

        Where there is a `look`, its title names the brand, and what puts the look on the page runs before anything that
        paints; a page without one loads nothing for it.
        """
        first, second, third, fourth, fifth = self._parts
        brand = together(look.name or self._brand)
        dresser, worn = ("", "") if look == NO_LOOK else (self._dresser, data("brand", look))
        return "".join((first, brand, second, dresser, third, head, fourth, worn, blocks, fifth)).encode()


def _title(text: str) -> Html:
    """With the place for the name of a brand."""
    before, _, after = text.partition("{brand}")
    return together(before, _IN_TITLE, after)


class Shells:
    """A page in every language and at every distance from the root; what is usual is made once."""

    def __init__(self, screen: Screen, assets: Assets, words: Words, provider: ProviderButton | None) -> None:
        self._made: dict[tuple[str, str], Shell] = {}
        self._screen = screen
        self.assets, self.words, self.provider = assets, words, provider

    def of(self, language: str, root: str) -> Shell:
        """The page in `language`, for an address from which the root is at `root`."""
        shell = self._made.get((language, root))
        if shell is None:
            shell = Shell(self._screen, language, root, self)
        if len(root) <= _USUAL_ROOT:
            self._made[language, root] = shell
        return shell


def _head(screen: Screen, root: str, assets: Assets) -> Html:
    """The names of all modules are there, so that none waits for another."""
    modules = assets.modules(f"screens/{screen.name}.js")
    return together(
        void("meta", name="color-scheme", content="light dark"),
        void("link", rel="manifest", href=root + MANIFEST_PATH.lstrip("/")),
        void("link", rel="apple-touch-icon", href=root + assets.address(APPLE_ICON)),
        void("link", rel="stylesheet", href=root + assets.address(f"screens/{screen.name}.css")),
        element("script", type="module", src=root + assets.address(modules[0])),
        *(void("link", rel="modulepreload", href=root + assets.address(name)) for name in modules[1:]),
    )


def _blocks(screen: Screen, language: str, shells: Shells) -> Html:
    """What a page's scripts read (docs/contract.md, "Pages"), as far as all its readers in `language` get the same."""
    # What only a provider needs weighs nothing where there is none.
    own = ("provider",) if shells.provider is not None and screen is not ENTER else ()
    return together(
        data("words", shells.words.sections(language, *screen.sections, *own)),
        *(data(name, shells.provider) for name in own),
    )
