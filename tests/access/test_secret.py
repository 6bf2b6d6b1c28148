"""The key that signs tokens, given or kept."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.access.secret import secret_key
from nexus.errors import SettingsError


def test_secret_key_is_the_one_that_was_set(tmp_path: Path) -> None:
    assert secret_key(b"k" * 32, tmp_path / "data") == b"k" * 32
    assert not (tmp_path / "data").exists()


def test_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "data"
    key = secret_key(None, folder)
    assert len(key) >= 32
    assert secret_key(None, folder) == key
    assert [file.name for file in folder.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600
    assert secret_key(None, tmp_path / "other") != key


def test_secret_key_is_one_for_processes_that_start_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from nexus.access.secret import secret_key;"
        "print('ready', flush=True); sys.stdin.readline(); print(secret_key(None, Path(sys.argv[1])).decode())"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "data")],
            env={"PYTHONPATH": ":".join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for starter in starters:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "ready\n"
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write("\n")
        starter.stdin.flush()
    keys = {starter.communicate(timeout=30)[0] for starter in starters}
    assert len(keys) == 1
    assert len(keys.pop()) > 32
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret-key"]


def test_secret_key_kept_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("short\n")
    with pytest.raises(SettingsError, match=r"NEXUS_SECRET_KEY.*32 bytes"):
        secret_key(None, tmp_path)


def test_secret_key_without_a_usable_folder_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="NEXUS_DATA"):
        secret_key(None, tmp_path / "file")
