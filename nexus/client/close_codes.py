"""The close codes of a server that a client acts on, and which of them let it come back
(docs/contract.md, "Close codes")."""

from __future__ import annotations

NO_CLOSE_FRAME = 1006  # RFC 6455, section 7.4.1: never sent, only reported
WRONG_PROTOCOL = 4500
TOKEN_ENDED = 4501


def comes_back(code: int) -> bool:
    """Whether a client may connect again by itself after this close code."""
    return not 4500 <= code <= 4599
