"""`nexus token`: makes an access token. It needs no database."""

from __future__ import annotations

import argparse

from nexus.access.secret import kept_key
from nexus.access.tokens import Tokens
from nexus.settings import Settings


def mint_token(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print a new access token."""
    tokens = Tokens(kept_key(settings.secret, settings.data), access_ttl_s=settings.lifetimes.access_s)
    print(tokens.access(arguments.subject, arguments.role, ttl_s=arguments.ttl, polls=arguments.poll))
    return 0
