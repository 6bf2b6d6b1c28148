"""Processes of this machine: whether one exists, and how one is started that works for a worker."""

from __future__ import annotations

import os
import sys

# What a Python may need to start. The rest of the environment has the service's secrets, and is not the process's.
_HANDED_DOWN = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")


def program(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs `module` as a program, and its environment: without the service's secrets."""
    environment = {name: os.environ[name] for name in _HANDED_DOWN if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return [sys.executable, "-P", "-m", module, *arguments], environment


def is_taken(pid: int) -> bool:
    """Whether any process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
