"""Codes: by what people enter a poll, read from a screen and typed on a phone (docs/contract.md, "Codes")."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that look alike: 0 and O, 1, I and L."""
CODE_LENGTH = 6
"""Characters in the code of a public poll."""
PRIVATE_CODE_LENGTH = 10
"""Characters in the code of a private poll, which nobody should guess."""
LONGEST_CODE = 40
"""Characters that are accepted as a code: people type spaces and dashes into it."""


def new_code(length: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """A code of `length` characters; `choose` picks one character of a text at random."""
    return "".join(choose(ALPHABET) for _ in range(length))


def normalize_code(text: str) -> str:
    """A code as it is kept, from what somebody typed: whatever its case and width; only letters and digits count.

    The screens and `client.js` follow the same rule (`normalizeCode`, nexus/web/client/code.js).
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).upper()))
