"""Where the server's Unix socket is: in a private folder with a short path, since about 100 bytes are allowed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nexus.embedded.system_user import EmbeddedError, SystemUser, is_root

_LIMIT = 100
_LONGEST_NAME = "/.s.PGSQL.65535"


def socket_folder(data: Path, user: SystemUser) -> Path:
    """The folder for the socket of the data folder `data`, made if missing; nobody else can plant it.

    Raises EmbeddedError if no place is short, writable and ours alone.
    """
    name = f"nexus-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    for place in _places():
        folder = place / name
        fits = len(os.fsencode(folder)) + len(_LONGEST_NAME) <= _LIMIT
        usable = place.is_dir() and os.access(place, os.W_OK | os.X_OK) and user.may_pass(place) is None
        if fits and usable and _own(folder, user):
            return folder
    raise EmbeddedError(
        f"No private folder {name} for PostgreSQL's socket: set TMPDIR to a short path that only you can write to."
    )


def remove(folder: Path) -> None:
    """Remove an empty socket folder; one that is gone or not empty does no harm."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _places() -> Iterator[Path]:
    if is_root():
        yield Path("/run")  # where root alone may write
    elif runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108  for a TMPDIR that is too long


def _own(folder: Path, user: SystemUser) -> bool:
    """Whether `folder`, made if missing, is a folder of `user` or of this process's user, closed to others."""
    with contextlib.suppress(FileExistsError):  # it is checked below, like one of our own
        folder.mkdir(mode=0o700)
    info = folder.lstat()
    private = stat.S_ISDIR(info.st_mode) and not stat.S_IMODE(info.st_mode) & 0o077
    if not private or info.st_uid not in {user.uid, os.geteuid()}:
        return False
    if is_root():
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)
    return True
