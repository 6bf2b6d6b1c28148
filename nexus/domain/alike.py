"""Which texts people could not tell apart, and which they could not see (docs/contract.md, "Texts")."""

from __future__ import annotations

import re
import unicodedata

# What has no shape of its own: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), controls that are
# no white space, and the anchors of interlinear annotation. Unicode adds to the first only what was reserved for it.
_INVISIBLE = (
    r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
_INVISIBLE_BEYOND = r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"

SHOWN = rf"^[^\u0000]*[^\s\u001c-\u001f\u0085\u2800\ue000-\uf8ff\ufffe\uffff{_INVISIBLE}][^\u0000]*$"
"""What the documents say of a text with a visible character: as much as a pattern can without the tables of Unicode."""

# The flags of England, Scotland and Wales are a black flag followed by letters of the kind that is invisible elsewhere.
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_SHAPELESS = re.compile(f"({_FLAGS})|[{_INVISIBLE}{_INVISIBLE_BEYOND}]")
# White space, and two characters that are drawn as nothing: an empty Braille cell and a note without a head.
_BLANKS = re.compile(r"[\s\u2800\U0001d159]+")


def fold(text: str) -> str:
    """A text as it is compared: two that people could not tell apart have the same.

    After NFKC and case folding, without invisible characters, each run of white space as one space, trimmed.
    The host's form follows the same rule (`fold`, nexus/web/screens/host/texts.js).
    """
    text = unicodedata.normalize("NFKC", visible_part(unicodedata.normalize("NFKC", text)))
    # Case folding can undo the normal form, and the normal form bring up a letter in upper case.
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text.casefold())
    return _BLANKS.sub(" ", visible_part(text)).strip()


def is_visible(text: str) -> bool:
    """Whether people can see anything of a text."""
    return any(map(_drawn, text))


def has_invisible(text: str) -> bool:
    """Whether a text has a character that is not drawn, other than the space; the selectors that choose how an emoji
    is drawn do not count."""
    return any(not _drawn(char) for char in text if char not in " \ufe0e\ufe0f")


def _drawn(char: str) -> bool:
    return char.isprintable() and not _SHAPELESS.match(char) and not _BLANKS.match(char)


def visible_part(text: str) -> str:
    """A text without its invisible characters; white space stays."""
    return _SHAPELESS.sub(r"\1", text)
