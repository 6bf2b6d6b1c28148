"""Who may do what in a data folder: locks on its files (flock(2)), which end with their process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from nexus.embedded.postmaster import until
from nexus.embedded.system_user import EmbeddedError

TURN_S = 180.0
"""How long a command waits for another that starts or stops the server: longer than either can take."""


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Be the only `nexus serve` of the data folder `folder`, which is made if it is missing.

    Raises EmbeddedError if another process is, or if the folder cannot be used.
    """
    try:
        file = opened(folder, "lock")
    except OSError as error:
        raise EmbeddedError(f"Cannot use the data folder {folder}: {error.strerror}.") from error
    with file:
        if not _taken(file, fcntl.LOCK_EX):
            holder = file.read().strip() or "unknown"
            raise EmbeddedError(f"Another nexus serve uses {folder} (pid {holder}).")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Be the only command that creates, starts or stops the server of `folder`. Raises EmbeddedError after TURN_S."""
    with opened(folder, "postgres.lock") as file:
        if not until(lambda: _taken(file, fcntl.LOCK_EX), TURN_S):
            raise EmbeddedError(f"Another command is still starting or stopping PostgreSQL in {folder}: end it.")
        yield


class Use:
    """One command's use of the server in `folder`; it begins and ends within a `turn`."""

    def __init__(self, folder: Path) -> None:
        self._file = opened(folder, "postgres.users")
        # It is exclusive only while the last user leaves, which is during another turn.
        fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def is_last(self) -> bool:
        """Whether no other command uses the server."""
        return _taken(self._file, fcntl.LOCK_EX)

    def end(self) -> None:
        """End the use of the server."""
        self._file.close()


def opened(folder: Path, name: str) -> TextIO:
    """The file `name` of the data folder; both are made, for this user alone, if they are missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")


def _taken(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
