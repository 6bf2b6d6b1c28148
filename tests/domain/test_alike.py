"""Texts that people could not tell apart, or not see; the table is the host form's too (tests/client/js/rules)."""

import json
import random
import sys
import unicodedata
from pathlib import Path

import pytest

from nexus.domain.alike import fold, has_invisible, is_visible
from nexus.domain.definition import option_problems, option_text_problems
from nexus.domain.text import shown_problems, username_problems

TABLE = json.loads(Path(__file__).with_name("alike.json").read_text("utf-8"))


@pytest.mark.parametrize(("one", "other"), TABLE["alike"])
def test_what_people_cannot_tell_apart_is_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), TABLE["different"])
def test_what_people_can_tell_apart_is_not(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_nothing_of_an_invisible_text_is_seen() -> None:
    assert [text for text in TABLE["visible"] if not is_visible(text)] == []
    assert [text for text in TABLE["invisible"] if is_visible(text)] == []


def test_every_character_is_folded_once_and_for_all() -> None:
    uniform = (*range(0x3400, 0xA000), *range(0xAC00, 0xD7A4), *range(0x20000, 0xE0000), *range(0xE1000, 0x110000))
    for code in set(range(sys.maxunicode + 1)).difference(uniform):
        folded = fold(chr(code))
        assert fold(folded) == folded, hex(code)


def test_texts_of_any_characters_are_folded_once_and_for_all() -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    for _ in range(5_000):
        text = "".join(chr(draw.choice((0x300, 0x1F00, 0x1100, 0x10000)) + draw.randrange(256)) for _ in range(5))
        folded = fold(text)
        assert fold(folded) == folded, (seed, ascii(text))
        assert fold(unicodedata.normalize("NFD", text)) == folded, (seed, ascii(text))


def test_options_alike_are_named_with_the_first() -> None:
    assert option_problems("options", ["Yes", "No", "ye\u200bs", "\uff2e\uff4f", "YES"]) == [
        ("options[2].option_text", "is the same as options[0].option_text"),
        ("options[3].option_text", "is the same as options[1].option_text"),
        ("options[4].option_text", "is the same as options[0].option_text"),
    ]
    assert option_text_problems("N\u00ado", ["Yes", "No"]) == [("option_text", "is the same as another option")]
    assert option_text_problems("Not", ["Yes", "No"]) == []


def test_a_text_that_nobody_sees_is_refused() -> None:
    for text in ("\u3164", "\u2800\u2800", "\u200b\ufe0f"):
        assert shown_problems("question", text, 9) == [("question", "must have a visible character")]


@pytest.mark.parametrize(
    "name", ["admin\u3164", "ad\u2800min", "ad\u200bmin", "a\u034fb", "a\u00a0b", "a\tb", "\u115fa"]
)
def test_a_username_has_nothing_invisible(name: str) -> None:
    assert has_invisible(name)
    assert username_problems(name) == [("username", "must not contain control or invisible characters")]


@pytest.mark.parametrize("name", ["Änne Müller", "Ann \u2764\ufe0f", "\u738b\u5c0f\u660e", "\u0645\u0631\u064a\u0645"])
def test_a_username_may_be_of_any_script(name: str) -> None:
    assert username_problems(name) == []
