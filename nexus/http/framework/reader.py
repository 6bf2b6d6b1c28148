"""Who reads an answer: the language that they want it in (docs/contract.md, "Pages")."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.types import Scope

from nexus.http.framework.words import Words

COOKIE = "nexus_language"
"""The cookie that keeps the choice of a language on a device; pages set it."""
PARAMETER = "lang"
"""The parameter of an address that says the language of this page alone."""
VARY = "Accept-Language, Cookie"
"""What the language of an answer depends on beside its address."""

# Of cookies with one name, browsers send first that of the longest path: the service's own (RFC 6265, section 5.4).
_KEPT = re.compile(rf"(?:^|;)\s*{COOKIE}=([\w-]+)")


def language_of(scope: Scope, words: Words) -> str:
    """The language of an answer: the one in the address, else the one chosen on this device, else what the browser
    asks for."""
    request = Request(scope)
    kept = _KEPT.search(request.headers.get("cookie", ""))
    for chosen in (request.query_params.get(PARAMETER, ""), kept[1] if kept else ""):
        if chosen in words.languages:
            return chosen
    return words.choose(request.headers.get("accept-language", ""))
