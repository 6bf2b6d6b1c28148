"""Codes: how they are made, and how they are read; the table is the screens' too (tests/client/js/rules/codes.js)."""

import json
from pathlib import Path

import pytest

from nexus.domain.codes import ALPHABET, new_code, normalize_code

TABLE = json.loads(Path(__file__).with_name("codes.json").read_text("utf-8"))


@pytest.mark.parametrize(("typed", "kept"), TABLE)
def test_a_code_is_read_as_people_type_it(typed: str, kept: str) -> None:
    assert normalize_code(typed) == kept
    assert normalize_code(kept) == kept


def test_a_new_code_is_kept_as_it_is_made() -> None:
    assert new_code(6, lambda characters: characters[-1]) == "ZZZZZZ"
    assert set(new_code(10_000)) == set(ALPHABET)
    assert normalize_code(ALPHABET) == ALPHABET
