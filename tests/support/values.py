"""Values that tests hand about: objects of JSON, and new ops."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

Json = dict[str, Any]
"""A JSON object."""


def new_op() -> str:
    """A new op."""
    return str(uuid4())
