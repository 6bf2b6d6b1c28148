"""The wheel: what it holds, and that Nexus serves from it anywhere, without the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.support.checkout import ROOT
from tests.support.command import Command
from tests.support.postgres_server import PostgresServer, new_database

BUILD_S = 120.0
END_S = 15.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built from a copy: a build leaves nothing in the checkout."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "schema.sql", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "nexus", source / "nexus", ignore=shutil.ignore_patterns("__pycache__"))
    run("-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source))
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed, without what it needs."""
    target = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check")
    run("-m", "pip", "install", *options, "--target", str(target), str(wheel))
    return target


def run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True, timeout=BUILD_S)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_what_the_package_reads(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    package = {
        f"nexus/{path.relative_to(ROOT / 'nexus')}"
        for path in (ROOT / "nexus").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert package | {"nexus/schema.sql"} <= held
    assert {"nexus/py.typed", "nexus/access/common_passwords.txt"} <= held
    assert {name.split("/")[0].partition("-")[0] for name in held} == {"nexus", "nexus_voting"}


def test_extras_are_installed_only_if_they_are_asked_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        (metadata,) = (held.read(name).decode() for name in held.namelist() if name.endswith(".dist-info/METADATA"))
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    (postgres,) = (line for line in needed if "pgserver" in line)
    assert postgres.endswith("extra == 'private'")
    login = [line for line in needed if line.startswith(("Requires-Dist: authlib<", "Requires-Dist: httpx2<"))]
    assert len(login) == 2 and all(line.endswith("extra == 'oidc'") for line in login)
    assert "Requires-Dist: asyncpg<0.33,>=0.32" in needed


def test_the_wheels_schema_is_the_trees(installed: Path) -> None:
    assert (installed / "nexus" / "schema.sql").read_bytes() == (ROOT / "schema.sql").read_bytes()


def test_an_installed_wheel_serves_from_anywhere(installed: Path, tmp_path: Path, postgres: PostgresServer) -> None:
    anywhere = Command(tmp_path, PYTHONPATH=str(installed))
    where = [sys.executable, "-P", "-c", "import nexus; print(nexus.__file__)"]
    found = subprocess.run(where, check=True, capture_output=True, text=True, env=anywhere.environment(), cwd=tmp_path)
    assert Path(found.stdout.strip()).is_relative_to(installed)
    with new_database(postgres) as url, anywhere.start("serve", "--port", "0", DATABASE_URL=url) as process:
        try:
            assert httpx.get(f"{address(process)}/health/ready", timeout=30).status_code == 200
        finally:
            process.terminate()
            rest, _ = process.communicate(timeout=END_S)
        assert process.returncode == 0 and "ERROR" not in rest, rest


def address(process: subprocess.Popen[str]) -> str:
    """Where a `nexus serve` says that it serves."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:  # until it has ended, should it never say so
        said.append(line)
        if line.startswith("Nexus serves "):
            return line.split()[-1]
    raise AssertionError("".join(said))


def test_the_script_serves_from_anywhere(tmp_path: Path) -> None:
    check = [sys.executable, "-I", str(ROOT / "scripts" / "_venv.py"), "check", "runtime"]
    if subprocess.run(check, check=False).returncode:
        pytest.skip("the script would install first: run the tests by scripts/test")
    done = subprocess.run(
        [str(ROOT / "scripts" / "serve"), "--help"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=Command(tmp_path).environment(),
        timeout=60,
    )
    assert done.stdout.startswith("usage: nexus serve") and list(tmp_path.iterdir()) == []
