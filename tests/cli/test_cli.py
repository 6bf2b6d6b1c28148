"""The commands beside `serve` and `verify`, each as a process of its own (docs/contract.md, "Running")."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.access.tokens import Tokens
from nexus.settings import SETTINGS
from nexus.store import schema
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.command import REFUSED, Command
from tests.support.postgres_server import PostgresServer, new_database
from tests.support.served import KEY


@pytest.fixture
def empty_url(postgres: PostgresServer) -> Iterator[str]:
    with new_database(postgres) as url:
        yield url


def test_help_lists_the_commands(tmp_path: Path) -> None:
    said = "\n".join(Command(tmp_path).says("--help"))
    assert all(f"\n    {name} " in said for name in ("serve", "migrate", "user", "token", "verify"))


def test_serve_help_lists_every_setting_with_its_default(tmp_path: Path) -> None:
    said = Command(tmp_path).says("serve", "--help")
    for setting in SETTINGS:
        (line,) = [line for line in said if line.split()[:1] == [setting.name]]
        assert line.split(None, 1)[1].startswith(setting.default or "(unset)")
        assert setting.values in line and setting.help in line
    assert all(
        any(line.startswith(f"  {flag}") for line in said) for flag in ("--host", "--port", "--workers", "--demo")
    )


@pytest.mark.parametrize(
    ("code", "unneeded"),
    [
        (
            "from nexus.cli import main; main(['serve', '--help'])",
            {"sqlalchemy", "starlette", "jwt", "redis"},
        ),
        ("from nexus.cli import main; main(['token', 'guest:x'])", {"sqlalchemy", "starlette", "redis", "argon2"}),
        ("import nexus.app, nexus.cli.serving", {"redis", "authlib", "httpx2"}),
        ("import nexus.cli.workers", {"nexus.app", "sqlalchemy"}),
    ],
    ids=["help", "token", "serve without Redis and a provider", "the parent of workers"],
)
def test_what_is_not_needed_is_not_loaded(tmp_path: Path, code: str, unneeded: set[str]) -> None:
    code = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('loaded', *sys.modules)"
    env = Command(tmp_path).environment()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env, timeout=60)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "nexus.settings" in loaded
    assert not loaded & unneeded


def test_serve_without_a_database_says_what_to_set_or_install(tmp_path: Path) -> None:
    code = """if True:
        import importlib.util, sys
        find = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: None if "pgserver" in name else find(name, *rest)
        from nexus.cli import main
        sys.exit(main(["serve"]))
    """
    env = Command(tmp_path, NEXUS_DATA=str(tmp_path / "data")).environment()
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env=env, timeout=60
    )
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert re.fullmatch(r"nexus: .*set DATABASE_URL, .*pip install 'nexus-voting\[private\]'.*\n", done.stderr)
    assert not (tmp_path / "data").exists()


def test_no_command_is_refused(tmp_path: Path) -> None:
    done = Command(tmp_path).run()
    assert done.returncode == REFUSED and done.stderr.startswith("usage: nexus")


@pytest.mark.parametrize(
    ("setting", "text"),
    [("DATABASE_URL", "mysql://x"), ("PORT", "http"), ("NEXUS_SECRET_KEY", "short"), ("NEXUS_LOG", "xml")],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, setting: str, text: str) -> None:
    assert Command(tmp_path).refused("serve", **{setting: text}).startswith(setting)


def test_a_database_out_of_reach_is_one_line(tmp_path: Path) -> None:
    said = Command(tmp_path).refused("user", "list", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert said.startswith("DATABASE_URL: The database is out of reach.")


def test_migrate_fills_an_empty_database_and_may_be_repeated(tmp_path: Path, empty_url: str) -> None:
    nexus = Command(tmp_path, DATABASE_URL=empty_url)
    assert nexus.says("migrate") == [f"creating schema {schema.VERSION}", f"the schema is {schema.VERSION}, it was 0"]
    assert nexus.says("migrate") == [f"the schema is {schema.VERSION}, unchanged"]


async def test_migrate_from_two_places_at_once_fills_it_once(tmp_path: Path, empty_url: str) -> None:
    nexus = Command(tmp_path, DATABASE_URL=empty_url)
    both = [nexus.start("migrate"), nexus.start("migrate")]
    said = "".join(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0], said
    assert said.count("creating schema") == 1
    database = Database(empty_url, size=1)
    await database.connect()
    assert await rows(database, "SELECT version FROM schema_version") == [(schema.VERSION,)]
    await database.close()


@pytest.mark.parametrize("command", [("migrate",), ("serve", "--port", "0")])
def test_a_newer_schema_is_refused(tmp_path: Path, postgres: PostgresServer, command: tuple[str, ...]) -> None:
    with new_database(postgres, "CREATE TABLE schema_version AS SELECT 9999 AS version") as url:
        said = Command(tmp_path, DATABASE_URL=url).refused(*command)
    assert said.startswith("The database has schema 9999, newer than this version of Nexus")


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("verify",)])
def test_an_older_schema_is_left_to_migrate(tmp_path: Path, postgres: PostgresServer, command: tuple[str, ...]) -> None:
    with new_database(postgres, "CREATE TABLE schema_version AS SELECT -1 AS version") as url:
        assert Command(tmp_path, DATABASE_URL=url).refused(*command).endswith("run nexus migrate.")


@pytest.mark.parametrize(
    "table",
    ["polls (id integer)", "options (name text)", "schema_version (dirty boolean)", "schema_version (version integer)"],
)
def test_tables_of_another_program_are_left_alone(tmp_path: Path, postgres: PostgresServer, table: str) -> None:
    with new_database(postgres, f"CREATE TABLE {table}") as url:
        said = Command(tmp_path, DATABASE_URL=url).refused("migrate")
    assert said == "The database holds tables of another program: Nexus needs its own database."


def test_a_schema_that_cannot_be_made_is_one_line(tmp_path: Path, postgres: PostgresServer) -> None:
    with new_database(postgres, "CREATE FUNCTION audit_append() RETURNS integer LANGUAGE sql AS 'SELECT 1'") as url:
        done = Command(tmp_path, DATABASE_URL=url).run("migrate")
    assert done.returncode == REFUSED
    assert re.fullmatch(rf"nexus: The schema could not be brought to {schema.VERSION}: .*exists.*\n", done.stderr)


def test_a_token_names_its_subject_and_roles(tmp_path: Path) -> None:
    said = Command(tmp_path).says("token", "user:7", "--role", "user", "--role", "admin", "--ttl", "60", "--poll", "3")
    identity = Tokens(KEY.encode()).identity(said[0])
    assert (identity.voter, identity.polls) == ("user:7", frozenset({3}))
    assert identity.roles == {"user", "admin"}


@pytest.mark.parametrize("arguments", [("somebody",), ("user:1", "--ttl", "0"), ("guest:x",)])
def test_a_token_for_nobody_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert Command(tmp_path).refused("token", *arguments)


@pytest.mark.parametrize("role", ["", "x" * 65])
def test_a_role_that_no_token_can_have_is_refused(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    from nexus.cli import main

    with pytest.raises(SystemExit) as refused:
        main(["token", "user:7", "--role", role])
    assert refused.value.code == 2
    assert "argument --role: must have 1 to 64 characters" in capsys.readouterr().err
