"""Refresh tokens: random text for the client, a digest of it for the database."""

from __future__ import annotations

import hashlib
import secrets


def new_refresh() -> tuple[str, bytes]:
    """A new refresh token, 256 random bits, and the digest that is kept in its place."""
    token = secrets.token_urlsafe(32)
    return token, refresh_digest(token)


def refresh_digest(token: str) -> bytes:
    """SHA-256 of a refresh token; it needs neither salt nor stretching, having 256 bits of its own."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
