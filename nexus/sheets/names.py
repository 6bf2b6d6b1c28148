"""Names of sheets that every spreadsheet takes: short, of characters that it allows, and each only once."""

from __future__ import annotations

import unicodedata

LONGEST_UNITS = 31
"""Of a name, in units of UTF-16, as Excel counts."""

_FORBIDDEN = "[]:*?/\\"
_JOINERS = "\u200c\u200d"


def sheet_name(number: int, text: str) -> str:
    """The name of the sheet `number`, with as much of `text` as there is room for, such as `3 Tea or coffee`. Sheets of
    different numbers have different names."""
    return _fitting(f"{number} {_allowed(text)}", LONGEST_UNITS)


def next_name(name: str, place: int) -> str:
    """The name of the sheet in which the rows of the sheet `name` go on, as the second, the third…"""
    tail = f" {place}"
    return _fitting(name, LONGEST_UNITS - len(tail)) + tail


def _allowed(text: str) -> str:
    """`text` without what no name may have, and without what nobody would see or what turns its direction."""
    shown = "".join(" " if char in _FORBIDDEN or char.isspace() else char for char in text)
    kept = "".join(char for char in shown if char in _JOINERS or unicodedata.category(char)[0] != "C")
    return " ".join(kept.split())


def _fitting(name: str, most_units: int) -> str:
    """The beginning of `name` of so many units, without half of a character, and with no apostrophe at its end, which
    Excel refuses."""
    kept = name.encode("utf-16-le")[: 2 * most_units].decode("utf-16-le", errors="ignore")
    if len(kept) < len(name):
        # Nor without the marks of the last character, where there are more of them.
        while kept and unicodedata.category(name[len(kept)])[0] == "M":
            kept = kept[:-1]
    return kept.rstrip(f" '{_JOINERS}")
