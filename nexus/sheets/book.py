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


class OptionTotal(msgspec.Struct, frozen=True):
    """An option, its votes, and its share of the ballots, at most 1."""

    text: str
    votes: int
    share: float


class Heads(msgspec.Struct, frozen=True):
    """What every workbook says: the names of its two sheets, and the heads over its options."""

    totals: str = "Totals"
    ballots: str = "Ballots"
    option: str = "Option"
    votes: str = "Votes"
    share: str = "Share"


class Book(msgspec.Struct, frozen=True):
    """A workbook of two sheets: the totals, and a row for each ballot under `columns`; from right to left where its
    language is written so."""

    title: str
    facts: list[Fact]
    options: list[OptionTotal]
    columns: list[Column]
    heads: Heads = Heads()
    right_to_left: bool = False


Row = dict[int, str | float]
"""The cells of one ballot by the place of their column; the others are empty. A time is in seconds since 1970."""


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
