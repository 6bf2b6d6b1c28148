"""Prepares `.venv` for a script: creates it and installs the project, or finds that nothing has to be done.

Needs Python >= 3.11 alone. `check SET` runs in the environment and exits 1 where `make SET` is needed; SET is
`runtime` (what `nexus` needs, with every extra) or `dev` (also what tests and checks need, and never taken
back by `runtime`).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = {"runtime": "private,oidc", "dev": "private,oidc,dev"}
LOCK_S = 900.0
INSTALL_S = 900.0
TELL_S = 15.0


class SetupError(Exception):
    """The environment cannot be made; the message is one line for the person who ran the script."""


def digest(root: Path, version: str) -> str:
    """What an installation depends on: the project's metadata, the Python, and the place of the checkout."""
    parts = (str(root), version, (root / "pyproject.toml").read_text(encoding="utf-8"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def fits(stamp: str, wanted: str, set_: str) -> bool:
    """Whether an environment of this stamp (`<digest> <set>`) is what `set_` needs at the digest `wanted`."""
    return stamp in {f"{wanted} dev", f"{wanted} {set_}"}


def installed_set(stamp: str, set_: str) -> str:
    """The set to install: the one asked for, or `dev` where that was installed before."""
    return "dev" if stamp.endswith(" dev") else set_


def read(path: Path) -> str:
    """The text of a small file, empty if there is none."""
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def say(text: str) -> None:
    """Tell the person who waits; standard output belongs to the script's own work."""
    print(f"nexus: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock on `path`, so that two scripts never install at once; it ends with its process.

    Raises SetupError when another holds it for longer than LOCK_S.
    """
    with path.open("a", encoding="utf-8") as file:
        deadline, told = time.monotonic() + LOCK_S, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SetupError(f"another script has been installing for over {LOCK_S:.0f} s") from None
            if not told:
                say("waiting for another script that is installing")
                told = True
            time.sleep(0.1)
        yield


def environment() -> dict[str, str]:
    """This process's environment without what would make pip install anywhere but into `.venv`."""
    astray = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON"}
    kept = {name: value for name, value in os.environ.items() if name not in astray}
    return kept | {"PIP_USER": "0"}


def run(what: str, *command: str) -> None:
    """Run a step, its output on standard error, and say every TELL_S that it goes on.

    Raises SetupError if it fails or takes longer than INSTALL_S.
    """
    began = time.monotonic()
    with subprocess.Popen(command, stdout=sys.stderr, env=environment()) as step:
        while (taken := time.monotonic() - began) < INSTALL_S:
            try:
                if step.wait(TELL_S):
                    raise SetupError(f"{what} failed: see the lines above")
                return
            except subprocess.TimeoutExpired:
                say(f"still {what}, {taken + TELL_S:.0f} s")
        step.kill()
    raise SetupError(f"{what} took longer than {INSTALL_S:.0f} s")


def version_of(python: Path) -> str:
    """The version of an environment's Python; empty if it is too old or has no pip."""
    code = "import pip, platform, sys; print(platform.python_version() * (sys.version_info >= (3, 11)))"
    try:
        done = subprocess.run([python, "-I", "-c", code], check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def make(root: Path, set_: str) -> None:
    """Bring `root/.venv` to `set_`. Raises SetupError; an interrupted run is mended by the next."""
    venv, stamp = root / ".venv", root / ".venv" / "nexus-stamp"
    python = venv / "bin" / "python"
    with alone(root / ".venv.lock"):
        version, before = version_of(python), read(stamp)
        if version and fits(before, digest(root, version), set_):
            return  # another script made it while this one waited
        if not version:
            say(f"making .venv with Python {platform.python_version()}")
            run("making .venv", sys.executable, "-m", "venv", "--clear", str(venv))
            version = version_of(python)
        stamp.unlink(missing_ok=True)
        chosen = installed_set(before, set_)
        say("installing what is needed into .venv: about a minute, once, with internet access")
        run("installing", str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-input", "--prefer-binary", "--editable", f"{root}[{EXTRAS[chosen]}]")  # fmt: skip
        stamp.write_text(f"{digest(root, version)} {chosen}\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """`check SET` or `make SET`: 0 when `.venv` fits."""
    act, set_ = arguments
    # Nothing here is secret, and what root installs another user must run: PostgreSQL refuses to be root.
    os.umask(0o022)
    if act == "check":
        stamp = read(ROOT / ".venv" / "nexus-stamp")
        return 0 if fits(stamp, digest(ROOT, platform.python_version()), set_) else 1
    try:
        make(ROOT, set_)
    except (SetupError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
