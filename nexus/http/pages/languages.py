"""The languages of the pages: their own names, their directions, and the menu that offers them."""

from __future__ import annotations

from nexus.http.framework.html import Html, element, together
from nexus.http.framework.words import RIGHT_TO_LEFT, Words

NAMES = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "tr": "Türkçe",
    "uk": "Українська",
    "ar": "العربية",
    "ja": "日本語",
}
"""What each language calls itself, in the order in which they are offered: by script, then by alphabet."""

_GLOBE = "M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0h18M12 3c-5 5-5 13 0 18c5-5 5-13 0-18"


def direction(language: str) -> str:
    """The direction of its script, for the attribute `dir`."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def menu(words: Words, language: str) -> Html:
    """The choice of the language, for the end of a page's body; screens/words.js listens to it."""
    options = (_option(tag, tag == language) for tag in NAMES if tag in words.languages)
    path = element("path", d=_GLOBE)
    globe = element("svg", path, class_="icon", viewBox="0 0 24 24", aria_hidden="true")
    label = element("span", words.say(language, "page", "language"), class_="unseen")
    # Firefox would show after a reload what was chosen before it.
    choice = element("select", *options, autocomplete="off")
    return element("div", element("label", globe, label, choice), id="language", role="contentinfo")


def _option(tag: str, chosen: bool) -> Html:
    turned = {"dir": direction(tag)} if tag in RIGHT_TO_LEFT else {}
    made = element("option", NAMES[tag], value=tag, lang=tag, **turned)
    return Html(made.replace("<option", "<option selected", 1)) if chosen else together(made)
