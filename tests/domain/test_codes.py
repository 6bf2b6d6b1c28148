"""Codes: how they are made, and how they are read; the table is the screens' too (tests/client/js/rules/codes.js)."""

import json
from pathlib import Path

import pytest

from nexus.domain.codes import (
    ALPHABET,
    CODE_LENGTH,
    PRIVATE_CODE_LENGTH,
    has_code_shape,
    new_code,
    normalize_code,
    read_code,
)

TABLE = json.loads(Path(__file__).with_name("codes.json").read_text("utf-8"))


@pytest.mark.parametrize(("typed", "kept"), TABLE["kept"])
def test_a_code_is_read_as_people_type_it(typed: str, kept: str) -> None:
    assert normalize_code(typed) == kept
    assert normalize_code(kept) == kept


@pytest.mark.parametrize(("typed", "kept"), TABLE["kept"] + TABLE["read"])
def test_a_code_is_read_from_what_people_paste(typed: str, kept: str) -> None:
    assert read_code(typed) == kept


@pytest.mark.parametrize(
    "code", ["", "K7M2Q", "K7M2QPA", "K7M2QPAB2", "K7M2QPAB234", "K7M2Q0", "KLM2QP", "k7m2qp", "K7M2QP\n"]
)
def test_what_no_server_makes_has_no_code_shape(code: str) -> None:
    assert not has_code_shape(code)


@pytest.mark.parametrize("length", [CODE_LENGTH, PRIVATE_CODE_LENGTH])
def test_a_new_code_has_the_shape_of_one(length: int) -> None:
    for _ in range(100):
        assert has_code_shape(new_code(length))


def test_a_new_code_is_kept_as_it_is_made() -> None:
    assert new_code(6, lambda characters: characters[-1]) == "ZZZZZZ"
    assert set(new_code(10_000)) == set(ALPHABET)
    assert normalize_code(ALPHABET) == ALPHABET
