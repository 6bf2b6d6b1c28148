"""Folders for workbooks in the making. Each is locked by its writer; what has no lock any more was left by a crash."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "nexus-sheet-"
YOUNG_S = 60.0
"""A folder this young may wait for the writer that will lock it."""


def new_folder() -> Path:
    """A new folder among the temporary files, for this user alone."""
    return Path(tempfile.mkdtemp(prefix=PREFIX))


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Lock a folder for as long as this process lives or the `with` lasts. Raises `BlockingIOError` if another has."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def sweep(parent: Path) -> None:
    """Remove what was left behind in `parent`: folders of this user, older than `YOUNG_S`, that nobody has locked."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            found = folder.lstat()
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > YOUNG_S:
                with claim(folder):
                    shutil.rmtree(folder)
        except (BlockingIOError, FileNotFoundError, NotADirectoryError):
            continue  # in use, or removed by another
