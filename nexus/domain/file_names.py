"""Names of files for people to find again: from a title, a round and a day, safe on every system."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import NamedTuple

LONGEST_BYTES = 120
"""Of the part that comes from the title; file systems allow 255 bytes for the whole name."""


class FileName(NamedTuple):
    """The name of a file, and the same in ASCII for clients that know no other."""

    name: str
    ascii: str


def file_name(title: str, plain: str, day: date, ending: str, *, earlier_round: int | None = None) -> FileName:
    """Such as `tea-or-coffee-2026-11-28.csv`; of an earlier round `tea-or-coffee-round-1-2026-11-28.csv`.

    Only letters, digits and dashes remain of the title, in lower case: no separator of any system, no quote, no
    control character and no mark that turns the direction. With the day behind it no name is one that Windows reserves.
    If nothing remains, it is `plain`, such as `poll-7`.
    """
    round_ = "" if earlier_round is None else f"-round-{earlier_round}"
    kept = _kept(title)
    simple = _kept(unicodedata.normalize("NFKD", kept.casefold()).encode("ascii", "ignore").decode())
    # What is left in ASCII of a text in another script would be a riddle.
    readable = simple if 2 * len(simple) >= len(kept) else ""
    return FileName(*(f"{stem or plain}{round_}-{day.isoformat()}.{ending}" for stem in (kept, readable)))


def _kept(text: str) -> str:
    """The words of `text`, joined by dashes. A mark without a letter to carry it is left out."""
    words = [""]
    for char in unicodedata.normalize("NFKC", text).lower():
        kind = unicodedata.category(char)[0]
        if kind in "LN" or (kind == "M" and words[-1]):
            words[-1] += char
        elif words[-1]:
            words.append("")
    return _clipped("-".join(filter(None, words)))


def _clipped(text: str) -> str:
    """At most `LONGEST_BYTES` of it, if possible whole words."""
    short = text.encode()[:LONGEST_BYTES].decode(errors="ignore")
    return short if short == text else short.rpartition("-")[0] or short
