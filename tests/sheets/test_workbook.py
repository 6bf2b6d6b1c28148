"""Workbooks as another library reads them: every text a text, and a sheet that is full goes on in the next."""

import re
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook

from nexus.sheets.book import Book, Column, Fact, OptionTotal, Row
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
    write(book, rows, path, **options)
    return path.read_bytes()


def some(texts: list[str]) -> Book:
    facts = [Fact("Question", texts[0], "text"), Fact("Voters", 3, "number"), Fact("Created (UTC)", NOON_S, "time")]
    options = [OptionTotal(text, n, 0.3333) for n, text in enumerate(texts)]
    return Book("Well?", facts, options, [Column("Ballot", "text", 20), *(Column(one, "number", 9) for one in texts)])


def test_every_text_is_a_text_wherever_it_stands(tmp_path: Path) -> None:
    rows: list[Row] = [{0: text} for text in TEXTS]
    content = made(tmp_path, some(TEXTS), rows)
    read = sheets(content)
    assert [row[0] for row in read["Ballots"][1:]] == TEXTS
    assert read["Ballots"][0][1:] == TEXTS
    assert [row[0] for row in read["Totals"][5:]] == TEXTS
    assert read["Totals"][0][1] == TEXTS[0]
    with zipfile.ZipFile(BytesIO(content)) as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist() if "worksheets" in name)
    assert not re.search(rb"<f[ >/]|<hyperlink|<c r='", whole)


def test_numbers_shares_and_times_are_what_a_spreadsheet_counts_with(tmp_path: Path) -> None:
    content = made(tmp_path, some(["Tea", "Milk"]), [{0: "b1", 1: 1}, {0: "b2", 2: 1}])
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
    content = made(tmp_path, msgspec.structs.replace(some(["Tea"]), title=question), [])
    assert list(sheets(content)) == ["Totals", "Ballots"]
    title = load_workbook(BytesIO(content)).properties.title
    assert title is not None and plain(title) == question[:255]


@pytest.mark.parametrize(("ballots", "names"), [(0, ["Ballots"]), (3, ["Ballots"]), (4, ["Ballots", "Ballots 2"])])
def test_ballots_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, ballots: int, names: list[str]) -> None:
    rows: list[Row] = [{0: f"b{n}", 1: 1} for n in range(ballots)]
    read = sheets(made(tmp_path, some(["Tea"]), rows, rows_per_sheet=4))
    assert list(read) == ["Totals", *names]
    assert all(read[name][0] == ["Ballot", "Tea"] for name in names)
    assert [row for name in names for row in read[name][1:]] == [[f"b{n}", 1] for n in range(ballots)]


def test_a_file_of_no_rows_leaves_only_itself(tmp_path: Path) -> None:
    made(tmp_path, some(["Tea"]), [])
    assert [path.name for path in tmp_path.iterdir()] == ["workbook.xlsx"]
