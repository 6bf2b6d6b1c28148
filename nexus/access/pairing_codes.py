"""Pairing codes, which make another device a screen of a poll, or let it present the poll, once
(docs/contract.md, "Pairing")."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from nexus.domain.codes import HANDOVER_CODE_LENGTH, PAIRING_CODE_LENGTH, new_code, normalize_code

TYPED_S = 600
"""Seconds for which a code that is typed holds."""
HANDOVER_S = 60
"""Seconds for which a code in a link holds: the page that makes it opens the link at once."""


class PairingCode(NamedTuple):
    """A new code, and for how many seconds it holds."""

    code: str
    ttl_s: int


def new_pairing_code(*, handover: bool) -> PairingCode:
    """A code to type, or with `handover` a long one for a link."""
    if handover:
        return PairingCode(new_code(HANDOVER_CODE_LENGTH), HANDOVER_S)
    return PairingCode(new_code(PAIRING_CODE_LENGTH), TYPED_S)


def pairing_digest(code: str) -> bytes:
    """As what a code is kept, from what somebody typed."""
    return sha256(normalize_code(code).encode()).digest()
