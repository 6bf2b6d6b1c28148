"""Workbooks as another library reads them: every text a text, and a sheet that is full goes on in the next."""

import re
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook

from nexus.sheets.book import Book, Column, Fact, Row, Sheet
from nexus.sheets.names import LONGEST_UNITS, next_name, sheet_name
from nexus.sheets.workbook import write
from tests.support.workbooks import plain, sheets

NOON_S = 1_795_867_200.25
NOON = datetime.fromtimestamp(NOON_S, UTC).replace(tzinfo=None)  # a spreadsheet knows no zone
TEXTS = [
    *("1-2", "007", "-5", "=1+1", "12e5", "+3", "@x", "3/4", "1,5", "TRUE", "#N/A", "12345678e9012345", "0x1F"),
    *("https://a.example", "mailto:a@b.example", "internal:Sheet!A1", "{=A1}", "'=1+1", "=HYPERLINK(1)", "ftp://a"),
    *("Ärger", "☕️", "投票", "שלום", "\u202eabc", "x" * 255, " lead", "trail ", "a\nb", "a\r\nb", "a\tb"),
    *("\x01\x0b\x1f\x7f", "_x000D_", "_x0041_b", "_x005F_", "\ufffe\uffff", "&<>\"'", "]]>", "<![CDATA[x"),
    *("<r>x</r>", "<r><t>a</t></r>", "</t></is></c>", "<r></t></is></c><c r='Z9'><f>1+1</f></c></r>"),
]


def made(folder: Path, book: Book, rows: list[Row], **options: int) -> bytes:
    path = folder / "workbook.xlsx"
    write(book, iter(rows), path, **options)
    return path.read_bytes()


def some(texts: list[str], ballots: list[Row]) -> tuple[Book, list[Row]]:
    """The book of a poll with these options and ballots, and its rows."""
    facts = [Fact("Question", texts[0], "text"), Fact("Voters", 3, "number"), Fact("Created (UTC)", NOON_S, "time")]
    heads = [Column("Option", "text", 60), Column("Votes", "number", 22), Column("Share", "share", 22)]
    options: list[Row] = [{0: text, 1: n, 2: 0.3333} for n, text in enumerate(texts)]
    columns = [Column("Ballot", "text", 20), *(Column(one, "number", 9) for one in texts)]
    sheets = [Sheet("Totals", heads, len(options), facts), Sheet("Ballots", columns, len(ballots))]
    return Book("Well?", sheets), [*options, *ballots]


def test_every_text_is_a_text_wherever_it_stands(tmp_path: Path) -> None:
    rows: list[Row] = [{0: text} for text in TEXTS]
    content = made(tmp_path, *some(TEXTS, rows))
    read = sheets(content)
    assert [row[0] for row in read["Ballots"][1:]] == TEXTS
    assert read["Ballots"][0][1:] == TEXTS
    assert [row[0] for row in read["Totals"][5:]] == TEXTS
    assert read["Totals"][0][1] == TEXTS[0]
    with zipfile.ZipFile(BytesIO(content)) as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist() if "worksheets" in name)
    assert not re.search(rb"<f[ >/]|<hyperlink|<c r='", whole)


def test_numbers_shares_and_times_are_what_a_spreadsheet_counts_with(tmp_path: Path) -> None:
    content = made(tmp_path, *some(["Tea", "Milk"], [{0: "b1", 1: 1}, {0: "b2", 2: 1}]))
    read = sheets(content)
    assert read["Totals"] == [
        ["Question", "Tea", None],
        ["Voters", 3, None],
        ["Created (UTC)", NOON, None],
        [None, None, None],
        ["Option", "Votes", "Share"],
        ["Tea", 0, 0.3333],
        ["Milk", 1, 0.3333],
    ]
    assert read["Ballots"] == [["Ballot", "Tea", "Milk"], ["b1", 1, None], ["b2", None, 1]]
    whole = load_workbook(BytesIO(content))
    totals, ballots = whole["Totals"], whole["Ballots"]
    assert [totals["C6"].number_format, totals["B3"].number_format] == ["0.00%", "yyyy-mm-dd hh:mm:ss"]
    assert whole.properties.title == "Well?" and not whole.properties.creator
    assert ballots.freeze_panes == "A2"
    assert all(ballots.cell(1, n).font.bold for n in (1, 2, 3)) and not ballots["A2"].font.bold
    assert ballots.column_dimensions["A"].width > 19


@pytest.mark.parametrize("question", ["\x01\x0b", "\ufffe", "&<>]]>", "<r>x</r>", "x" * 500, "\u202e☕️", "=1+1"])
def test_a_title_makes_no_workbook_unreadable(tmp_path: Path, question: str) -> None:
    book, rows = some(["Tea"], [])
    content = made(tmp_path, msgspec.structs.replace(book, title=question), rows)
    assert list(sheets(content)) == ["Totals", "Ballots"]
    title = load_workbook(BytesIO(content)).properties.title
    assert title is not None and plain(title) == question[:255]


@pytest.mark.parametrize(("ballots", "names"), [(0, ["Ballots"]), (3, ["Ballots"]), (4, ["Ballots", "Ballots 2"])])
def test_ballots_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, ballots: int, names: list[str]) -> None:
    rows: list[Row] = [{0: f"b{n}", 1: 1} for n in range(ballots)]
    read = sheets(made(tmp_path, *some(["Tea"], rows), rows_per_sheet=4))
    assert list(read) == ["Totals", *names]
    assert all(read[name][0] == ["Ballot", "Tea"] for name in names)
    assert [row for name in names for row in read[name][1:]] == [[f"b{n}", 1] for n in range(ballots)]


def test_a_file_of_no_rows_leaves_only_itself(tmp_path: Path) -> None:
    made(tmp_path, *some(["Tea"], []))
    assert [path.name for path in tmp_path.iterdir()] == ["workbook.xlsx"]


NAMES = [
    ("Tea or coffee?", "1 Tea or coffee"),
    ("[a]:b*c?d/e\\f", "1 a b c d e f"),
    ("'quoted'", "1 'quoted"),
    ("\u202eabc\x01\x00\r\n d", "1 abc d"),
    ("x" * 500, "1 " + "x" * 29),
    ("☕" * 20, "1 " + "☕" * 20),
    ("🍵" * 20, "1 " + "🍵" * 14),
    ("x" * 28 + "'s turn", "1 " + "x" * 28),
    ("\ufffe\U000e0041 ", "1"),
    ("History", "1 History"),
    ("=1+1", "1 =1+1"),
    ("שלום", "1 שלום"),
    ("می‌خواهم", "1 می‌خواهم"),
    ("x" * 27 + "e\u0301\u0302", "1 " + "x" * 27),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_names_of_sheets_are_such_as_spreadsheets_take(tmp_path: Path, text: str, name: str) -> None:
    assert sheet_name(1, text) == name
    columns = [Column("Ballot", "text", 20)]
    sheets_ = [Sheet("Totals", columns, 0), *(Sheet(sheet_name(n, text), columns, 5) for n in range(1, 12))]
    rows: list[Row] = [{0: f"b{n}"} for n in range(55)]
    read = sheets(made(tmp_path, Book("Well?", sheets_), rows, rows_per_sheet=4))
    firsts = [sheet_name(n, text) for n in range(1, 12)]
    assert list(read) == ["Totals", *(one for first in firsts for one in (first, next_name(first, 2)))]
    assert all(len(one.encode("utf-16-le")) <= 2 * LONGEST_UNITS for one in read)
    assert [row[0] for name in list(read)[1:] for row in read[name][1:]] == [f"b{n}" for n in range(55)]


def test_facts_stand_above_the_first_part_of_a_table_alone(tmp_path: Path) -> None:
    sheet = Sheet(
        "Totals", [Column("Option", "text", 20), Column("Votes", "number", 9)], 3, [Fact("Event", "Show", "text")]
    )
    rows: list[Row] = [{0: text, 1: 1} for text in "abc"]
    read = sheets(made(tmp_path, Book("Show", [sheet]), rows, rows_per_sheet=5))
    assert read == {
        "Totals": [["Event", "Show"], [None, None], ["Option", "Votes"], ["a", 1], ["b", 1]],
        "Totals 2": [["Option", "Votes"], ["c", 1]],
    }
