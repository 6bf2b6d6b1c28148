"""Node, for tests of what browsers run."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

import pytest

OLDEST_NODE = 20


@cache
def node() -> tuple[list[str], str]:
    """The command of a Node that has WebSocket, or why there is none."""
    program = shutil.which("node")
    if program is None:
        return [], "there is no Node"
    probe = f"process.exit(typeof WebSocket === 'function' && parseInt(process.versions.node) >= {OLDEST_NODE} ? 0 : 1)"
    for flags in ([], ["--experimental-websocket"]):
        done = subprocess.run([program, *flags, "-e", probe], capture_output=True, timeout=60, check=False)
        if done.returncode == 0:
            return [program, *flags], ""
    return [], f"the Node here is older than {OLDEST_NODE}, or has no WebSocket"


def required(command: list[str], reason: str) -> list[str]:
    """The command; without one the test is skipped, or fails where everything must run."""
    if not command and os.environ.get("NEXUS_CI") == "1":
        pytest.fail(reason)
    if not command:
        pytest.skip(reason)
    return command
