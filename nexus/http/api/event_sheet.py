"""Exports of events as workbooks: a sheet of all totals, then one of the ballots of each poll (docs/contract.md,
"Exports of events")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.api.export_sheet import (
    SheetWords,
    ballot_columns,
    option_cells,
    option_heads,
    put_ballots,
    status_of,
    workbook,
)
from nexus.sheets.book import Column, Fact, Row, Sheet, put_book, put_rows, seconds
from nexus.sheets.names import sheet_name
from nexus.store.event_exports import Ballots, EventRounds


async def put_event(
    file: IO[bytes], rounds: EventRounds, ballots: Ballots, pseudonyms: Pseudonyms, say: SheetWords
) -> None:
    """Write the rounds of an event into `file`, for the writer of workbooks."""
    rows = list(_rows(rounds, say))
    totals = Sheet(say("totals"), _columns(say), len(rows), _facts(rounds, say))
    polls = [
        Sheet(sheet_name(number, round_.question), ballot_columns(round_, say), round_.ballots)
        for number, round_ in enumerate(rounds.rounds, 1)
    ]
    put_book(file, workbook(rounds.title, [totals, *polls], say))
    put_rows(file, rows)
    for round_ in rounds.rounds:
        await put_ballots(file, round_, ballots(round_), pseudonyms)


def _facts(rounds: EventRounds, say: SheetWords) -> list[Fact]:
    return [
        Fact(say("event"), rounds.title, "text"),
        Fact(f"{say('exported')} (UTC)", seconds(rounds.read_at), "time"),
        Fact(say("ballots"), rounds.ballots, "number"),
    ]


def _columns(say: SheetWords) -> list[Column]:
    """A line is an option with its poll: what a spreadsheet can sort, filter and sum."""
    return [
        Column(say("number"), "number", 22),
        Column(say("question"), "text", 60),
        Column(say("status"), "text", 14),
        Column(say("voters"), "number", 10),
        Column(say("ballots"), "number", 10),
        *option_heads(say, (40, 10, 10)),
    ]


def _rows(rounds: EventRounds, say: SheetWords) -> Iterator[Row]:
    for number, round_ in enumerate(rounds.rounds, 1):
        poll = (number, round_.question, status_of(round_, say), round_.voters, round_.ballots)
        for option in option_cells(round_):
            yield dict(enumerate((*poll, *option)))
