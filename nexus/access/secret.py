"""The key that signs tokens: set by NEXUS_SECRET_KEY, or made once and kept in the data folder."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from nexus.errors import SettingsError

SHORTEST_KEY = 32
"""The fewest bytes of NEXUS_SECRET_KEY: HS256 wants a key as long as its hash (RFC 7518, section 3.2)."""

_NAME = "secret-key"


def secret_key(given: bytes | None, data: Path) -> bytes:
    """`given` (NEXUS_SECRET_KEY), or the key kept in the folder `data`, made there (mode 0600) if missing.

    Processes that ask at the same time get the same key. It uses the disk: call it while starting. Raises
    SettingsError where the folder cannot be used or the kept key is too short.
    """
    if given is not None:
        return given
    path = data / _NAME
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise SettingsError(f"NEXUS_DATA: cannot keep the key in {path}: {error.strerror}.") from error


def kept_key(given: bytes | None, data: Path) -> bytes:
    """`secret_key` of a server that has one: makes nothing. Raises SettingsError where there is none yet."""
    if given is not None:
        return given
    path = data.absolute() / _NAME
    try:
        return _read(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        missing = (
            f"There is no data folder at {path.parent}" if not path.parent.is_dir() else f"There is no key in {path}"
        )
        raise SettingsError(
            f"{missing}: set NEXUS_DATA to the data folder of the server or NEXUS_SECRET_KEY to its key, or start "
            "nexus serve first."
        ) from error
    except OSError as error:
        raise SettingsError(f"NEXUS_DATA: cannot read the key in {path}: {error.strerror}.") from error


def _read(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"NEXUS_SECRET_KEY: the key in {path} has fewer than {SHORTEST_KEY} bytes; delete that file."
        )
    return key


def _make(path: Path) -> None:
    # A link appears whole or not at all, and never replaces another's: the second process keeps the first one's key.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
