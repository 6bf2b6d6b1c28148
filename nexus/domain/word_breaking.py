"""How a text is taken apart for searching: into words, numbers, symbols, and runs of scripts without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from nexus.domain.alike import visible_part

LONGEST_LEXEME = 40
"""Characters of a lexeme; of longer words the beginning counts."""

DOT = "."
"""What is between two parts of a word: a full stop,"""
APOSTROPHE = "a"
"""an apostrophe of any shape,"""
JOINER = "j"
"""or a hyphen or the like."""

# The kinds of other characters. What joins numbers parts words.
_LETTER, _DIGIT, _DENSE, _NUMBER_JOINER = "w", "d", "D", "n"
_PLUS, _SYMBOL, _REGION, _TAG = "p", "s", "r", "t"
_SPACE, _OTHER = " ", "_"

_TOKENS = re.compile(
    r"(?P<dot>(?<![wd.ja])\.(?=w))?(?P<word>[wd]+(?:(?:[.ja]|(?<=d)n(?=d))[wd]+)*)(?P<plus>p{2,3}|p(?![wd]))?"
    r"|(?P<dense>D+)|(?P<symbol>rr?|st*|p)"
)
_BETWEEN = re.compile(r"[.jan]")

_BEFORE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02c8\u2032\u00b4`\uff07", "'")
    # What these part without a space is also written as one word, as two, or with a hyphen.
    | dict.fromkeys("\u200b\u200c", "-")
)
# Letters that have no accent to strip and are typed as others; what Arabic and Persian keyboards write differently.
_PLAIN = str.maketrans(
    dict(zip("\u00f8\u0142\u0111\u0127\u0167\u0131\u00f0\u014b\u0268\u0491", "oldhtidni\u0433", strict=True))
    | {"\u00e6": "ae", "\u0153": "oe", "\u00fe": "th", "\u0640": None}
    | dict(zip("\u0649\u06cc\u06a9\u0629", "\u064a\u064a\u0643\u0647", strict=True))
)
# What people write whose keyboard lacks the letter.
_SPELLED = str.maketrans({"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00f8": "oe", "\u00e5": "aa"})
# Marks of Latin, Greek, Cyrillic, Hebrew and Arabic. Those of other scripts are letters to their readers.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
# Scripts that set no spaces between words, or whose words take endings that nobody searches for: Thai, Lao, Tibetan,
# Myanmar, Hangul, Khmer, Tai Le to New Tai Lue, Tai Tham, Han, kana, Bopomofo, Yi, Javanese, Tangut and Khitan.
_DENSE_SCRIPTS = re.compile(
    "[\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3031-\u3035\u303b\u3041-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\ua4cf\ua960-\ua97f\ua980-\ua9df\uaa60-\uaa7f"
    "\uac00-\ud7ff\uf900-\ufaff\U00016fe0-\U00018d08\U0001aff0-\U0001b2ff\U00020000-\U0003ffff]"
)
_OTHER_SYMBOLS = "%&@*\u00a7\u2030\u00b6\u2020"
_THOUSANDS = re.compile(r"\d{1,3}(\.\d{3})+")


class Token(NamedTuple):
    """A word, a run of a dense script or a symbol: `kind` is "word", "dense" or "symbol".

    `parts` are those of a word with hyphens and the like, `between` the kinds of what is between them (`DOT`,
    `APOSTROPHE`, `JOINER`), `dotted` says that a full stop comes before it as in ".NET", and `plus` is a "++" or "#"
    after it. `next_to` says that only spaces part it from the token before.
    """

    kind: str
    parts: tuple[str, ...]
    between: str = ""
    dotted: bool = False
    plus: str = ""
    next_to: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is a number, a date or the like."""
        return all(part.isdigit() for part in self.parts)

    @property
    def joined(self) -> tuple[str, ...]:
        """Its parts as one word, in every spelling; those of a number keep a full stop, except between thousands."""
        if not self.is_number:
            return spellings("".join(self.parts))
        number = ".".join(self.parts)[:LONGEST_LEXEME]
        return (number, number.replace(".", "")) if _THOUSANDS.fullmatch(number) else (number,)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, in order."""
    ready = _ready(text)
    kinds = "".join(map(_kind, ready))
    last = len(kinds)
    for found in _TOKENS.finditer(kinds):
        next_to = last < found.start() and not kinds[last : found.start()].strip(_SPACE)
        last = found.end()
        if not found["word"]:
            yield Token("dense" if found["dense"] else "symbol", (ready[found.start() : last],), next_to=next_to)
            continue
        start, end = found.span("word")
        marks = [start, *(at for one in _BETWEEN.finditer(kinds, start, end) for at in one.span()), end]
        parts = tuple(ready[one:two] for one, two in zip(marks[::2], marks[1::2], strict=True))
        between = "".join(_BETWEEN.findall(kinds, start, end))
        yield Token("word", parts, between, bool(found["dot"]), ready[end:last], next_to)


def _ready(text: str) -> str:
    """A text in the form in which it is taken apart."""
    text = unicodedata.normalize("NFKC", text.translate(_BEFORE))
    for _ in range(2):
        text = unicodedata.normalize("NFKC", visible_part(text).casefold())
    return text if text.isascii() else "".join(map(_character, text))


@lru_cache(maxsize=8192)
def _character(char: str) -> str:
    """A digit of any script as ours, katakana as hiragana."""
    if "\u30a1" <= char <= "\u30f6":
        return chr(ord(char) - 0x60)
    return str(unicodedata.decimal(char, char))


@lru_cache(maxsize=8192)
def _kind(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LMN":
        if char.isdecimal():
            return _DIGIT
        return _DENSE if _DENSE_SCRIPTS.match(char) else _LETTER
    if char in "+#":
        return _PLUS
    if "\U0001f1e6" <= char <= "\U0001f1ff":
        return _REGION
    if "\U000e0020" <= char <= "\U000e007f":
        return _TAG
    if (category[0] == "S" and category != "Sk" and char != "\u2044") or char in _OTHER_SYMBOLS:
        return _SYMBOL
    return _kind_between(char, category)


def _kind_between(char: str, category: str) -> str:
    if char == ".":
        return DOT
    if char == "'":
        return APOSTROPHE
    if category in ("Pd", "Pc") or char in "\u00b7\u2027":
        return JOINER
    if char in ",:/\u2044":
        return _NUMBER_JOINER
    return _SPACE if char.isspace() else _OTHER


@lru_cache(maxsize=8192)
def spellings(word: str) -> tuple[str, ...]:
    """A word without accents, and as it is written where a keyboard lacks its letters; none of a word of accents."""
    ways = [word] if word.isascii() else [_bare(word), _bare(word.translate(_SPELLED))]
    return tuple(dict.fromkeys(way[:LONGEST_LEXEME] for way in ways if way))


def _bare(word: str) -> str:
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word.translate(_PLAIN))))


def pairs(run: str) -> list[str]:
    """Each pair of neighbours in the run of a dense script."""
    return ["".join(pair) for pair in pairwise(run)]
