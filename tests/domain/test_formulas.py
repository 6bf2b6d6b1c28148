"""Texts in CSV that a spreadsheet would run, and those it only counts with."""

import pytest

from nexus.domain.formulas import guarded


@pytest.mark.parametrize(
    "text",
    [
        *("-5", "+3", "-1.5", "−5", "1e5", "-1e5", "+1.5E-3", "-5%", "-5 %", "-1.000.000", "-.5", "-5,5", "-", "+"),
        *("Tea", "1-2", "007", "5 - 3", "x=1", "a@b.example", "“=1”", "https://a.example/?b=1;c=2", "1,-5", ""),
        *("Well?\nYes", "投票", "{=A1}", "'=1+1", "#REF!", "12345678e9012345"),
    ],
)
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "@x", "@SUM(A1)", "+A1", "-A1", "-cmd|' /C calc'!A0", "=cmd|'/C calc'!A0", "=", "--5", "-5-3"),
        *("\tx", "\rx", "\nx", "-5 apples", "-1/2", "+1e", "-٥", "-inf", "+49 170 12", "=IMPORTXML(A1)"),
        *("＝1+1", "＋A1", "－A1", "＠x", "﹦1", '=HYPERLINK("https://a.example")'),
    ],
)
def test_formulas_are_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" =1+1", " '=1+1"),
        ("\u00a0=1", "\u00a0'=1"),
        ("\u200b=1", "\u200b'=1"),
        ("\ufeff@x", "\ufeff'@x"),
        ("\t=1", "'\t'=1"),
        ('"=1+1"', '"\'=1+1"'),
        ("a;=1+1;b", "a;'=1+1;b"),
        ("a,@x", "a,'@x"),
        ("a\t-cmd|' /C calc'!A0", "a\t'-cmd|' /C calc'!A0"),
        ("a\n=1", "a\n'=1"),
        ('a;"=1+1', "a;\"'=1+1"),
        ("-5\r\n+A1", "-5\r\n'+A1"),
        ("=1;=2", "'=1;'=2"),
    ],
)
def test_what_a_spreadsheet_skips_or_splits_at_hides_no_formula(text: str, kept: str) -> None:
    assert guarded(text) == kept
