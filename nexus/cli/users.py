"""`nexus user`: accounts, as the operator manages them (docs/contract.md, "Running")."""

from __future__ import annotations

import argparse
import getpass
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from functools import wraps

from nexus.access.password_policy import check_password
from nexus.access.passwords import Passwords
from nexus.cli.databases import running_database, say, with_current_database
from nexus.domain.text import counted, username_problems
from nexus.errors import OperatorError, UsernameTaken
from nexus.settings import Settings
from nexus.store import account_changes, account_lists, accounts, departures
from nexus.store.account_lists import Entry
from nexus.store.accounts import User
from nexus.store.database import Database

CLI = "cli"
"""The `user` of the audit log for what is done at the command line."""


def _kept_up(command: Callable[[argparse.Namespace, Settings], int]) -> Callable[[argparse.Namespace, Settings], int]:
    """`command`, with the database up from its first look to its last: it asks something in between."""

    @wraps(command)
    def kept(arguments: argparse.Namespace, settings: Settings) -> int:
        with running_database(settings):
            return command(arguments, settings)

    return kept


@_kept_up
def add_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add an account."""
    name: str = arguments.name.strip()
    if wrong := username_problems(name):
        raise OperatorError(_refusal("username", *(text for _, text in wrong)))

    async def free(database: Database) -> None:
        if await accounts.by_name(database, name) is not None:
            raise OperatorError(_taken(name))

    with_current_database(settings, free)
    password, made = _new_password(name, generate=arguments.generate)

    async def work(database: Database) -> User:
        return await accounts.add(database, name, None, await _hash(password), admin=arguments.admin, by=CLI)

    try:
        user = with_current_database(settings, work)
    except UsernameTaken as error:
        raise OperatorError(_taken(name)) from error
    say(f"{user.subject} {user.username} {','.join(user.roles)}")
    _show(password, made=made)
    return 0


def _taken(name: str) -> str:
    quoted = shlex.quote(name)
    return (
        f"There is already an account {name}. nexus user password {quoted} gives it a new password, and "
        f"nexus user enable {quoted} enables it again."
    )


@_kept_up
def set_password(arguments: argparse.Namespace, settings: Settings) -> int:
    """Give an account another password; all its logins end."""
    user = with_current_database(settings, _finding(arguments.name))
    password, made = _new_password(user.username, generate=arguments.generate)

    async def work(database: Database) -> User:
        return await account_changes.set_password(database, user.id, await _hash(password), by=CLI)

    changed = with_current_database(settings, work)
    say(f"{changed.subject} {changed.username} has a new password{', and is disabled' if changed.disabled else ''}")
    _show(password, made=made)
    return 0


def list_users(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print every account."""
    for user in with_current_database(settings, account_lists.everyone):
        roles = "user,admin" if user.admin else "user"
        say(f"user:{user.id!s:7} {user.username:30} {roles:10} {_state(user)}")
    return 0


def _state(user: Entry) -> str:
    if user.disabled:
        return "disabled"
    if user.has_password:
        return "active"
    return "invited" if user.invited_until else "without a password"


def disable_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Disable an account: it loses access within 5 s."""
    return _change(arguments, settings, disabled=True)


def enable_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Enable an account that was disabled."""
    return _change(arguments, settings, disabled=False)


def _change(arguments: argparse.Namespace, settings: Settings, *, disabled: bool) -> int:
    find = _finding(arguments.name)

    async def work(database: Database) -> User:
        return await account_changes.change(database, (await find(database)).id, disabled=disabled, by=CLI)

    user = with_current_database(settings, work)
    say(f"{user.subject} {user.username} is {'disabled' if user.disabled else 'enabled'}")
    return 0


@_kept_up
def delete_user(arguments: argparse.Namespace, settings: Settings) -> int:
    """Delete an account, and its polls or hand them over."""

    async def look(database: Database) -> tuple[User, User | None, int]:
        user = await _finding(arguments.name)(database)
        to = None if arguments.to is None else await _finding(arguments.to)(database)
        entry = await account_lists.by_id(database, user.id)
        return user, to, 0 if entry is None else entry.polls

    user, to, polls = with_current_database(settings, look)
    if to is not None and to.id == user.id:
        raise OperatorError("The polls of an account cannot be handed over to itself.")
    _confirm(user, to, polls, sure=arguments.yes)

    async def work(database: Database) -> None:
        await departures.delete(database, user.id, None if to is None else to.id, by=CLI)
        await departures.settle(database, user.id)

    with_current_database(settings, work)
    say(f"{user.subject} is deleted, {_fate(to, polls)}")
    return 0


def _fate(to: User | None, polls: int) -> str:
    return f"{counted(polls, 'poll')} {'deleted' if to is None else f'handed over to {to.username}'}"


def _confirm(user: User, to: User | None, polls: int, *, sure: bool) -> None:
    """Ask at a terminal. Raises OperatorError unless the answer is yes."""
    if sure:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise OperatorError("Deleting an account can't be undone: repeat the command with --yes.")
    asked = f"Delete {user.subject} {user.username}, with {_fate(to, polls)}? This can't be undone. Type yes: "
    if input(asked).strip().lower() != "yes":
        raise OperatorError("Nothing was deleted.")


def _finding(name: str) -> Callable[[Database], Awaitable[User]]:
    """The account of a name. It raises OperatorError where there is none."""

    async def find(database: Database) -> User:
        user = await accounts.by_name(database, name.strip())
        if user is None:
            raise OperatorError(f"There is no user {name}.")
        return user

    return find


async def _hash(password: str) -> str:
    passwords = Passwords(threads=1)
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()


def _refusal(field: str, *problems: str) -> str:
    """What is wrong with a field, as one sentence."""
    return f"The {field} {' and '.join(problems)}."


def _new_password(name: str, *, generate: bool) -> tuple[str, bool]:
    """A password for the account `name`, and whether it was made here. Raises OperatorError for a bad one."""
    given = "" if generate else _given_password()
    if not given:
        return secrets.token_urlsafe(12), True
    if problems := check_password(given, name):
        raise OperatorError(_refusal("password", *problems))
    return given, False


def _given_password() -> str:
    """Asked for twice at a terminal, without echo; otherwise read from a pipe. Empty where one is to be made."""
    if sys.stdin is None:
        return ""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    given = getpass.getpass("Password (leave empty to generate one): ")
    if given and getpass.getpass("The same again: ") != given:
        raise OperatorError("The two passwords are not the same. Nothing was changed.")
    return given


def _show(password: str, *, made: bool) -> None:
    if made:
        say(f"password {password} (shown only now)")
