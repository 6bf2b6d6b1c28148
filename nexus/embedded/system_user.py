"""Whom the private PostgreSQL runs as.

PostgreSQL refuses to run as root. Started by root it runs as another user, who may have to pass through folders that
only root may enter (a checkout below /root). No folder outside the data folder is opened up for that: where one is
barred, the server gets the one capability that lets it through, CAP_DAC_READ_SEARCH (capabilities(7)), with setpriv(1).
With it the cluster's superuser could read every file of the machine, which is one reason why the role that Nexus
connects as is not a superuser.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from nexus.errors import OperatorError

_RUN_S = 120.0
_HANDED_DOWN = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class EmbeddedError(OperatorError):
    """The private PostgreSQL is not available; the text is one line for the person who starts Nexus."""


@dataclass(frozen=True)
class SystemUser:
    """A system user to run PostgreSQL's programs as; `prefix` is a command that hands on a capability."""

    uid: int
    gid: int
    name: str
    prefix: tuple[str, ...] = ()

    def may_pass(self, path: Path) -> Path | None:
        """None if this user can reach the folder `path`, otherwise the first folder on the way that bars it."""
        resolved = path.resolve()
        for folder in (*reversed(resolved.parents), resolved):
            info = folder.stat()
            owner, group = info.st_uid == self.uid, info.st_gid == self.gid
            bit = stat.S_IXUSR if owner else stat.S_IXGRP if group else stat.S_IXOTH
            if not info.st_mode & bit:
                return folder
        return None

    def run(self, command: Sequence[str], text: str = "") -> None:
        """Run a program to its end with `text` as its input. Raises EmbeddedError with its last output."""
        process = self._spawn(command, subprocess.PIPE, subprocess.PIPE)
        with process:
            try:
                output, _ = process.communicate(text.encode(), timeout=_RUN_S)
            except BaseException as error:
                process.kill()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise EmbeddedError(f"{Path(command[0]).name} took longer than {_RUN_S:.0f} s.") from None
                raise
        if process.returncode:
            said = " | ".join(output.decode(errors="replace").split("\n")[-4:]).strip(" |")
            raise EmbeddedError(f"{command[0]} failed as user {self.name}: {said}.")

    def start(self, command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a server that writes to `log`, in its own session: a terminal's Ctrl-C does not reach it."""
        return self._spawn(command, subprocess.DEVNULL, log, detached=True)

    def _spawn(
        self, command: Sequence[str], stdin: int, stdout: int | IO[bytes], *, detached: bool = False
    ) -> subprocess.Popen[bytes]:
        switch = is_root() and not self.prefix
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            # The caller's folder may be barred to this user, and its environment may hold secrets and PG* variables.
            cwd="/",
            env={"LC_ALL": "C"} | {name: os.environ[name] for name in _HANDED_DOWN if name in os.environ},
            start_new_session=detached,
            umask=0o077,
            user=self.uid if switch else None,
            group=self.gid if switch else None,
            extra_groups=() if switch else None,
        )


def is_root() -> bool:
    """Whether this process is root, and PostgreSQL therefore needs another user."""
    return os.geteuid() == 0


def choose(cluster: Path) -> SystemUser:
    """The user for the cluster in `cluster`: its owner or, for a cluster yet to be made, this user or root's stand-in.

    Raises EmbeddedError if that is impossible.
    """
    owner = cluster.stat() if cluster.exists() else None
    if owner and is_root() and owner.st_uid:
        return SystemUser(owner.st_uid, owner.st_gid, _name(owner.st_uid))
    if owner and owner.st_uid != os.geteuid():
        raise EmbeddedError(f"{cluster} belongs to user {_name(owner.st_uid)}: run as that user.")
    if not is_root():
        return SystemUser(os.geteuid(), os.getegid(), _name(os.geteuid()))
    if owner:
        raise EmbeddedError(f"{cluster} belongs to root, as whom PostgreSQL refuses to run: chown it to another user.")
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(entry.pw_uid, entry.pw_gid, name)
    raise EmbeddedError("PostgreSQL refuses to run as root: run as another user, or set DATABASE_URL.")


def admit(user: SystemUser, folder: Path, programs: Path) -> SystemUser:
    """`user` with what it takes to reach the data folder and the programs; only `folder` is changed.

    Raises EmbeddedError, naming what bars the way, if nothing here can lift it.
    """
    if not is_root():
        return user
    if user.may_pass(folder) == folder:
        os.chown(folder, -1, user.gid)
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXGRP)
    barred = user.may_pass(folder) or user.may_pass(programs)
    admitted = user if barred is None else _capable(user, barred)
    try:
        admitted.run([str(programs / "postgres"), "--version"])
    except (EmbeddedError, OSError) as error:
        reason = f"{barred} is barred to user {user.name}" if barred else str(error).rstrip(".")
        raise EmbeddedError(f"PostgreSQL refuses to run as root, and {reason}: set DATABASE_URL.") from error
    return admitted


def _capable(user: SystemUser, barred: Path) -> SystemUser:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and {barred} lets no other user through: "
            "allow that, install setpriv (util-linux), or set DATABASE_URL."
        )
    return replace(
        user,
        prefix=(
            setpriv,
            f"--reuid={user.uid}",
            f"--regid={user.gid}",
            "--clear-groups",
            "--no-new-privs",
            # initdb asks access(2) about its neighbour, which otherwise considers the capabilities of root alone.
            "--securebits=+no_setuid_fixup",
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search",
            "--",
        ),
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
