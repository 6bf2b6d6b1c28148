"""What a workbook is made of, and how it gets to the writer: a `Book` on the first line, then a line a row, in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Literal

import msgspec

Kind = Literal["text", "number", "share", "time"]
"""How a cell is written: texts as texts whatever they look like, shares (of 1) as percent, times as dates in UTC."""


class Column(msgspec.Struct, frozen=True):
    """A column: its head, how its cells are written, and its width in characters."""

    head: str
    kind: Kind
    width: int


class Fact(msgspec.Struct, frozen=True):
    """A line above a table: what it is, and its value, which is a text, a number or a time."""

    label: str
    value: str | int | float
    kind: Kind


class Sheet(msgspec.Struct, frozen=True):
    """A sheet: its name, which is one that spreadsheets allow (`names`), the facts above its table if there are any,
    the columns of the table, and how many rows are under them."""

    name: str
    columns: list[Column]
    rows: int
    facts: list[Fact] = []


class Book(msgspec.Struct, frozen=True):
    """A workbook: its sheets, whose rows follow it in their order; from right to left where its language is written
    so."""

    title: str
    sheets: list[Sheet]
    right_to_left: bool = False


Row = dict[int, str | float]
"""The cells of one row by the place of their column; the others are empty. A time is in seconds since 1970."""


def seconds(moment: datetime) -> float:
    """A time as cells have it: seconds since 1970."""
    return moment.timestamp()


def put_book(file: IO[bytes], book: Book) -> None:
    """Begin the file for the writer."""
    file.write(msgspec.json.encode(book) + b"\n")


def put_rows(file: IO[bytes], rows: Iterable[Row]) -> None:
    """Add rows to it."""
    file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def read_book(file: IO[bytes]) -> tuple[Book, Iterator[Row]]:
    """What `put_book` and `put_rows` wrote."""
    decoder = msgspec.json.Decoder(Row)
    return msgspec.json.decode(file.readline(), type=Book), map(decoder.decode, file)
