"""Exports as workbooks: what stands in the sheets of a round (docs/contract.md, "Workbooks")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import IO

from nexus.domain.poll import percentage
from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.framework.words import RIGHT_TO_LEFT, Words
from nexus.sheets.book import Book, Column, Fact, Heads, OptionTotal, Row, put_book, put_rows, seconds
from nexus.store.exports import Exported, Round

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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
    put_book(file, book(round_, say))
    row = _rows(round_, pseudonyms)
    async for ballots in pieces:
        put_rows(file, map(row, ballots))


def book(round_: Round, say: SheetWords) -> Book:
    """What the workbook of a round consists of, but for its rows."""
    options = [
        OptionTotal(one.option_text, one.votes_count, percentage(one.votes_count, round_.ballots) / 100)
        for one in round_.options
    ]
    heads = Heads(**{name: say(name) for name in Heads.__struct_fields__})
    turned = say.language in RIGHT_TO_LEFT
    return Book(round_.question, list(_facts(round_, say)), options, _columns(round_, say), heads, turned)


def _facts(round_: Round, say: SheetWords) -> Iterator[Fact]:
    yield Fact(say("question"), round_.question, "text")
    yield Fact(say("round"), round_.epoch, "number")
    yield Fact(say("status"), say(f"status_{round_.status.value if round_.current else 'ended'}"), "text")
    times = {"created": round_.created_at, "opens": round_.opens_at, "expires": round_.expires_at}
    times |= {"closed": round_.closed_at}
    # Those of the poll are about its current round.
    told = times if round_.current else {"ended": round_.ended_at}
    for name, moment in {**told, "exported": round_.read_at}.items():
        if moment is not None:
            yield Fact(f"{say(name)} (UTC)", seconds(moment), "time")
    yield Fact(say("voters"), round_.voters, "number")
    yield Fact(say("ballots"), round_.ballots, "number")


def _columns(round_: Round, say: SheetWords) -> list[Column]:
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
