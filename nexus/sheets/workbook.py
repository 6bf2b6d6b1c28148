"""A `Book` as an .xlsx file: rows go to disk as they come, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from nexus.sheets.book import Book, Kind, Row, Sheet
from nexus.sheets.names import next_name

ROWS_PER_SHEET = 1_048_576
"""Of Excel; the first holds the heads."""

_DAY_S = 86_400
# Days from the first day of Excel's calendar to 1970.
_EPOCH_DAY = 25_569
_TITLE_CHARACTERS = 255
_TIME = "yyyy-mm-dd hh:mm:ss"


class Overfull(Exception):
    """A cell did not take what was to be written into it."""


class Incomplete(Exception):
    """There are fewer rows than the book says, or more."""


def write(book: Book, rows: Iterator[Row], path: Path, *, rows_per_sheet: int = ROWS_PER_SHEET) -> None:
    """Write the workbook to `path`, and what is needed on the way beside it. Rows beyond a sheet go on in the next."""
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    workbook.set_properties({"title": book.title[:_TITLE_CHARACTERS]})
    writer = _Writer(workbook, rows_per_sheet, right_to_left=book.right_to_left)
    for sheet in book.sheets:
        writer.write(sheet, rows)
    if next(rows, None) is not None:
        raise Incomplete("rows that belong to no sheet")
    workbook.close()  # not by `with`, which would write it out after a failure, too


class _Writer:
    def __init__(self, workbook: xlsxwriter.Workbook, rows_per_sheet: int, *, right_to_left: bool) -> None:
        self._workbook = workbook
        self._rows_per_sheet = rows_per_sheet
        self._right_to_left = right_to_left
        self._bold = workbook.add_format({"bold": True})
        self._plain = workbook.add_format()
        formats = {"share": {"num_format": "0.00%"}, "time": {"num_format": _TIME}, "number": {"num_format": "0"}}
        self._formats = {kind: workbook.add_format(of) for kind, of in formats.items()}

    def write(self, sheet: Sheet, rows: Iterator[Row]) -> None:
        """A sheet with its rows, the next of `rows`, and as many sheets more as they need."""
        part, row = self._begun(sheet, 1)
        parts = 1
        for _ in range(sheet.rows):
            if row == self._rows_per_sheet:
                parts += 1
                part, row = self._begun(sheet, parts)
            cells = next(rows, None)
            if cells is None:
                raise Incomplete(f"a sheet of {sheet.rows} rows has fewer")
            for place, cell in cells.items():
                self._put(part, row, place, cell, sheet.columns[place].kind)
            row += 1

    def _begun(self, sheet: Sheet, part: int) -> tuple[Worksheet, int]:
        """A part of a sheet with its heads, and where its rows begin; the facts are in the first alone."""
        made = self._workbook.add_worksheet(sheet.name if part == 1 else next_name(sheet.name, part))
        if self._right_to_left:
            made.right_to_left()
        for place, column in enumerate(sheet.columns):
            made.set_column(place, place, column.width)
        facts = sheet.facts if part == 1 else []
        for row, fact in enumerate(facts):
            self._text(made, row, 0, fact.label, self._bold)
            self._put(made, row, 1, fact.value, fact.kind)
        head = len(facts) + 1 if facts else 0
        if not facts:
            made.freeze_panes(1, 0)
        for place, column in enumerate(sheet.columns):
            self._text(made, head, place, column.head, self._bold)
        return made, head + 1

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
