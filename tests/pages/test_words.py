"""The words of the screens: every language complete, every sentence used, and each reader's language found."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexus.access.oidc.failures import Reason
from nexus.access.password_policy import check_password
from nexus.domain.definition import NewOption, NewPoll, new_poll_problems
from nexus.http.framework.static import WEB
from nexus.http.framework.words import Sentence, Words
from nexus.http.pages.refusals import FAILED, NAMES

WORDS = Words(WEB / "words")
SECTIONS = ("shared", "enter", "code", "error", "login", "vote", "live", "host", "users", "hosting", "provider", "oidc")
SCRIPTS = "\n".join(path.read_text() for path in sorted((WEB / "screens").rglob("*.js")))
PYTHON = {"shared.noscript", "shared.language"} | {f"{name}.title" for name in ("enter", "vote", "live", "host")}
PYTHON |= {f"error.{name}_{part}" for name in (*NAMES.values(), FAILED) for part in ("heading", "text")}
PYTHON |= {f"oidc.{name}" for name in ("heading", "cancelled", "again", "back", *Reason)}
PYTHON |= {"error.reference", "error.start", "error.host"}
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


def rules_of_the_server() -> set[str]:
    """What the server says of fields that break a rule, as far as no database is asked."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    alike = [NewOption("Yes"), NewOption(" yes ")]
    empty = NewPoll(question="", description="x" * 10_001, options=[NewOption("\u200b")], max_choices=0)
    poll = NewPoll(question="\0", options=alike, opens_at=now, expires_at=now)
    problems = [*new_poll_problems(empty, now), *new_poll_problems(poll, now)]
    return {text for _, text in problems} | {*check_password("password", "password"), *check_password("", "ann")}


def test_the_rules_that_a_form_may_break_have_sentences() -> None:
    table = re.findall(r'^  \[/(.+)/, "(\w+)"\],$', (WEB / "screens/host/faults.js").read_text(), re.MULTILINE)
    assert len(table) > 10
    assert {f"host.rule_{name}" for _, name in table} <= set(WORDS.sections("en", "host"))
    found = rules_of_the_server()
    assert len(found) >= 10
    assert not [text for text in found if not any(re.search(pattern, text) for pattern, _ in table)]


SAID = "shared|enter|code|login|vote|live|host|users|hosting|provider"


def said() -> tuple[set[str], list[str]]:
    """The names that the scripts say, and the beginnings of those that are put together."""
    whole = set(re.findall(rf'["\'`]((?:{SAID})\.\w+)["\'`]', SCRIPTS))
    begun = re.findall(rf"`((?:{SAID})\.\w*)\$\{{", SCRIPTS)
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
