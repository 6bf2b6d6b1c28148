"""Names of files, made from a title, a round and a day."""

import re
from datetime import date

import pytest

from nexus.domain.file_names import file_name

DAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("question", "stem", "ascii_stem"),
    [
        ("Tea or coffee?", "tea-or-coffee", "tea-or-coffee"),
        ("Ärger über Straße & Co.", "ärger-über-straße-co", "arger-uber-strasse-co"),
        ("茶还是咖啡？", "茶还是咖啡", "poll-7"),
        ("קפה או תה?", "קפה-או-תה", "poll-7"),
        ('a/b\\c:d*e?f"g<h>i|j', "a-b-c-d-e-f-g-h-i-j", "a-b-c-d-e-f-g-h-i-j"),
        ("../../etc/passwd", "etc-passwd", "etc-passwd"),
        ("\u202egnp.exe", "gnp-exe", "gnp-exe"),
        ("line\r\nX-Header: 1\x00\x7f", "line-x-header-1", "line-x-header-1"),
        ("☕️🍵!", "poll-7", "poll-7"),
        ("\u0301 …", "poll-7", "poll-7"),
        ("CON", "con", "con"),
        (".hidden. ", "hidden", "hidden"),
        ("１／２ or ²?", "1-2-or-2", "1-2-or-2"),
        ("%2F%00;filename=x", "2f-00-filename-x", "2f-00-filename-x"),
    ],
)
def test_a_name_is_the_question_and_the_day(question: str, stem: str, ascii_stem: str) -> None:
    assert file_name(question, "poll-7", DAY, "csv") == (f"{stem}-2026-11-28.csv", f"{ascii_stem}-2026-11-28.csv")


def test_an_earlier_round_is_named() -> None:
    assert file_name("Well?", "poll-7", DAY, "xlsx", earlier_round=2).name == "well-round-2-2026-11-28.xlsx"
    assert file_name("?", "poll-7", DAY, "xlsx", earlier_round=2).name == "poll-7-round-2-2026-11-28.xlsx"


@pytest.mark.parametrize("question", ["x" * 500, "wörter " * 80, "長" * 500, "é" * 300, "a" * 119 + "語", "क्षि" * 120])
def test_a_long_question_is_cut(question: str) -> None:
    name, plain = file_name(question, "poll-7", DAY, "xlsx", earlier_round=2**31 - 1)
    assert len(name.encode()) < 180 and name.endswith("-round-2147483647-2026-11-28.xlsx")
    assert re.fullmatch("[a-z0-9.-]+", plain) and "--" not in name
