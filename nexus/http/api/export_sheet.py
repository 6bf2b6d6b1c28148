"""Exports as workbooks: what stands in the sheets of a round (docs/contract.md, "Workbooks")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import IO

from nexus.domain.poll import percentage
from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.framework.words import RIGHT_TO_LEFT, Words
from nexus.sheets.book import Book, Column, Fact, Kind, Row, Sheet, put_book, put_rows, seconds
from nexus.store.exports import Exported, Round

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LABEL_WIDTH = 60
_VALUE_WIDTH = 22
_NARROWEST = 8
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What stands in workbooks in one language (nexus/web/words, "sheets")."""

    words: Words
    language: str

    def __call__(self, name: str) -> str:
        """The word of this name."""
        return self.words.say(self.language, "sheets", name)


async def put_round(
    file: IO[bytes],
    round_: Round,
    pieces: AsyncIterator[list[Exported]],
    pseudonyms: Pseudonyms,
    say: SheetWords,
) -> None:
    """Write a round into `file`, for the writer of workbooks."""
    totals, rows = _totals(round_, say)
    ballots = Sheet(say("ballots"), ballot_columns(round_, say), round_.ballots)
    put_book(file, workbook(round_.question, [totals, ballots], say))
    put_rows(file, rows)
    await put_ballots(file, round_, pieces, pseudonyms)


async def put_ballots(
    file: IO[bytes], round_: Round, pieces: AsyncIterator[list[Exported]], pseudonyms: Pseudonyms
) -> None:
    """Write the rows of a round under its `ballot_columns`."""
    row = _rows(round_, pseudonyms)
    async for ballots in pieces:
        put_rows(file, map(row, ballots))


def workbook(title: str, sheets: list[Sheet], say: SheetWords) -> Book:
    """A workbook of these sheets, in the direction of its language."""
    return Book(title, sheets, say.language in RIGHT_TO_LEFT)


def option_heads(say: SheetWords, widths: tuple[int, int, int]) -> list[Column]:
    """The columns of `option_cells`."""
    kinds: tuple[Kind, ...] = ("text", "number", "share")
    return [
        Column(say(name), kind, width)
        for name, kind, width in zip(("option", "votes", "share"), kinds, widths, strict=True)
    ]


def option_cells(round_: Round) -> Iterator[tuple[str, int, float]]:
    """Of each option of a round its text, its votes, and its share of the ballots, at most 1."""
    for one in round_.options:
        yield one.option_text, one.votes_count, percentage(one.votes_count, round_.ballots) / 100


def status_of(round_: Round, say: SheetWords) -> str:
    """The status of a round, in words."""
    return say(f"status_{round_.status.value if round_.current else 'ended'}")


def _totals(round_: Round, say: SheetWords) -> tuple[Sheet, list[Row]]:
    rows: list[Row] = [dict(enumerate(cells)) for cells in option_cells(round_)]
    heads = option_heads(say, (_LABEL_WIDTH, _VALUE_WIDTH, _VALUE_WIDTH))
    return Sheet(say("totals"), heads, len(rows), list(_facts(round_, say))), rows


def _facts(round_: Round, say: SheetWords) -> Iterator[Fact]:
    yield Fact(say("question"), round_.question, "text")
    yield Fact(say("round"), round_.epoch, "number")
    yield Fact(say("status"), status_of(round_, say), "text")
    times = {"created": round_.created_at, "opens": round_.opens_at, "expires": round_.expires_at}
    times |= {"closed": round_.closed_at}
    # Those of the poll are about its current round.
    told = times if round_.current else {"ended": round_.ended_at}
    for name, moment in {**told, "exported": round_.read_at}.items():
        if moment is not None:
            yield Fact(f"{say(name)} (UTC)", seconds(moment), "time")
    yield Fact(say("voters"), round_.voters, "number")
    yield Fact(say("ballots"), round_.ballots, "number")


def ballot_columns(round_: Round, say: SheetWords) -> list[Column]:
    """Who, what, when. What is one column where a ballot names one option, else a column for each option."""
    who = Column(say("ballot" if round_.anonymous else "voter"), "text", 20 if round_.anonymous else 44)
    texts = [one.option_text for one in round_.options]
    if round_.max_choices == 1:
        what = [Column(say("option"), "text", _width(max(texts, key=len, default="")))]
    else:
        what = [Column(text, "number", _width(text)) for text in texts]
    rest = [] if round_.anonymous else [Column("Op", "text", 38), Column(f"{say('cast_at')} (UTC)", "time", 20)]
    return [who, *what, *rest]


def _width(text: str) -> int:
    return min(_WIDEST, max(_NARROWEST, len(text) + 2))


def _rows(round_: Round, pseudonyms: Pseudonyms) -> Callable[[Exported], Row]:
    """What makes a row of a ballot: under each option a 1 where the ballot names it, and nothing where it does not."""
    texts = {one.id: one.option_text for one in round_.options}
    places = {one.id: place for place, one in enumerate(round_.options, 1)}
    single = round_.max_choices == 1
    after = 2 if single else 1 + len(places)

    def what(ballot: Exported) -> Row:
        if single:
            return {1: texts[ballot.choices[0]]}
        return {places[option]: 1 for option in ballot.choices if option in places}

    def anonymous(ballot: Exported) -> Row:
        name = pseudonyms.pseudonym(round_.poll, round_.epoch, ballot.voter, ballot.slot)
        return {0: name, **what(ballot)}

    def named(ballot: Exported) -> Row:
        return {0: ballot.voter, **what(ballot), after: str(ballot.op), after + 1: seconds(ballot.cast_at)}

    return anonymous if round_.anonymous else named
