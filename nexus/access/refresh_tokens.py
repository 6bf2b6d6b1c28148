"""Refresh tokens: random text for the client, a digest of it for the database."""

from __future__ import annotations

import hashlib
import secrets


def new_refresh() -> tuple[str, bytes]:
    """A new refresh token of 256 random bits, and the digest that is stored instead of it."""
    token = secrets.token_urlsafe(32)
    return token, refresh_digest(token)


def refresh_digest(token: str) -> bytes:
    """The SHA-256 of a refresh token; 256 random bits need neither salt nor stretching."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
