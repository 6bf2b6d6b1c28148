"""What people can find a poll by: the lexemes of its texts, and those that a search asks for (docs/contract.md,
"Search").

Both are made by the same steps, so that a search finds what was written in another way: in another case or width,
with accents or without, with a hyphen, as one word or as two. Of scripts without spaces each pair of characters is a
lexeme. No dictionary and no collation of the database has a say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nexus.domain.codes import has_code_shape, read_code
from nexus.domain.word_breaking import APOSTROPHE, DOT, Token, pairs, spellings, tokens

MOST_LEXEMES = 5_000
"""Lexemes of a poll that are kept; what comes after them is not found."""

MOST_CLAUSES = 60
"""Clauses of a search; what comes after them is not looked for."""

MOST_BEGINNINGS = 6
"""The last words of a search that may be beginnings of words, each of which costs a walk along an index; those before
them must be whole."""

# ASCII characters from which a word is the beginning of few others.
_FEW = 3
# The same of the last word, which somebody may still be typing; of one letter it is a beginning only where nothing else
# is asked for: beside other words, the walk along all that begins with it would be for nothing.
_FEW_AT_END = 2
# Characters of a word that people also write as one with the next: "wi fi", "e mail", "5 G".
_SHORT = 2
# Characters from which a part of a word with an apostrophe counts by itself: "l'eau", but not the t of "don't".
_COUNTED = 3


class Sought(NamedTuple):
    """A lexeme that a search asks for, or the beginning of one."""

    lexeme: str
    begins: bool = False


Clause = tuple[Sought, ...]
"""Any of these."""


def lexemes(texts: Iterable[str], code: str | None = None) -> list[str]:
    """What a poll with this code and these texts, the more important first, is found by; at most `MOST_LEXEMES`."""
    found: dict[str, None] = {}
    if code:
        found |= dict.fromkeys([_code_lexeme(code), *_lexemes(code)])
    for text in texts:
        for lexeme in _lexemes(text):
            found[lexeme] = None
            if len(found) >= MOST_LEXEMES:
                return list(found)
    return list(found)


def clauses(search: str) -> tuple[Clause, ...]:
    """What a search asks for: all of these clauses. Empty where nothing in it can be searched for, which finds nothing.

    A search that has a code in it, in any form in which people enter one, also finds the poll of this code.
    """
    asked = list(dict.fromkeys(clause for clause in _clauses(list(tokens(search))) if clause))[:MOST_CLAUSES]
    code = read_code(search)
    if has_code_shape(code):
        asked = [(*clause, Sought(_code_lexeme(code))) for clause in asked]
    return tuple(_bounded(asked))


def _bounded(asked: list[Clause]) -> list[Clause]:
    """The clauses with no more beginnings than a search may have."""
    left = MOST_BEGINNINGS
    least = _FEW_AT_END if len(asked) > 1 else 1
    bounded: list[Clause] = []
    for clause in reversed(asked):
        few = (len(one.lexeme) >= least or not one.lexeme.isascii() for one in clause)
        kept = (one if left > 0 and is_few else Sought(one.lexeme) for one, is_few in zip(clause, few, strict=True))
        bounded.append(tuple(dict.fromkeys(kept)))
        left -= any(one.begins for one in bounded[-1])
        least = _FEW
    return bounded[::-1]


def _code_lexeme(code: str) -> str:
    """A code as no text is found by it."""
    return f"={code.lower()}"


def _lexemes(text: str) -> Iterator[str]:
    before: Token | None = None
    for token in tokens(text):
        run = token.parts[0]
        if token.kind == "dense":
            # The last character too, so that each begins a lexeme; and what a space parts, which others write as one.
            yield from (*pairs(run), run[-1])
            if before is not None and before.kind == "dense" and token.next_to:
                yield before.parts[0][-1] + run[0]
        elif token.kind == "symbol":
            yield run
        else:
            yield from _of_word(token)
            yield from _joined(before, token)
        before = token


def _of_word(token: Token) -> Iterator[str]:
    for part in token.parts:
        yield from spellings(part)
    if len(token.parts) > 1:
        yield from token.joined
    for part, is_dotted in zip(token.parts, [token.dotted, *(one == DOT for one in token.between)], strict=True):
        if is_dotted and not part[0].isdigit():
            yield from (f".{way}" for way in spellings(part))
    if token.plus:
        yield from (way + token.plus for way in spellings(token.parts[-1]))


def _joined(before: Token | None, token: Token) -> tuple[str, ...]:
    """A short word and the one after it as one word, in every spelling."""
    if before is None or not token.next_to or before.plus or token.dotted:
        return ()
    if any(one.kind != "word" or len(one.parts) > 1 for one in (before, token)):
        return ()
    first, second = before.parts[0], token.parts[0]
    return () if len(first) > _SHORT or (first.isdigit() and second.isdigit()) else spellings(first + second)


def _clauses(asked: list[Token]) -> Iterator[Clause]:
    for token, before, after in zip(asked, [None, *asked], [*asked[1:], None], strict=False):
        run = token.parts[0]
        if token.kind == "symbol":
            yield (Sought(run),)
        elif token.kind == "dense":
            yield from [(Sought(pair),) for pair in pairs(run)] or [(Sought(run, begins=True),)]
        else:
            beside = _joined(before, token) + (_joined(token, after) if after is not None else ())
            yield from (clause + _beginnings(dict.fromkeys(beside)) for clause in _asked_of(token))


def _asked_of(token: Token) -> list[Clause]:
    if token.plus:
        return [_beginnings(way + token.plus for way in spellings(token.parts[-1]))]
    if token.dotted:
        return [_beginnings(f".{way}" for way in spellings(token.parts[0]))]
    if len(token.parts) == 1 or token.is_number:
        return [_beginnings(token.joined)]
    whole = _beginnings(token.joined)
    if APOSTROPHE in token.between:
        parts = [part for part in token.parts if len(part) >= _COUNTED]
        return [whole + _words(part) for part in parts] or [whole]
    return [*(whole + _words(part) for part in token.parts[:-1]), whole + _beginnings(spellings(token.parts[-1]))]


def _words(part: str) -> Clause:
    return tuple(Sought(way) for way in spellings(part))


def _beginnings(ways: Iterable[str]) -> Clause:
    return tuple(Sought(way, begins=True) for way in ways)
