"""The words of the screens: every language complete, every sentence used, and each reader's language found."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexus.access.oidc.failures import Reason
from nexus.access.password_policy import check_password
from nexus.domain.definition import NewOption, NewPoll, new_poll_problems
from nexus.errors import NexusError
from nexus.http.framework.static import WEB
from nexus.http.framework.words import Sentence, Words
from nexus.http.pages.languages import NAMES
from nexus.http.pages.refusals import FAILED
from nexus.http.pages.refusals import NAMES as REFUSALS
from tests.support.node import node, required

WORDS = Words(WEB / "words")
SECTIONS = tuple(json.loads((WEB / "words" / "en.json").read_text()))
SCRIPTS = "\n".join(path.read_text() for path in sorted((WEB / "screens").rglob("*.js")))
PYTHON = {"page.noscript", "page.language"} | {f"{name}.title" for name in ("enter", "vote", "live", "host")}
PYTHON |= {f"error.{name}_{part}" for name in (*REFUSALS.values(), FAILED) for part in ("heading", "text")}
PYTHON |= {f"oidc.{name}" for name in ("heading", "cancelled", "again", "back", *Reason)}
PYTHON |= set(WORDS.sections("en", "sheets"))
PYTHON |= {"error.reference", "error.start", "error.host"}
"""Sentences that the server itself says."""
RECORDED = ("host.did_", "host.who_", "event.did_", "users.role_")
"""What the history and the accounts of the server name."""
NEVER_REFUSED = {"poll_not_open"}
"""No page votes before a poll opens: there is the lobby."""
GLOSSARY = (WEB / "words" / "GLOSSARY.md").read_text()
PLACE = re.compile(r"\{(\w+)\}")
PLURALS = {
    "en": "one other",
    "de": "one other",
    "es": "one many other",
    "fr": "one many other",
    "it": "one many other",
    "nl": "one other",
    "pl": "one few many other",
    "pt": "one many other",
    "tr": "one other",
    "uk": "one few many other",
    "ar": "zero one two few many other",
    "ja": "other",
}
"""The plural categories of CLDR for each language."""
ALONE = {
    **dict.fromkeys(("en", "de", "es", "it", "nl", "pl", "tr"), ("one",)),
    **dict.fromkeys(("fr", "pt", "uk", "ja"), ()),
    "ar": ("zero", "one", "two"),
}
"""Those of them that stand for one number alone."""
CATEGORIES = """
const told = {};
for (const language of JSON.parse(process.argv[1])) {
  const rules = new Intl.PluralRules(language);
  told[language] = Object.fromEntries(rules.resolvedOptions().pluralCategories.map((one) => [one, 0]));
  for (const n of [...Array(1000).keys(), 1e6, 2e6]) told[language][rules.select(n)] += 1;
}
console.log(JSON.stringify(told));
"""
ALIKE = {
    "de": "code export live logo min neutral online option position s status text",
    "fr": "code description export exports min option options pages position question questions s vote votes logo",
    "es": "min neutral no roles s",
    "it": "account min no online password s logo",
    "nl": "account accounts code contrast exports live min online open s status logo",
    "pl": "administrator min online operator s logo",
    "pt": "min s",
    "tr": "logo",
    "uk": "",
    "ar": "",
    "ja": "",
}
"""The words that a language shares with English."""
LATIN = {
    *("Nexus", "QR", "CSV", "JSON", "Excel", "JavaScript", "Cookie", "cookie"),
    *("PNG", "SVG", "JPEG", "WebP", "GIF", "KB", "MB"),
    *("Ctrl", "Alt", "Enter", "scripts", "serve", "lan"),
}
"""What is written in Latin letters everywhere."""


def forms(sentence: Sentence) -> list[str]:
    return [sentence] if isinstance(sentence, str) else list(sentence.values())


def placed(form: str) -> list[str]:
    return PLACE.findall(form)


def bare(form: str) -> str:
    return PLACE.sub("", form)


def places(sentence: Sentence) -> set[str]:
    return {place for form in forms(sentence) for place in placed(form)}


def test_every_language_has_a_name_of_its_own() -> None:
    assert set(WORDS.languages) == set(NAMES) == set(PLURALS)


@pytest.mark.parametrize("language", WORDS.languages)
def test_a_language_has_every_sentence_and_no_other(language: str) -> None:
    first, other = WORDS.sections("en", *SECTIONS), WORDS.sections(language, *SECTIONS)
    assert sorted(set(first) - set(other)) == [], "missing"
    assert sorted(set(other) - set(first)) == [], "of no use"
    counted = {name for name, sentence in first.items() if isinstance(sentence, dict)}
    assert {name for name, sentence in other.items() if isinstance(sentence, dict)} == counted


@pytest.mark.parametrize("language", WORDS.languages)
def test_a_sentence_has_the_places_of_the_english_one_in_each_of_its_forms(language: str) -> None:
    """A form that stands for one number may do without it: "One vote per person"."""
    for name, english in WORDS.sections("en", *SECTIONS).items():
        sentence = WORDS.sections(language, *SECTIONS)[name]
        for category, form in (sentence if isinstance(sentence, dict) else {"": sentence}).items():
            optional = {"n"} if category in ALONE[language] or "n" not in places(english) else set()
            assert places(english) - optional <= set(placed(form)) <= places(english), (
                f"{name} {category} in {language}"
            )
            assert form.strip() == form and form, f"{name} in {language}"
            assert not re.search(r"[{}]", PLACE.sub("", form)), f"{name} in {language}"


@pytest.mark.parametrize("language", WORDS.languages)
def test_plurals_have_every_form_of_their_language(language: str) -> None:
    for name, sentence in WORDS.sections(language, *SECTIONS).items():
        if isinstance(sentence, dict):
            assert set(sentence) == set(PLURALS[language].split()), f"{name} in {language}"


def test_the_forms_of_plurals_are_those_of_browsers() -> None:
    command = required(*node())
    asked = json.dumps(list(PLURALS))
    done = subprocess.run([*command, "-e", CATEGORIES, asked], capture_output=True, timeout=60, check=True)
    told = json.loads(done.stdout)
    for language, categories in PLURALS.items():
        assert set(told[language]) == set(categories.split()), language
        assert {one for one, count in told[language].items() if count == 1} == set(ALONE[language]), language


@pytest.mark.parametrize("language", sorted(set(WORDS.languages) - {"en"}))
def test_nothing_is_left_in_english(language: str) -> None:
    english, other = WORDS.sections("en", *SECTIONS), WORDS.sections(language, *SECTIONS)
    alike = {"nexus"} | set(ALIKE[language].split())
    for name, sentence in english.items():
        for form in set(forms(sentence)) & set(forms(other[name])):
            assert set(re.findall("[a-z]+", bare(form).lower())) <= alike, f"{name} in {language}"


@pytest.mark.parametrize("language", sorted(set(WORDS.languages) & {"ar", "ja", "uk"}))
def test_another_script_is_used_throughout(language: str) -> None:
    for name, sentence in WORDS.sections(language, *SECTIONS).items():
        for form in forms(sentence):
            strange = set(re.findall(r"[A-Za-z]{2,}", bare(form))) - LATIN
            assert not strange, f"{name} in {language}: {strange}"


def glossary(language: str) -> tuple[list[str], list[str]]:
    """The terms of a language, and what is never said or written in it (nexus/web/words/GLOSSARY.md)."""
    part = re.split(r"^## ", GLOSSARY, flags=re.MULTILINE)
    (own,) = [one for one in part if re.match(rf".+\(`{language}`\)$", one.splitlines()[0])]
    rows = [row.strip("|").split("|") for row in own.splitlines() if row.startswith("|")][2:]
    signs = own.partition("Signs that are not used:")[2].splitlines()[0]
    never = [*re.findall(r"`([^`]+)`", signs), *(one for row in rows for one in re.findall(r"`([^`]+)`", row[2]))]
    return [row[1].strip() for row in rows], never


@pytest.mark.parametrize("language", WORDS.languages)
def test_a_thing_has_one_name(language: str) -> None:
    # In sheets a ballot is a ballot: programs read the English ones.
    sections = [one for one in SECTIONS if one != "sheets"]
    texts = [bare(form) for sentence in WORDS.sections(language, *sections).values() for form in forms(sentence)]
    terms, never = glossary(language)
    assert len(terms) > 15
    assert not [term for term in terms if not any(term.lower() in text.lower() for text in texts)], "not in use"
    for pattern in never:
        assert not [text for text in texts if re.search(pattern, text, re.IGNORECASE)], pattern


@pytest.mark.parametrize("language", WORDS.languages)
def test_the_words_of_sheets_are_what_spreadsheets_take(language: str) -> None:
    """Names of sheets have at most 31 characters, with a number behind, some signs are not allowed, and both differ."""
    totals, ballots = (WORDS.say(language, "sheets", name) for name in ("totals", "ballots"))
    assert totals.lower() != ballots.lower()
    for name in (totals, ballots):
        assert len(name) <= 28
        assert not re.search(r"[\[\]:*?/\\']", name)


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


def said() -> tuple[set[str], list[str]]:
    """The names that the scripts say, and the beginnings of those that are put together."""
    sections = "|".join(SECTIONS)
    whole = set(re.findall(rf"""["'`]((?:{sections})\.\w+)["'`]""", SCRIPTS))
    begun = re.findall(rf"`((?:{sections})\.\w*)\$\{{", SCRIPTS)
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


def test_what_a_name_is_put_together_of_is_in_the_scripts_or_a_code_of_the_server() -> None:
    """A beginning alone would hide what can't be reached: `host.` begins every sentence of its section."""
    whole, begun = said()
    codes = {error.code for error in error_types(NexusError)}
    for name in set(WORDS.sections("en", *SECTIONS)) - whole - PYTHON:
        endings = {name.removeprefix(beginning) for beginning in begun if name.startswith(beginning)}
        refused = {ending for ending in endings if name.partition(".")[2] == f"refused_{ending}"}
        if refused:
            assert refused & codes - NEVER_REFUSED, name
        elif not any(name.startswith(beginning) for beginning in RECORDED):
            assert any(re.search(rf"""["'`]{one}["'`]|\b{one}:""", SCRIPTS) for one in parts(endings)), name


def error_types(root: type[NexusError]) -> set[type[NexusError]]:
    return {root}.union(*(error_types(one) for one in root.__subclasses__()))


def parts(endings: set[str]) -> Iterator[str]:
    """Patterns of what a script may hold of these endings: one may have a part behind it, and a value in front."""
    for ending in endings:
        words = re.sub(r"_(hint|title|text|act|done|yes|no)$", "", ending).split("_")
        yield from ("[-_]".join(words[place:]) for place in range(len(words)))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH, de;q=0.9, en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("sv, de;q=0.7, en;q=0.3", "de"),
        ("sv", "en"),
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
