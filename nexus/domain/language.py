"""In which language a poll's texts are: a tag as browsers and screen readers read it (BCP 47, RFC 5646)."""

from __future__ import annotations

import re
from typing import Annotated

from nexus.domain.text import Problem, says

TAG = r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))?$"
"""Language, script, region and a variant: what both RFC 5646 and the browsers' `Intl` take, without extensions."""

Language = Annotated[str, says(pattern=TAG, description="A tag of BCP 47; null where the language is not known.")]

_TAG = re.compile(TAG[1:-1])


def language_problems(tag: str | None) -> list[Problem]:
    """What is wrong with the language of a poll; None is the one that is not known."""
    if tag is None or _TAG.fullmatch(tag):
        return []
    return [("language", "must be a language tag such as de, pt-BR or zh-Hant")]


def canonical_tag(tag: str | None) -> str | None:
    """A tag as it is kept, in the case of RFC 5646, section 2.1.1: `pt-BR`, `zh-Hant`."""
    if tag is None:
        return None
    language, *others = tag.lower().split("-")
    return "-".join([language, *map(_canonical_part, others)])


def _canonical_part(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part
