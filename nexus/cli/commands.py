"""The commands that use a database: the schema, accounts, and the proof that counts equal votes."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from nexus.access.password_policy import check_password
from nexus.access.passwords import Passwords
from nexus.domain.text import counted, username_problems
from nexus.embedded import PrivatePostgres
from nexus.errors import NotFound
from nexus.settings import Settings
from nexus.store import accounts, schema
from nexus.store.database import Database

if TYPE_CHECKING:
    from nexus.voting.recount import Differences

T = TypeVar("T")

CLI = "cli"
"""The `user` of the audit log for what is done at the command line."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _database_url(settings: Settings) -> Iterator[str]:
    """The database of the settings; the private one is started if no server runs it."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with PrivatePostgres(settings.data) as address:
        yield address.url


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run(url: str) -> T:
        database = Database(url, size=4)
        await database.connect()
        try:
            return await work(database)
        finally:
            await database.close()

    with _database_url(settings) as url:
        return asyncio.run(run(url))


async def _migrated(database: Database) -> None:
    schema.require_current(await schema.version(database))


def migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring the database to the current schema."""

    async def work(database: Database) -> int:
        return await schema.migrate(database, _say)

    before = _with_database(settings, work)
    _say(f"the schema is {schema.VERSION}" + (", unchanged" if before == schema.VERSION else f", it was {before}"))
    return 0


def add_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add an account."""
    name: str = arguments.name.strip()
    if wrong := username_problems(name):
        raise ValueError(_refusal("username", *(text for _, text in wrong)))
    password, made = _password()
    if problems := check_password(password, name):
        raise ValueError(_refusal("password", *problems))

    async def work(database: Database) -> accounts.User:
        await _migrated(database)
        passwords = Passwords(threads=1)
        try:
            hashed = await passwords.hash(password)
        finally:
            passwords.close()
        return await accounts.add(database, name, None, hashed, admin=arguments.admin, by=CLI)

    user = _with_database(settings, work)
    _say(f"{user.subject} {user.username} {','.join(user.roles)}")
    if made:
        _say(f"password {password} (shown only now)")
    return 0


def _refusal(field: str, *problems: str) -> str:
    """What is wrong with a field, as one sentence."""
    return f"The {field} {' and '.join(problems)}."


def _password() -> tuple[str, bool]:
    """The password, and whether it was generated: asked for at a terminal, read from a pipe, otherwise generated."""
    if sys.stdin is not None and sys.stdin.isatty():
        given = getpass.getpass("Password (leave empty to generate one): ")
    else:
        given = sys.stdin.readline().rstrip("\n") if sys.stdin is not None else ""
    return (given, False) if given else (secrets.token_urlsafe(12), True)


def list_users(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print every account."""

    async def work(database: Database) -> list[accounts.User]:
        await _migrated(database)
        return await accounts.all_users(database)

    for user in _with_database(settings, work):
        _say(f"{user.subject:12} {user.username:30} {','.join(user.roles)}{' disabled' if user.disabled else ''}")
    return 0


def disable_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Disable an account: it loses access within 5 s."""

    async def work(database: Database) -> accounts.User:
        await _migrated(database)
        return await accounts.disable(database, arguments.name, by=CLI)

    try:
        user = _with_database(settings, work)
    except NotFound as error:
        raise ValueError(error.detail) from error
    _say(f"{user.subject} {user.username} is disabled")
    return 0


def verify(arguments: argparse.Namespace, settings: Settings) -> int:
    """Recount every vote; exit status 1 if anything disagrees and was not mended."""
    from nexus.bus.redis.bus import open_bus
    from nexus.voting.recount import Recount  # with Redis: the other commands start faster without it

    async def work(database: Database) -> Differences:
        await _migrated(database)
        bus = open_bus(settings.redis, "verify") if settings.redis else None
        return await Recount(database, bus, _progress).run(repair=arguments.repair)

    differences = _with_database(settings, work)
    lines = differences.mendable + differences.lasting
    for line in lines:
        _say(line)
    if not lines:
        _say("counts equal votes")
        return 0
    _say(f"{counted(len(lines), 'difference')}{_mended(differences) if arguments.repair else ''}")
    return 0 if arguments.repair and not differences.lasting else 1


def _mended(differences: Differences) -> str:
    if not differences.lasting:
        return ", mended"
    return f", {len(differences.mendable)} mended; the history can only be restored from a backup"


def _progress(line: str) -> None:
    """Show how far a long task is, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{line}")
        sys.stderr.flush()
