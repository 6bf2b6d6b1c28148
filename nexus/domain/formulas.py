"""Texts that a spreadsheet would take for a formula when it opens a CSV file: what people typed must not run there.

A cell that begins with one of a few signs is a formula to it (OWASP, CSV Injection). So is one that begins after a
separator inside the text, since a file that is read with another separator than its own is split there too.
"""

from __future__ import annotations

import re

# The signs in ASCII, in full width and in small form, after what a spreadsheet may skip; up to the next place where a
# cell may end.
_CELL = re.compile(
    r"(?:^|(?<=[,;\t\r\n]))"
    r"([\s\"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*)"
    r"([=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b][^,;\t\r\n]*)"
)
_NUMBER = re.compile(
    r"[+-](?:\d{1,3}(?:\.\d{3})+|\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[ \u00a0\u202f]?%?|[+-]", re.ASCII | re.IGNORECASE
)


def guarded(text: str) -> str:
    """`text` with an apostrophe before whatever a spreadsheet would take for a formula; numbers (`-5`, `+3`, `-1.5`)
    and a sign alone stay as they are."""
    kept = _CELL.sub(lambda cell: cell[0] if _NUMBER.fullmatch(cell[2].strip()) else f"{cell[1]}'{cell[2]}", text)
    return f"'{kept}" if kept.startswith(("\t", "\r", "\n")) else kept
