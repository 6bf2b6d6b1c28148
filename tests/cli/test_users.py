"""`nexus user`: accounts as the operator manages them, each command as a process of its own
(docs/contract.md, "Running")."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from nexus.access.passwords import Passwords
from nexus.access.refresh_tokens import new_refresh
from nexus.domain.definition import NewOption, NewPoll
from nexus.domain.identity import Identity
from nexus.store import accounts, invitations, polls, sessions
from nexus.store.accounts import User
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.command import REFUSED, RUN_S, Command

PASSWORD = "a lamp, a boat, a mountain"
OTHER = "two lamps and no mountain"
MADE = re.compile(r"password (\S+) \(shown only now\)")


@pytest.fixture
def nexus(tmp_path: Path, database_url: str) -> Command:
    return Command(tmp_path, DATABASE_URL=database_url)


async def made(database: Database, name: str, *, admin: bool = False, password: str = PASSWORD) -> User:
    """An account with a password and a login."""
    user = await accounts.add(database, name, None, await hashed(password), admin=admin)
    await sessions.begin(database, user, new_refresh()[1], 3600)
    return user


async def hashed(password: str) -> str:
    passwords = Passwords(threads=1)
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()


async def logs_in(database: Database, name: str, password: str) -> bool:
    user = await accounts.by_name(database, name)
    assert user is not None
    passwords = Passwords(threads=1)
    try:
        return bool(await passwords.verify(user.password_hash, password))
    finally:
        passwords.close()


async def living_logins(database: Database) -> int:
    ((n,),) = await rows(database, "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL")
    return int(str(n))


async def poll_of(database: Database, user: User, question: str = "Well?") -> int:
    new = NewPoll(question=question, options=[NewOption("Yes"), NewOption("No")])
    return (await polls.create(database, new, Identity(user.subject, frozenset({"user"}), None, 4e9))).id


def typed(nexus: Command, arguments: Sequence[str], *answers: str) -> tuple[int, str]:
    """The exit status and all that a terminal shows, where `answers` are typed at its prompts."""
    screen, terminal = pty.openpty()
    with os.fdopen(screen, "r+b", buffering=0) as keys:
        process = subprocess.Popen(
            nexus._line(tuple(arguments)), stdin=terminal, stdout=terminal, stderr=terminal, cwd=nexus.folder,
            env=nexus.environment(), start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        seen, waiting = b"", list(answers)
        try:
            while piece := keys.read(4096):
                seen += piece
                if waiting and seen.endswith(b": "):
                    keys.write(waiting.pop(0).encode() + b"\n")
        except OSError:  # how Linux says that the other end was closed
            pass
        return process.wait(RUN_S), seen.decode()


def test_users_are_added_listed_disabled_and_enabled(nexus: Command) -> None:
    assert nexus.says("user", "add", "Ada", "--admin", text=f"{PASSWORD}\n") == ["user:1 Ada user,admin"]
    assert nexus.says("user", "add", "Bob", text=PASSWORD) == ["user:2 Bob user"]
    assert nexus.says("user", "disable", "bob") == ["user:2 Bob is disabled"]
    listed = [line.split() for line in nexus.says("user", "list")]
    assert listed == [["user:1", "Ada", "user,admin", "active"], ["user:2", "Bob", "user", "disabled"]]
    assert nexus.says("user", "enable", "BOB") == ["user:2 Bob is enabled"]
    assert [line.split()[-1] for line in nexus.says("user", "list")] == ["active", "active"]


async def test_list_tells_who_was_invited_and_whose_link_has_expired(nexus: Command, database: Database) -> None:
    for name, ttl_s in (("eve", 3600), ("fay", 0)):
        await invitations.invite(database, name, None, new_refresh()[1], ttl_s, admin=False, by="cli")
    assert [line.split(None, 3)[3] for line in nexus.says("user", "list")] == ["invited", "without a password"]


async def test_a_password_from_a_pipe_is_the_accounts(nexus: Command, database: Database) -> None:
    nexus.says("user", "add", "Ada", text=f"{PASSWORD}\n")
    assert await logs_in(database, "ada", PASSWORD)
    ((user, action, details),) = await rows(
        database, """SELECT "user", action, details::text FROM audit_log WHERE target_type = 'user'"""
    )
    assert (user, action, details) == ("cli", "create", '{"admin": false}')


async def test_without_a_password_one_is_made_and_shown(nexus: Command, database: Database) -> None:
    _, said = nexus.says("user", "add", "Ada")
    (password,) = MADE.findall(said)
    assert await logs_in(database, "ada", password)


def test_bad_accounts_are_refused(nexus: Command) -> None:
    assert nexus.refused("user", "add", "Ada", text="short\n").startswith("The password must have ")
    nexus.says("user", "add", "Ada", text=PASSWORD)
    assert nexus.refused("user", "add", "x" * 151, text=PASSWORD).startswith("The username must have ")
    assert nexus.refused("user", "add", "", text=PASSWORD).startswith("The username must have ")


async def test_adding_a_name_that_exists_says_what_to_do(nexus: Command, database: Database) -> None:
    await made(database, "Ada Lovelace")
    said = nexus.refused("user", "add", "ada lovelace", "--admin", text=PASSWORD)
    assert said.startswith("There is already an account ada lovelace.")
    assert "nexus user password 'ada lovelace' " in said and "nexus user enable 'ada lovelace' " in said


@pytest.mark.parametrize(
    "action", [("password",), ("disable",), ("enable",), ("delete", "--yes"), ("delete", "--yes", "--to", "Nobody")]
)
async def test_a_name_that_nobody_has_is_refused(nexus: Command, database: Database, action: tuple[str, ...]) -> None:
    if "--to" in action:
        await made(database, "Ada")
    name = "Ada" if "--to" in action else "Nobody"
    assert nexus.refused("user", action[0], name, *action[1:], text=PASSWORD) == "There is no user Nobody."


@pytest.mark.parametrize(
    ("arguments", "text"),
    [((), f"{OTHER}\n"), ((), ""), (("--generate",), f"{OTHER}\n")],
    ids=["pipe", "none", "asked"],
)
async def test_a_new_password_ends_the_logins(
    nexus: Command, database: Database, arguments: tuple[str, ...], text: str
) -> None:
    user = await made(database, "Ada")
    await invitations.renew(database, user.id, new_refresh()[1], 3600, by="cli")
    said = nexus.says("user", "password", "ada", *arguments, text=text)
    assert said[0] == f"{user.subject} Ada has a new password"
    password = OTHER if not arguments and text else MADE.findall(said[1])[0]
    assert await logs_in(database, "Ada", password) and not await logs_in(database, "Ada", PASSWORD)
    assert await living_logins(database) == 0
    assert await rows(database, "SELECT 1 FROM invitations") == []
    assert await rows(database, "SELECT 1 FROM audit_log WHERE action = 'change_password'") == [(1,)]


@pytest.mark.parametrize("password", ["short", "Ada Lovelace", "password"])
async def test_a_weak_new_password_changes_nothing(nexus: Command, database: Database, password: str) -> None:
    await made(database, "Ada Lovelace")
    assert nexus.refused("user", "password", "Ada Lovelace", text=password).startswith("The password ")
    assert await logs_in(database, "Ada Lovelace", PASSWORD) and await living_logins(database) == 1


async def test_a_terminal_asks_twice_and_shows_nothing(nexus: Command, database: Database) -> None:
    await made(database, "Ada")
    status, seen = typed(nexus, ("user", "password", "Ada"), OTHER, "something else")
    assert status == REFUSED and "not the same" in seen and await logs_in(database, "Ada", PASSWORD)
    status, seen = typed(nexus, ("user", "password", "Ada"), OTHER, OTHER)
    assert status == 0 and OTHER not in seen and await logs_in(database, "Ada", OTHER)


async def test_deleting_needs_a_yes(nexus: Command, database: Database) -> None:
    ada = await made(database, "Ada")
    await poll_of(database, ada)
    assert nexus.refused("user", "delete", "Ada", text="yes\n").endswith("repeat the command with --yes.")
    status, seen = typed(nexus, ("user", "delete", "Ada"), "no")
    assert status == REFUSED and "user:1 Ada, with 1 poll deleted?" in seen and "Nothing was deleted." in seen
    assert await accounts.by_name(database, "Ada") is not None
    status, seen = typed(nexus, ("user", "delete", "Ada"), "yes")
    assert status == 0 and "user:1 is deleted, 1 poll deleted" in seen
    assert await rows(database, "SELECT 1 FROM users UNION ALL SELECT 1 FROM polls") == []


async def test_polls_are_handed_over(nexus: Command, database: Database) -> None:
    ada, bob = await made(database, "Ada"), await made(database, "Bob")
    poll = await poll_of(database, ada)
    assert nexus.refused("user", "delete", "Ada", "--yes", "--to", "ADA").endswith("handed over to itself.")
    assert nexus.says("user", "delete", "Ada", "--yes", "--to", "bob") == [
        "user:1 is deleted, 1 poll handed over to Bob"
    ]
    assert await rows(database, "SELECT id, created_by FROM polls") == [(poll, bob.subject)]
    assert nexus.says("verify") == ["counts equal votes"]


@pytest.mark.parametrize("action", [("disable",), ("delete", "--yes")])
@pytest.mark.parametrize("other", ["none", "disabled", "invited", "no admin"])
async def test_the_last_administrator_stays(
    nexus: Command, database: Database, action: tuple[str, ...], other: str
) -> None:
    await made(database, "Ada", admin=True)
    if other == "invited":
        await invitations.invite(database, "Bob", None, new_refresh()[1], 3600, admin=True, by="cli")
    elif other != "none":
        await made(database, "Bob", admin=other == "disabled")
    if other == "disabled":
        nexus.says("user", "disable", "Bob")
    assert nexus.refused("user", action[0], "Ada", *action[1:]).startswith("This is the only administrator")
    assert await living_logins(database) >= 1


async def test_enabling_ends_no_login_that_is_new_and_wakes_no_old_one(nexus: Command, database: Database) -> None:
    await made(database, "Ada")
    nexus.says("user", "disable", "Ada")
    nexus.says("user", "enable", "Ada")
    assert await living_logins(database) == 0
    user = await accounts.by_name(database, "Ada")
    assert user is not None
    await sessions.begin(database, user, new_refresh()[1], 3600)
    assert await living_logins(database) == 1


def test_a_reader_that_has_seen_enough_ends_a_list_without_a_word(nexus: Command) -> None:
    process = nexus.start("user", "list")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(30) == 0
