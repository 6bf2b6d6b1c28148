"""Who may do what in a data folder: locks on its files (flock(2)), which fall with their process."""

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
"""How long a command waits for another that starts or stops the server: longer than both may take."""


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Be the one `nexus serve` of the data folder `folder`, which is made where it is missing.

    Raises EmbeddedError where another process is, or the folder cannot be had.
    """
    try:
        file = opened(folder, "lock")
    except OSError as error:
        raise EmbeddedError(f"cannot use the data folder {folder}: {error.strerror}") from error
    with file:
        if not _taken(file, fcntl.LOCK_EX):
            holder = file.read().strip() or "unknown"
            raise EmbeddedError(f"another nexus serve uses {folder} (pid {holder})")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Be the only one who creates, starts or stops the server of `folder`; EmbeddedError after TURN_S."""
    with opened(folder, "postgres.lock") as file:
        if not until(lambda: _taken(file, fcntl.LOCK_EX), TURN_S):
            raise EmbeddedError(f"another command has been starting or stopping PostgreSQL in {folder}: end it")
        yield


class Use:
    """One command's use of the server in `folder`; begun and ended within a `turn`."""

    def __init__(self, folder: Path) -> None:
        self._file = opened(folder, "postgres.users")
        # Exclusive only for the moment in which the last user leaves, which is another's turn.
        fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def is_last(self) -> bool:
        """Whether no other command uses the server."""
        return _taken(self._file, fcntl.LOCK_EX)

    def end(self) -> None:
        """Use it no longer."""
        self._file.close()


def opened(folder: Path, name: str) -> TextIO:
    """The file `name` of the data folder; both are made, for this user alone, where they are missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")


def _taken(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
