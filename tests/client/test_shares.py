"""Shares as the terminal shows them; the table is the pages' too (tests/client/js/rules/shares.js)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.client.shares import shares

TABLE = json.loads((Path(__file__).parents[1] / "domain" / "shares.json").read_text("utf-8"))


@pytest.mark.parametrize(("counts", "total", "shown"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_shares_are_those_of_the_table(counts: list[int], total: int, shown: list[str]) -> None:
    assert shares(counts, total) == shown


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=12))
def test_shares_of_ballots_with_one_choice_add_to_100_and_keep_the_order(counts: list[int]) -> None:
    total = sum(counts)
    told = {"<1": 0, ">99": 100}
    whole = [told.get(text, -1) if text in told else int(text) for text in shares(counts, total)]
    assert sum(whole) == (100 if total else 0)
    ranked = [share for _, share in sorted(zip(counts, whole, strict=True))]
    assert ranked == sorted(ranked)
    assert all(abs(share * total - 100 * count) < total for count, share in zip(counts, whole, strict=True) if total)
