"""Which passwords are accepted (NIST SP 800-63B)."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from nexus.domain.text import has_lone_surrogate

SHORTEST = 8
"""The fewest characters of a password (NIST SP 800-63B, section 3.1.1.2, asks for at least 8)."""

LONGEST = 256
"""The most characters of a password."""

# Very common passwords of at least SHORTEST characters, case-folded; shorter ones are refused for their length.
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split())


def check_password(password: str, username: str) -> list[str]:
    """Every rule that `password` breaks for the account `username`, in words for the client; empty if there is none.

    NIST SP 800-63B, section 3.1.1.2: a minimum length and a list of common values, and no rules of
    composition, which only make people add "1!".
    """
    problems = []
    if is_beyond_all(password):
        return [f"must have {SHORTEST} to {LONGEST} characters"]
    if not SHORTEST <= len(normalized(password)) <= LONGEST:
        problems.append(f"must have {SHORTEST} to {LONGEST} characters")
    if "\0" in password or has_lone_surrogate(password):
        problems.append("must not contain NUL or lone surrogates")
    folded = normalized(password).casefold()
    if not is_beyond_all(username) and folded == normalized(username).casefold():
        problems.append("must not be the username")
    if folded in _COMMON or len(set(folded)) == 1:
        problems.append("is too common")
    return problems


def is_beyond_all(password: str) -> bool:
    """Whether a password is longer than any accepted one in any form: it is not even normalized, which takes seconds
    for thousands of marks that follow each other. Four characters become one at most (UAX #15)."""
    return len(password) > 4 * LONGEST


def normalized(text: str) -> str:
    """The form in which passwords are compared: one typed on two systems may come composed or decomposed (RFC 8265,
    section 4.2.1)."""
    return unicodedata.normalize("NFC", text)
