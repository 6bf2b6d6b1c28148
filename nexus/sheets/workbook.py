"""A `Book` as an .xlsx file: rows go to disk as they come, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from nexus.sheets.book import Book, Kind, Row

ROWS_PER_SHEET = 1_048_576
"""Of Excel; the first holds the heads."""

_DAY_S = 86_400
# Days from the first day of Excel's calendar to 1970.
_EPOCH_DAY = 25_569
_TITLE_CHARACTERS = 255
_LABEL_WIDTH = 60
_VALUE_WIDTH = 22
_TIME = "yyyy-mm-dd hh:mm:ss"


class Overfull(Exception):
    """A cell did not take what was to be written into it."""


def write(book: Book, rows: Iterable[Row], path: Path, *, rows_per_sheet: int = ROWS_PER_SHEET) -> None:
    """Write the workbook to `path`, and what is needed on the way beside it. Rows beyond a sheet go on in the next."""
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    workbook.set_properties({"title": book.title[:_TITLE_CHARACTERS]})
    _Sheets(workbook).write(book, rows, rows_per_sheet)
    workbook.close()  # not by `with`, which would write it out after a failure, too


class _Sheets:
    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._bold = workbook.add_format({"bold": True})
        self._plain = workbook.add_format()
        formats = {"share": {"num_format": "0.00%"}, "time": {"num_format": _TIME}, "number": {"num_format": "0"}}
        self._formats = {kind: workbook.add_format(of) for kind, of in formats.items()}

    def write(self, book: Book, rows: Iterable[Row], rows_per_sheet: int) -> None:
        self._totals(book)
        sheet, row, sheets = self._ballots(book, 1), 0, 1
        for cells in rows:
            if row + 1 == rows_per_sheet:
                sheets += 1
                sheet, row = self._ballots(book, sheets), 0
            row += 1
            for place, cell in cells.items():
                self._put(sheet, row, place, cell, book.columns[place].kind)

    def _totals(self, book: Book) -> None:
        sheet = self._sheet(book, book.heads.totals)
        sheet.set_column(0, 0, _LABEL_WIDTH)
        sheet.set_column(1, 2, _VALUE_WIDTH)
        for row, fact in enumerate(book.facts):
            self._text(sheet, row, 0, fact.label, self._bold)
            self._put(sheet, row, 1, fact.value, fact.kind)
        first = len(book.facts) + 1
        for place, head in enumerate((book.heads.option, book.heads.votes, book.heads.share)):
            self._text(sheet, first, place, head, self._bold)
        for row, option in enumerate(book.options, first + 1):
            self._put(sheet, row, 0, option.text, "text")
            self._put(sheet, row, 1, option.votes, "number")
            self._put(sheet, row, 2, option.share, "share")

    def _sheet(self, book: Book, name: str) -> Worksheet:
        sheet = self._workbook.add_worksheet(name)
        if book.right_to_left:
            sheet.right_to_left()
        return sheet

    def _ballots(self, book: Book, number: int) -> Worksheet:
        name = book.heads.ballots
        sheet = self._sheet(book, name if number == 1 else f"{name} {number}")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(book.columns):
            sheet.set_column(place, place, column.width)
            self._text(sheet, 0, place, column.head, self._bold)
        return sheet

    def _put(self, sheet: Worksheet, row: int, place: int, cell: str | float, kind: Kind) -> None:
        if kind == "text":
            self._text(sheet, row, place, str(cell), None)
            return
        number = float(cell)
        if kind == "time":
            number = _EPOCH_DAY + number / _DAY_S
        _check(sheet.write_number(row, place, number, self._formats[kind]))

    def _text(self, sheet: Worksheet, row: int, place: int, text: str, looks: Format | None) -> None:
        """A text, never a formula, a link or a number."""
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter takes such a text for its own markup, and would write it into the file as it is.
            _check(sheet.write_rich_string(row, place, text[0], self._plain, text[1:], looks or self._plain))
        else:
            _check(sheet.write_string(row, place, text, looks))


def _check(result: int) -> None:
    if result != 0:
        raise Overfull(f"a cell was not written: {result}")
