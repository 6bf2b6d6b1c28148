"""`nexus` as a person at a terminal runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.support import forked
from tests.support.served import KEY

RUN_S = 60.0
REFUSED = 2
CLEARED = ("NEXUS_", "DATABASE_URL", "REDIS_URL", "PORT", "WEB_CONCURRENCY", "FORWARDED_")


class Command:
    """Runs `nexus` in `folder` under `settings`, and nothing of the tester's own environment."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = {"NEXUS_SECRET_KEY": KEY} | settings

    def environment(self, **settings: str) -> dict[str, str]:
        """What a process gets."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(CLEARED)}
        return kept | self._settings | settings

    def run(self, *arguments: str, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run to its end, with `text` as from a pipe."""
        return forked.run(arguments, self.environment(**settings), self.folder, text, RUN_S)

    def says(self, *arguments: str, text: str = "", **settings: str) -> list[str]:
        """The lines that it prints; fails where it does not succeed."""
        done = self.run(*arguments, text=text, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    def refused(self, *arguments: str, text: str = "", **settings: str) -> str:
        """The one line with which it refuses."""
        done = self.run(*arguments, text=text, **settings)
        assert (done.returncode, done.stdout) == (REFUSED, ""), done.stdout + done.stderr
        assert done.stderr.startswith("nexus: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removeprefix("nexus: ").rstrip()

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start it in a group of its own; both its outputs are one pipe."""
        return subprocess.Popen(
            self._line(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self.environment(**settings),
            start_new_session=True,
        )

    def at_terminal(self, *arguments: str) -> str:
        """All that a terminal gets to see."""
        screen, terminal = pty.openpty()
        with os.fdopen(screen, "rb", buffering=0) as shown:
            process = subprocess.Popen(
                self._line(arguments), stdin=terminal, stdout=terminal, stderr=terminal, cwd=self.folder,
                env=self.environment(), start_new_session=True,
            )  # fmt: skip
            os.close(terminal)
            seen = b""
            try:
                while piece := shown.read(4096):
                    seen += piece
            except OSError:  # how Linux says that the other end was closed
                pass
            process.wait(RUN_S)
        return seen.decode()

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-P", "-m", "nexus", *arguments]
