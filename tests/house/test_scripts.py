"""The scripts that set everything up: when they install, and that every shell there is can read them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.shots.__main__ import parser
from tests.support.checkout import ROOT

SCRIPTS = ROOT / "scripts"
SHELL_FILES = ("_venv", "serve", "test", "check", "bench")


@pytest.fixture
def venv() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_venv", SCRIPTS / "_venv.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


class Installer:
    """Stands in for venv and pip: notes what would be run."""

    def __init__(self) -> None:
        self.installed: list[str] = []

    def run(self, what: str, *command: str) -> None:
        if what == "installing":
            self.installed.append(command[-1])
        else:
            (Path(command[-1]) / "bin").mkdir(parents=True)


@pytest.fixture
def installer(venv: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Installer:
    stand_in = Installer()
    monkeypatch.setattr(venv, "run", stand_in.run)
    monkeypatch.setattr(venv, "version_of", lambda python: "3.11.9" if python.parent.exists() else "")
    return stand_in


def test_nothing_is_installed_twice(venv: ModuleType, project: Path, installer: Installer) -> None:
    for _ in range(2):
        venv.make(project, "runtime")
    assert installer.installed == [f"{project}[private,oidc]"]


def test_serving_takes_nothing_from_the_tests(venv: ModuleType, project: Path, installer: Installer) -> None:
    venv.make(project, "runtime")
    venv.make(project, "dev")
    venv.make(project, "runtime")
    assert installer.installed == [f"{project}[private,oidc]", f"{project}[private,oidc,dev]"]


def test_a_changed_project_is_installed_anew(venv: ModuleType, project: Path, installer: Installer) -> None:
    venv.make(project, "dev")
    (project / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    venv.make(project, "runtime")
    assert installer.installed == [f"{project}[private,oidc,dev]"] * 2


def test_a_failed_installation_is_tried_again(
    venv: ModuleType, project: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(what: str, *command: str) -> None:
        raise venv.SetupError(what)

    with monkeypatch.context() as broken:
        broken.setattr(venv, "run", fail)
        with pytest.raises(venv.SetupError):
            venv.make(project, "dev")
    venv.make(project, "dev")
    assert installer.installed == [f"{project}[private,oidc,dev]"]


def test_the_stamp_depends_on_python_and_place(venv: ModuleType, project: Path) -> None:
    here = venv.digest(project, "3.11.9")
    elsewhere = project / "moved"
    elsewhere.mkdir()
    shutil.copy(project / "pyproject.toml", elsewhere)
    assert len({here, venv.digest(project, "3.12.1"), venv.digest(elsewhere, "3.11.9")}) == 3


def test_a_second_installer_waits_no_longer_than_its_bound(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv, "LOCK_S", 0.2)
    with venv.alone(tmp_path / "lock"), pytest.raises(venv.SetupError), venv.alone(tmp_path / "lock"):
        pass
    with venv.alone(tmp_path / "lock"):
        pass


def test_a_long_step_says_that_it_goes_on(
    venv: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "TELL_S", 0.05)
    venv.run("installing", sys.executable, "-c", "import time; time.sleep(0.2)")
    told = capfd.readouterr().err.splitlines()
    assert set(told) == {"nexus: still installing, 0 s"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "installing failed: see the lines above"),
        ("import time; time.sleep(60)", "installing took longer than 0 s"),
    ],
)
def test_a_step_that_fails_or_never_ends_is_one_line(
    venv: ModuleType, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    monkeypatch.setattr(venv, "TELL_S", 0.05)
    monkeypatch.setattr(venv, "INSTALL_S", 0.3 if "sleep" in code else 30.0)
    with pytest.raises(venv.SetupError, match=said):
        venv.run("installing", sys.executable, "-c", code)


def test_pip_is_not_led_astray(venv: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    assert "PIP_TARGET" not in venv.environment()
    assert venv.environment()["PIP_USER"] == "0"


@pytest.mark.parametrize("name", SHELL_FILES)
def test_every_script_parses(name: str) -> None:
    subprocess.run(["sh", "-n", str(SCRIPTS / name)], check=True, timeout=10)


def test_the_ci_script_parses() -> None:
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True, timeout=10)


def test_without_a_fit_python_one_line_says_so(tmp_path: Path) -> None:
    scripts = tmp_path / "checkout" / "scripts"
    shutil.copytree(SCRIPTS, scripts)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "sh"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    # One that is too old, as the only Python on the path.
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    done = subprocess.run(
        [str(scripts / "serve")], check=False, capture_output=True, text=True, timeout=30, env={"PATH": str(tools)}
    )
    assert (done.returncode, done.stderr) == (1, "nexus: no Python >= 3.11 on the path: install one\n")


def test_an_environment_without_pip_is_made_afresh(venv: ModuleType, tmp_path: Path) -> None:
    assert venv.version_of(tmp_path / "bin" / "python") == ""
    assert venv.version_of(Path(sys.executable)) != ""


@pytest.mark.parametrize("size", ["360", "1280x", "0x720", "1280x720x2", "wide"])
def test_a_size_of_pictures_that_is_none_is_named(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser().parse_args(["--size", "1280x720"]).size == ["1280x720"]
    with pytest.raises(SystemExit):
        parser().parse_args(["--size", size])
    told = capsys.readouterr().err
    assert f"'{size}' is not a width and a height in pixels, such as 1280x720" in told
