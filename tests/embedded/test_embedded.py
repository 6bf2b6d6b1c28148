"""The private PostgreSQL, run for real: what a start finds, and what a crash leaves to the next."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from nexus.embedded import DatabaseAddress, EmbeddedError, PrivatePostgres
from nexus.embedded.postmaster import until
from tests.support.private_server import kill, line, lives, login, pid_of, program, psql, sql

STARTER = """
import pathlib, sys, time
from nexus.embedded import PrivatePostgres
print(PrivatePostgres(pathlib.Path(sys.argv[1])).start().host, flush=True)
time.sleep(600)
"""


def test_fresh_start_gives_an_own_database_in_unicode(data: Path) -> None:
    with PrivatePostgres(data) as address:
        shown = sql(address, "SELECT current_database(), current_user, current_setting('server_encoding')")
        assert shown == "nexus|nexus|UTF8"
        assert sql(address, "SELECT upper('Zoë ñ'), current_setting('TimeZone')") == "ZOË Ñ|UTC"
        sql(address, "CREATE TABLE polls (id int PRIMARY KEY)")


def test_acknowledged_commits_survive_a_power_cut(data: Path) -> None:
    with PrivatePostgres(data):
        pass
    (data / "postgres" / "postgresql.auto.conf").write_text("fsync = off\nfull_page_writes = off\n")
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    with PrivatePostgres(data) as address:
        assert [sql(address, f"SHOW {name}") for name in names] == ["on"] * 4


def test_address_is_a_url_with_the_socket_folder() -> None:
    address = DatabaseAddress("/run/a b", 5432, "nexus", "s/e:c", "nexus")
    assert address.url == "postgresql://nexus:s%2Fe%3Ac@/nexus?host=%2Frun%2Fa%20b&port=5432"


def test_warm_start_keeps_what_was_committed(data: Path) -> None:
    with PrivatePostgres(data) as address:
        sql(address, "CREATE TABLE kept AS SELECT 7 AS n")
    assert not lives(data)
    with PrivatePostgres(data) as again:
        assert sql(again, "SELECT n FROM kept") == "7"
        assert again == address


def test_stop_is_idempotent(data: Path) -> None:
    server = PrivatePostgres(data)
    server.stop()
    server.start()
    server.stop()
    server.stop()
    assert not lives(data)


def test_server_is_out_of_reach_of_the_terminals_interrupt(data: Path) -> None:
    with PrivatePostgres(data):
        assert os.getsid(pid_of(data)) != os.getsid(0)


def test_start_takes_over_after_its_starter_was_killed(data: Path) -> None:
    with program(STARTER, data) as starter:
        host = line(starter)
        before = pid_of(data)
        kill(starter)
    with PrivatePostgres(data) as address:
        assert (address.host, pid_of(data)) == (host, before)
        assert sql(address, "SELECT 1") == "1"
    assert not lives(data)


def test_start_recovers_after_the_server_was_killed(data: Path) -> None:
    server = PrivatePostgres(data)
    sql(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(pid_of(data), signal.SIGKILL)
    assert until(lambda: not lives(data), 10)
    assert sql(server.start(), "SELECT n FROM kept") == "7"
    server.stop()


def test_start_waits_for_what_a_killed_server_left_behind(data: Path) -> None:
    server = PrivatePostgres(data)
    address = server.start()
    query = psql("SELECT pg_sleep(60)")
    with subprocess.Popen(query, env=login(address), stderr=subprocess.DEVNULL):
        pid = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        assert until(lambda: bool(sql(address, pid)), 10)
        backend = int(sql(address, pid))
        os.kill(backend, signal.SIGSTOP)
        os.kill(pid_of(data), signal.SIGKILL)
        assert until(lambda: not lives(data), 10)
        resume = threading.Thread(target=resume_once_refused, args=(data / "postgres.log", backend))
        resume.start()
        assert sql(server.start(), "SELECT 1") == "1"
        resume.join(10)
    server.stop()


def resume_once_refused(log: Path, backend: int) -> None:
    until(lambda: "is still in use" in log.read_text(), 10)
    os.kill(backend, signal.SIGCONT)


def test_two_starts_at_once_share_one_server(data: Path) -> None:
    with program(STARTER, data) as one, program(STARTER, data) as other:
        assert line(one) == line(other) != ""
    assert (data / "postgres.log").read_text().count("starting PostgreSQL") == 1


def test_start_is_not_fooled_by_a_stale_pid_file(data: Path) -> None:
    with PrivatePostgres(data):
        lines = (data / "postgres" / "postmaster.pid").read_text().split("\n")
    for pid in (str(os.getppid()), ""):
        (data / "postgres" / "postmaster.pid").write_text("\n".join([pid, *lines[1:]]))
        with PrivatePostgres(data) as address:
            assert sql(address, "SELECT 1") == "1"


def test_start_is_not_fooled_by_a_stale_socket_lock(data: Path) -> None:
    with PrivatePostgres(data) as address:
        pass
    folder = Path(address.host)
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f".s.PGSQL.{address.port}.lock").write_text(f"{os.getppid()}\n")
    with PrivatePostgres(data) as again:
        assert sql(again, "SELECT 1") == "1"


def test_start_replaces_a_server_whose_socket_was_cleaned_away(data: Path) -> None:
    server = PrivatePostgres(data)
    address = server.start()
    before = pid_of(data)
    (Path(address.host) / f".s.PGSQL.{address.port}").unlink()
    assert sql(server.start(), "SELECT 1") == "1"
    assert pid_of(data) != before
    server.stop()


def test_the_last_user_stops_the_server(data: Path) -> None:
    first, second = PrivatePostgres(data), PrivatePostgres(data)
    assert first.start() == second.start()
    first.stop()
    assert lives(data)
    second.stop()
    assert not lives(data)


def test_interrupted_creation_leaves_nothing_in_the_way(data: Path) -> None:
    with program(STARTER, data):
        assert until(lambda: any(data.glob("postgres.new-*/cluster/PG_VERSION")), 30)
    assert not (data / "postgres").exists()
    with PrivatePostgres(data) as address:
        assert sql(address, "SELECT 1") == "1"


def test_a_deep_path_works(tmp_path: Path) -> None:
    deep = tmp_path.joinpath("a folder" * 25, "ü, 'quoted\"" * 10, "d" * 200)
    with PrivatePostgres(deep) as address:
        assert sql(address, "SELECT 1") == "1"


def test_a_failed_start_says_why_in_one_line(data: Path) -> None:
    with PrivatePostgres(data):
        pass
    (data / "postgres" / "global" / "pg_control").rename(data / "pg_control")
    with pytest.raises(EmbeddedError, match="could not find the database system") as caught:
        PrivatePostgres(data).start()
    assert "\n" not in str(caught.value)
