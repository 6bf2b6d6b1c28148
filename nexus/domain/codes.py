"""Codes: by what people enter a poll, read from a screen, typed on a phone or pasted (docs/contract.md, "Codes")."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from itertools import pairwise

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that look alike: 0 and O, 1, I and L."""
CODE_LENGTH = 6
"""Characters in the code of a public poll."""
PRIVATE_CODE_LENGTH = 10
"""Characters in the code of a private poll, which nobody should guess."""
PAIRING_CODE_LENGTH = 8
"""Characters in a pairing code, which is typed: no poll's code has as many."""
HANDOVER_CODE_LENGTH = 32
"""Characters in a pairing code that a link carries, which nobody types."""
LONGEST_CODE = 40
"""Characters that are accepted as a code: people type spaces and dashes into it."""

# Cyrillic and Greek capitals that look like a letter of the alphabet, which alone they can mean in a code.
_LOOKALIKES = str.maketrans(
    "\u0410\u0412\u0421\u0415\u041d\u0408\u041a\u041c\u0420\u0405\u0422\u0423\u0425"
    "\u0391\u0392\u0395\u0397\u039a\u039c\u039d\u03a1\u03a4\u03a5\u03a7\u0396",
    "ABCEHJKMPSTYXABEHKMNPTYXZ",
)
_SHAPE = re.compile(rf"[{ALPHABET}]{{{CODE_LENGTH}}}(?:[{ALPHABET}]{{{PRIVATE_CODE_LENGTH - CODE_LENGTH}}})?")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def new_code(length: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """A code of `length` characters; `choose` picks one character of a text at random."""
    return "".join(choose(ALPHABET) for _ in range(length))


def normalize_code(text: str) -> str:
    """A code as it is kept, from what somebody typed: whatever its case, width and script; only letters and digits
    count.

    The screens and `client.js` follow the same rule (`normalizeCode`, nexus/web/client/code.js).
    """
    plain = unicodedata.normalize("NFKC", text).upper().translate(_LOOKALIKES)
    return "".join(str(unicodedata.decimal(one, one)) for one in plain if one.isalnum())


def has_code_shape(code: str) -> bool:
    """Whether a normalized code can be one that `new_code` has made."""
    return bool(_SHAPE.fullmatch(code))


def read_code(text: str) -> str:
    """The code in what somebody entered where people type: the code alone, a whole address that leads to it, or a
    sentence around either. Where none or more than one can be meant, all of the text, normalized.

    The field of the pages follows the same rule (`readCode`, nexus/web/screens/pasted.js).
    """
    whole = normalize_code(text)
    if has_code_shape(whole):
        return whole
    words = unicodedata.normalize("NFKC", text).split()
    meant = {_of_address(word) for word in words if "/" in word} - {""} or _of_sentence(words)
    return meant.pop() if len(meant) == 1 else whole


def _of_address(address: str) -> str:
    """The last part of an address' path that can be a code; the first part is the host."""
    path = re.split(r"[?#]", address, maxsplit=1)[0].rpartition("://")[2]
    parts = [normalize_code(_ESCAPE.sub(" ", part)) for part in path.split("/")[1:]]
    return next((part for part in reversed(parts) if has_code_shape(part)), "")


def _of_sentence(words: list[str]) -> set[str]:
    """What can be a code in a sentence: first words written as a code is, with a digit or in capitals; then any words
    of its shape; then two halves."""
    shaped = [(word, normalize_code(word)) for word in words if has_code_shape(normalize_code(word))]
    written = {code for word, code in shaped if _has_digit(code) or word == word.upper()}
    if shaped:
        return written or {code for _, code in shaped}
    parts = [part for part in map(normalize_code, words) if part]
    halves = {one + two for one, two in pairwise(parts) if len(one) == len(two)}
    return {code for code in halves if has_code_shape(code) and _has_digit(code)}


def _has_digit(code: str) -> bool:
    return not code.isalpha()
