"""No command but `nexus serve` makes a data folder, or anything in one (docs/contract.md, "The data folder")."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from nexus.embedded import EmbeddedError, require_cluster, require_own
from tests.support.command import Command

COMMANDS = (
    ("migrate",),
    ("verify",),
    ("verify", "--repair"),
    ("token", "user:1"),
    ("user", "list"),
    ("user", "add", "Ada"),
    ("user", "password", "Ada", "--generate"),
    ("user", "disable", "Ada"),
    ("user", "enable", "Ada"),
    ("user", "delete", "Ada", "--yes"),
)


def tree(folder: Path) -> list[str]:
    """Everything below a folder."""
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


def unset(folder: Path, data: Path) -> Command:
    """A command with a data folder and nothing else that is set."""
    return Command(folder, NEXUS_DATA=str(data), NEXUS_SECRET_KEY="")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_makes_a_data_folder(tmp_path: Path, command: Sequence[str]) -> None:
    said = unset(tmp_path, tmp_path / "deep" / "data").refused(*command)
    assert said.startswith(f"There is no data folder at {tmp_path}/deep/data: set NEXUS_DATA")
    assert said.endswith("or start nexus serve first.")
    assert tree(tmp_path) == []


def test_the_default_folder_is_named_as_it_is_found(tmp_path: Path) -> None:
    said = Command(tmp_path, NEXUS_SECRET_KEY="").refused("user", "list")
    assert said.startswith(f"There is no data folder at {tmp_path}/nexus-data: ")
    assert tree(tmp_path) == []


@pytest.mark.parametrize(
    "kept", [(), ("notes.txt",), ("postgres/PG_VERSION",), ("secret-key",), ("lock", "lost+found/x")]
)
@pytest.mark.parametrize("command", [("migrate",), ("user", "list"), ("verify",)], ids=" ".join)
def test_a_folder_without_a_database_of_nexus_stays_as_it_is(
    tmp_path: Path, command: Sequence[str], kept: Sequence[str]
) -> None:
    data = tmp_path / "data"
    for name in kept:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("18\n")
    data.mkdir(exist_ok=True)
    before = tree(tmp_path)
    assert (
        unset(tmp_path, data).refused(*command).startswith(f"There is no database of Nexus in {data}: set NEXUS_DATA")
    )
    assert tree(tmp_path) == before


@pytest.mark.parametrize("command", [("migrate",), ("token", "user:1"), ("user", "list"), ("serve", "--port", "0")])
def test_a_file_is_no_data_folder(tmp_path: Path, command: Sequence[str]) -> None:
    data = tmp_path / "data"
    data.write_text("mine")
    said = unset(tmp_path, data).refused(*command)
    assert str(data) in said and ("NEXUS_DATA" in said or "folder" in said)
    assert data.read_text() == "mine" and tree(tmp_path) == ["data"]


@pytest.mark.parametrize("kept", [("notes.txt",), ("base/1", "PG_VERSION"), ("src/.git",), ("config.json", ".env")])
def test_serve_leaves_the_folder_of_another_program_alone(tmp_path: Path, kept: Sequence[str]) -> None:
    data = tmp_path / "data"
    for name in kept:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("18\n")
    before = tree(tmp_path)
    assert unset(tmp_path, data).refused("serve", "--port", "0").startswith(f"NEXUS_DATA: {data} holds files of ")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kept", [(), (".gitkeep", "lost+found"), ("secret-key", "backup.sql")])
def test_serve_may_use_an_empty_folder_and_its_own(tmp_path: Path, kept: Sequence[str]) -> None:
    for name in kept:
        (tmp_path / name).write_text("mine")
    require_own(tmp_path)


@pytest.mark.parametrize("require", [require_cluster, require_own])
def test_a_folder_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Callable[[Path], None]
) -> None:
    def denied(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)  # root may read every folder
    with pytest.raises(EmbeddedError, match=re.escape(f"NEXUS_DATA: Cannot use {tmp_path}: Permission denied.")):
        require(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every folder")
@pytest.mark.parametrize("command", [("migrate",), ("token", "user:1"), ("user", "list")])
def test_a_folder_without_permission_is_named(tmp_path: Path, command: Sequence[str]) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o000)
    try:
        said = unset(tmp_path, data).refused(*command)
    finally:
        data.chmod(0o700)
    assert said.startswith("NEXUS_DATA: ") and str(data) in said and "Permission denied" in said


def test_a_folder_without_a_key_makes_no_token(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    said = unset(tmp_path, tmp_path / "data").refused("token", "user:1")
    assert said.startswith(f"There is no key in {tmp_path}/data/secret-key: ") and "NEXUS_SECRET_KEY" in said
    assert tree(tmp_path) == ["data"]


def test_what_a_server_keeps_elsewhere_needs_no_data_folder(tmp_path: Path, database_url: str) -> None:
    nexus = Command(tmp_path, DATABASE_URL=database_url)  # and a key
    for command in (("migrate",), ("user", "list"), ("verify",), ("token", "user:1")):
        nexus.says(*command)
    assert tree(tmp_path) == []
