"""What gives a count away, wherever it is told."""

from __future__ import annotations

import re

_FIGURE = re.compile(r'"(votes_count|percentage)":(?!\s*null)|57\.14|42\.86')
_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?Z")


def tells_counts(text: str) -> bool:
    """Whether an answer or a frame tells a count or a share, in whatever shape."""
    return _FIGURE.search(_TIME.sub("", text)) is not None
