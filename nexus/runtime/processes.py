"""Processes of this machine, by their ids."""

from __future__ import annotations

import os


def is_taken(pid: int) -> bool:
    """Whether any process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
