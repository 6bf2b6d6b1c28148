"""Which invisible joiners a text needs: without them some languages are misspelt, and some emoji fall apart
(docs/contract.md, "Brands")."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

NON_JOINER, JOINER = "\u200c", "\u200d"

# The canonical combining class of the signs that take the vowel from a consonant, as in Devanagari and Malayalam.
_VIRAMA = 9
# Letters of the Arabic script by Unicode's Joining_Type: those that join to what is before them alone, those that join
# to nothing, and the blocks in which all others join on both sides.
_RIGHT = (
    r"\u0622-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0673\u0675-\u0677\u0688-\u0699\u06c0\u06c3-\u06cb\u06cd"
    r"\u06cf\u06d2\u06d3\u06d5\u06ee\u06ef\u0759-\u075b\u076b\u076c\u0771\u0773\u0774\u0778\u0779"
)
_DUAL = (
    r"\u0620\u0626\u0628\u062a-\u062e\u0633-\u063f\u0641-\u0647\u0649\u064a\u066e\u066f\u0678-\u0687\u069a-\u06bf"
    r"\u06c1\u06c2\u06cc\u06ce\u06d0\u06d1\u06fa-\u06fc\u06ff\u0750-\u0758\u075c-\u076a\u076d-\u0770\u0772\u0775-\u0777"
    r"\u077a-\u077f"
)
_JOINS_ON = re.compile(f"[{_DUAL}]")
_JOINS_BACK = re.compile(f"[{_RIGHT}{_DUAL}]")
# The blocks of emoji, with the tones of skin; how an emoji is drawn may be chosen by a selector behind it.
_EMOJI = r"[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_EMOJI_FIRST = re.compile(rf"{_EMOJI}\ufe0f?\Z")
_EMOJI_NEXT = re.compile(_EMOJI)


def without_needed(text: str) -> str:
    """A text without the joiners that it needs."""
    return "".join(char for place, char in enumerate(text) if not is_needed(text, place))


def is_needed(text: str, place: int) -> bool:
    """Whether the character at `place` is a joiner that changes how its neighbours are written.

    A non-joiner does so after a virama, and between letters of the Arabic script that would join (RFC 5892, appendix
    A.1); a joiner after a virama (A.2), and between emoji, which it makes one.
    """
    before, joiner, after = text[:place], text[place], text[place + 1 :]
    if joiner not in (NON_JOINER, JOINER) or not before:
        return False
    if unicodedata.combining(before[-1]) == _VIRAMA:
        return True
    if joiner == JOINER:
        return bool(_EMOJI_FIRST.search(before) and _EMOJI_NEXT.match(after))
    return bool(_JOINS_ON.match(_letter(reversed(before))) and _JOINS_BACK.match(_letter(iter(after))))


def _letter(chars: Iterator[str]) -> str:
    """The first of `chars` that is no mark on a letter; "" if there is none."""
    return next((char for char in chars if unicodedata.category(char) not in ("Mn", "Me")), "")
