"""What the screens say, in one file per language (nexus/web/words), and which language a browser wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

Sentence = str | dict[str, str]
"""A text with placeholders in braces, or one text for each plural category of `n` (CLDR: one, few, other …)."""

FIRST = "en"
"""The language for readers who ask for none of the available ones."""

RIGHT_TO_LEFT = frozenset({"ar"})
"""The languages whose script runs from right to left."""


class Words:
    """The languages of `folder`: a JSON file for each, of sections, each with its sentences by name."""

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*.json"))
        self._of = {one.stem: msgspec.json.decode(one.read_bytes(), type=dict[str, dict[str, Any]]) for one in files}

    @property
    def languages(self) -> list[str]:
        """Their tags, such as `en`."""
        return list(self._of)

    def choose(self, accept_language: str) -> str:
        """The language for a header `Accept-Language` (RFC 9110, section 12.5.4; RFC 4647, section 3.4)."""
        wanted = [(-_weight(weight), tag) for tag, weight in map(_split, accept_language.split(",")) if tag]
        for weight, tag in sorted(wanted, key=lambda one: one[0]):
            if weight and tag.partition("-")[0] in self._of:
                return tag.partition("-")[0]
        return FIRST

    def say(self, language: str, section: str, name: str) -> str:
        """A sentence without placeholders or plurals."""
        return str(self._of[language][section][name])

    def sections(self, language: str, *sections: str) -> dict[str, Sentence]:
        """The sentences of `sections`, by names such as `vote.recorded`."""
        told = self._of[language]
        return {f"{section}.{name}": text for section in sections for name, text in told[section].items()}

    def files(self, *sections: str) -> dict[str, bytes]:
        """`sections` in every language as files, for pages that load them only when they need them, by names such as
        `words/en/users.json`."""
        return {
            f"words/{language}/{section}.json": msgspec.json.encode(self.sections(language, section))
            for language in self.languages
            for section in sections
        }


def _split(text: str) -> tuple[str, str]:
    tag, _, weight = text.strip().lower().partition(";")
    return tag.strip(), weight.strip().removeprefix("q=")


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
