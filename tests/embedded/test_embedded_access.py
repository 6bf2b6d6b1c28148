"""Who may use the private PostgreSQL, and what it asks of the folders it lives in."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from nexus.embedded import DatabaseAddress, EmbeddedError, PrivatePostgres, binaries, claim, sockets
from nexus.embedded import cluster as clusters
from nexus.embedded.system_user import SystemUser
from tests.support.private_server import kill, line, pid_of, program, sql

ROOT = os.geteuid() == 0
DAC_READ_SEARCH = 2
"""The number of the capability (capabilities(7), linux/capability.h)."""

CLAIMER = """
import pathlib, sys, time
from nexus.embedded import claim
with claim(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""


def test_the_role_of_nexus_reads_no_files(data: Path) -> None:
    with PrivatePostgres(data) as address, pytest.raises(subprocess.CalledProcessError):
        sql(address, "SELECT pg_read_file('/etc/passwd')")


def test_only_the_password_opens_the_database(data: Path) -> None:
    with PrivatePostgres(data) as address:
        other = DatabaseAddress(address.host, address.port, address.user, "wrong", address.database)
        with pytest.raises(subprocess.CalledProcessError):
            sql(other, "SELECT 1")
        assert address.password not in repr(address)


def test_a_second_claim_is_refused_with_the_holders_pid(data: Path) -> None:
    with program(CLAIMER, data) as claimer:
        assert line(claimer) == "claimed"
        message = f"Another nexus serve uses {data} \\(pid {claimer.pid}\\)\\."
        with pytest.raises(EmbeddedError, match=message), claim(data):
            pass
        kill(claimer)
    with claim(data):
        assert (data / "lock").read_text() == str(os.getpid())


def test_a_claim_says_what_is_wrong_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="Cannot use the data folder"), claim(tmp_path / "file"):
        pass


def test_what_the_data_folder_holds_is_closed_to_others(data: Path) -> None:
    with claim(data), PrivatePostgres(data) as address:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (*data.iterdir(), Path(address.host))}
    folders = {"postgres", Path(address.host).name}
    assert modes == {name: 0o700 if name in folders else 0o600 for name in modes}
    assert {"lock", "postgres.password", "postgres.log"} < modes.keys()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@pytest.mark.skipif(not ROOT, reason="only root runs PostgreSQL as another user")
def test_root_leaves_the_folders_above_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    barred = tmp_path / "barred"
    barred.mkdir(mode=0o700)
    data, wheel = barred / "data", barred / "wheel"
    for part in (binaries().parent, binaries().parent.parent.with_suffix(".libs")):
        shutil.copytree(part, wheel / part.relative_to(binaries().parents[2]))
    programs = wheel / binaries().relative_to(binaries().parents[2])
    monkeypatch.setattr(clusters, "binaries", lambda: programs)
    with PrivatePostgres(data) as address:
        status = Path("/proc", str(pid_of(data)), "status").read_text()
        assert sql(address, "SELECT 1") == "1"
        assert (data / "postgres").stat().st_uid != 0
    assert f"CapPrm:\t{1 << DAC_READ_SEARCH:016x}\n" in status
    for folder in (barred, data):
        assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (0, 0o700)


@pytest.mark.skipif(not ROOT, reason="only root runs PostgreSQL as another user")
def test_root_lets_the_servers_user_pass_the_data_folder() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        data = Path(folder)
        with PrivatePostgres(data) as address:
            assert sql(address, "SELECT 1") == "1"
        assert (data.stat().st_uid, stat.S_IMODE(data.stat().st_mode)) == (0, 0o710)


def test_a_planted_socket_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [Path(tempfile.mkdtemp(dir="/tmp")) for _ in range(2)]
    user = SystemUser(os.geteuid(), os.getegid(), "me")
    monkeypatch.setattr(sockets, "_places", lambda: iter(places))
    planted = sockets.socket_folder(tmp_path, user)
    assert planted.parent == places[0]
    planted.chmod(0o777)
    chosen = sockets.socket_folder(tmp_path, user)
    assert (chosen.parent, stat.S_IMODE(chosen.stat().st_mode)) == (places[1], 0o700)
    for folder in (planted, chosen, *places):
        folder.rmdir()


def test_a_lost_password_is_named(data: Path) -> None:
    with PrivatePostgres(data):
        pass
    (data / "postgres.password").unlink()
    with pytest.raises(EmbeddedError, match=r"postgres\.password is missing"):
        PrivatePostgres(data).start()


def test_without_the_wheel_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match="set DATABASE_URL"):
        binaries()
