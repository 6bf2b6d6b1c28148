"""Text as people write it: what a client may write, and how the documents tell the rules."""

from __future__ import annotations

import re

import msgspec

from nexus.domain.alike import SHOWN, has_invisible, is_visible

Problem = tuple[str, str]
"""A field and what is wrong with it."""

LONGEST_NAME = 150
"""Characters of a username."""

NO_NUL = r"^[^\u0000]*$"
"""A text without NUL."""

VISIBLE = r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085\ufeff][^\u0000]*$"
"""A text of which trimming leaves something: what Python trims, spelled out where other languages' \\s differs."""


def counted(n: int, thing: str) -> str:
    """A number of things whose plural takes an s: "1 choice", "2 choices"."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def range_rule(least: int, most: int) -> str:
    """What is said of a number that is not from `least` to `most`."""
    return f"must be {least}" if least == most else f"must be from {least} to {most}"


_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


def has_lone_surrogate(text: str) -> bool:
    """Whether `text` has half of a surrogate pair: JSON can say so (RFC 8259, section 8.2), and no UTF-8 can."""
    return _SURROGATE.search(text) is not None


def may_have_surrogates(json: str) -> bool:
    """Whether there is any escape of a surrogate in the text of a JSON value: without one none is alone either."""
    return _ESCAPED.search(json) is not None


def says(**rules: object) -> msgspec.Meta:
    """Rules for the documents, as keywords of JSON Schema. They are not checked while decoding, where the first broken
    one would hide the others: the functions named `…_problems` return all of them at once."""
    return msgspec.Meta(extra_json_schema=rules)


def text_rule(longest: int, *, shortest: int = 1) -> msgspec.Meta:
    """What the documents say of a text that `text_problems` checks; its length counts after trimming."""
    return says(minLength=shortest, maxLength=longest, pattern=VISIBLE if shortest else NO_NUL)


def shown_rule(longest: int) -> msgspec.Meta:
    """What the documents say of a text that `shown_problems` checks."""
    return says(minLength=1, maxLength=longest, pattern=SHOWN)


def text_problems(field: str, text: str, longest: int, *, shortest: int = 1) -> list[Problem]:
    """What is wrong with a text: its length after trimming, or a character no database can hold."""
    if "\0" in text or has_lone_surrogate(text):
        return [(field, "must not contain NUL or lone surrogates")]
    length = len(text.strip())
    if not shortest <= length <= longest:
        allowed = f"{shortest} to {longest}" if shortest else f"at most {longest}"
        return [(field, f"must have {allowed} characters")]
    return []


def shown_problems(field: str, text: str, longest: int) -> list[Problem]:
    """What is wrong with a text that screens show: as `text_problems`, and that nothing of it is visible."""
    problems = text_problems(field, text, longest)
    if not problems and not is_visible(text):
        problems.append((field, "must have a visible character"))
    return problems


def username_problems(name: str) -> list[Problem]:
    """What is wrong with the name of an account."""
    return shown_problems("username", name, LONGEST_NAME) or unseen_problems("username", name)


def unseen_problems(field: str, text: str) -> list[Problem]:
    """What is wrong with a name in one line: a character that is not drawn, other than the space. A mark that turns the
    direction of writing is one, by which a name can be read as another."""
    return [(field, "must not contain control or invisible characters")] if has_invisible(text) else []
