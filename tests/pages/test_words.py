"""The words of the screens: every language complete, every sentence used, and each reader's language found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nexus.http.framework.static import WEB
from nexus.http.pages.words import Sentence, Words

WORDS = Words(WEB / "words")
SECTIONS = ("shared", "enter", "login", "vote", "live", "host")
SCRIPTS = "\n".join(path.read_text() for path in sorted((WEB / "screens").rglob("*.js")))
PYTHON = {"shared.noscript"} | {f"{name}.title" for name in ("enter", "vote", "live", "host")}
"""Sentences that the server itself says."""


def forms(sentence: Sentence) -> list[str]:
    return [sentence] if isinstance(sentence, str) else list(sentence.values())


def places(sentence: Sentence) -> set[str]:
    return {place for form in forms(sentence) for place in re.findall(r"\{(\w+)\}", form)}


def test_there_are_two_languages() -> None:
    assert WORDS.languages == ["de", "en"]


def test_every_language_has_every_sentence_with_the_same_places() -> None:
    first = WORDS.sections("en", *SECTIONS)
    for language in WORDS.languages:
        other = WORDS.sections(language, *SECTIONS)
        assert set(other) == set(first), language
        for name, sentence in first.items():
            assert places(other[name]) == places(sentence), f"{name} in {language}"
            assert isinstance(other[name], dict) == isinstance(sentence, dict), f"{name} in {language}"
            assert all(form.strip() == form and form for form in forms(other[name])), f"{name} in {language}"


def test_plurals_have_the_forms_of_both_languages() -> None:
    for language in WORDS.languages:
        for name, sentence in WORDS.sections(language, *SECTIONS).items():
            if isinstance(sentence, dict):
                assert set(sentence) == {"one", "other"}, f"{name} in {language}"


def test_translations_are_translations() -> None:
    """A sentence of several words that is the same in both languages was forgotten."""
    english, german = WORDS.sections("en", *SECTIONS), WORDS.sections("de", *SECTIONS)
    same = {
        name
        for name, sentence in english.items()
        if sentence == german[name]
        and any(len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", form))) > 2 for form in forms(sentence))
    }
    assert not same


@pytest.mark.parametrize(
    ("language", "pattern"),
    [
        ("en", r"ballot|retract|'|\.\.\."),
        # A poll is an Umfrage and its choices are Optionen, for hosts and audiences alike.
        ("de", r"Abstimmung(?!sseite)|Antwort|Stimmzettel|Gastgeber|zurücknehm|\.\.\.|\S…"),
    ],
)
def test_a_thing_has_one_name_and_signs_one_style(language: str, pattern: str) -> None:
    texts = [form for sentence in WORDS.sections(language, *SECTIONS).values() for form in forms(sentence)]
    assert not [text for text in texts if re.search(pattern, text, re.IGNORECASE)]


def said() -> tuple[set[str], list[str]]:
    """The names that the scripts say, and the beginnings of those that are put together."""
    whole = set(re.findall(r'["\'`]((?:shared|enter|login|vote|live|host)\.\w+)["\'`]', SCRIPTS))
    begun = re.findall(r"`((?:shared|enter|login|vote|live|host)\.\w*)\$\{", SCRIPTS)
    return whole, begun


def test_every_sentence_that_is_said_is_there() -> None:
    there = WORDS.sections("en", *SECTIONS)
    whole, begun = said()
    assert whole
    assert whole <= set(there), whole - set(there)
    for beginning in begun:
        assert any(name.startswith(beginning) for name in there), beginning


def test_every_sentence_that_is_there_is_said() -> None:
    whole, begun = said()
    unsaid = {
        name
        for name in WORDS.sections("en", *SECTIONS)
        if name not in whole | PYTHON and not any(name.startswith(beginning) for beginning in begun)
    }
    assert not unsaid


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH, de;q=0.9, en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr, de;q=0.7, en;q=0.3", "de"),
        ("fr", "en"),
        ("en;q=0.2, de;q=0.9", "de"),
        ("de;q=0, en", "en"),
        ("de;q=0", "en"),
        ("DE-at", "de"),
        ("*", "en"),
        ("de;q=nonsense", "en"),
        (", ,;q=1", "en"),
        ("../../secret, de", "de"),
    ],
)
def test_the_language_is_the_readers_best(header: str, language: str) -> None:
    assert WORDS.choose(header) == language


def test_a_file_for_another_language_is_enough(tmp_path: Path) -> None:
    (tmp_path / "en.json").write_text('{"shared": {"hello": "Hello"}}')
    (tmp_path / "fr.json").write_text('{"shared": {"hello": "Bonjour"}}')
    words = Words(tmp_path)
    assert words.say(words.choose("fr-CA"), "shared", "hello") == "Bonjour"
    assert words.sections("fr", "shared") == {"shared.hello": "Bonjour"}
