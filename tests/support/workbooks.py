"""Workbooks as another library reads them."""

from __future__ import annotations

import io
import re
from datetime import datetime

from openpyxl import load_workbook

Cell = str | int | float | datetime | None


def sheets(content: bytes) -> dict[str, list[list[Cell]]]:
    """The rows of each sheet, by its name."""
    read = load_workbook(io.BytesIO(content), read_only=True)
    try:
        return {sheet.title: [[plain(cell) for cell in row] for row in sheet.values] for sheet in read.worksheets}
    finally:
        read.close()


def plain(cell: object) -> Cell:
    """A text as spreadsheets show it: `_x000D_` is how the format writes a carriage return, which openpyxl leaves."""
    if cell is None or isinstance(cell, int | float | datetime):
        return cell
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), str(cell))
