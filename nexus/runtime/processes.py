"""Processes of this machine, by their numbers."""

from __future__ import annotations

import os


def is_taken(pid: int) -> bool:
    """Whether any process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
