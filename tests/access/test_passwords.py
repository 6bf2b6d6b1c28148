"""Passwords: the rules, and hashing off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from nexus.access.password_policy import LONGEST, check_password
from nexus.access.passwords import NOBODYS_HASH, Passwords
from nexus.errors import TooMany

GOOD = "correct horse battery staple"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "characters"),
        ("seven77", "characters"),
        ("x1" * (LONGEST // 2) + "y", "characters"),
        ("password", "common"),
        ("PassWord123", "common"),
        ("zzzzzzzzzzzz", "common"),
        ("Ada.Lovelace", "username"),
        ("with\0nul and more", "NUL"),
        ("with \ud800 surrogate", "surrogates"),
    ],
)
def test_check_password_names_the_broken_rule(password: str, problem: str) -> None:
    problems = check_password(password, "ada.lovelace")
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize("password", [GOOD, "eightchr", "pässwörter", "日本語のパスワード", "x1" * (LONGEST // 2)])
def test_check_password_asks_for_no_composition(password: str) -> None:
    assert check_password(password, "ada") == []


def test_check_password_names_every_broken_rule_at_once() -> None:
    assert len(check_password("a\0", "A\0")) == 3


async def test_verify_accepts_the_password_and_no_other(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    assert await passwords.verify(kept, GOOD)
    assert not await passwords.verify(kept, GOOD + " ")
    assert not await passwords.verify(kept, "with \ud800 surrogate")


async def test_hash_is_argon2id_of_owasps_cost_and_salted(passwords: Passwords) -> None:
    first, second = await passwords.hash(GOOD), await passwords.hash(GOOD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


async def test_verify_takes_a_password_however_it_was_composed(passwords: Passwords) -> None:
    assert await passwords.verify(await passwords.hash("se\u00f1or lobo"), "sen\u0303or lobo")


async def test_verify_does_the_same_work_for_an_unknown_user(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, known: str, password: bytes) -> bool:
        hashed.append(known)
        return verify(self, known, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    assert not await passwords.verify(None, "another password")
    assert hashed == [NOBODYS_HASH]  # whose parameters are those of today's, as the next tests hold


async def test_verify_accepts_no_password_for_an_unknown_user(passwords: Passwords) -> None:
    assert await passwords.verify(NOBODYS_HASH, "the password of no account")
    assert not await passwords.verify(None, "the password of no account")


def test_what_stands_in_for_an_unknown_user_has_todays_parameters(passwords: Passwords) -> None:
    assert not passwords.needs_rehash(NOBODYS_HASH)


async def test_needs_rehash_tells_older_parameters(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert passwords.needs_rehash(old)
    assert await passwords.verify(old, GOOD)
    assert not passwords.needs_rehash(await passwords.hash(GOOD))


async def test_hash_leaves_the_event_loop_free(passwords: Passwords) -> None:
    turns = 0
    hashing = asyncio.ensure_future(passwords.hash(GOOD))
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10


async def test_hash_refuses_at_once_when_too_many_wait() -> None:
    passwords = Passwords(threads=1, waiting=3)
    crowd = [asyncio.ensure_future(passwords.hash(GOOD)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany) as refused:
        await passwords.hash(GOOD)
    assert refused.value.after_s > 0
    await asyncio.gather(*crowd)
    assert await passwords.hash(GOOD)
    passwords.close()


async def test_cancelled_calls_make_room() -> None:
    passwords = Passwords(threads=1, waiting=3)
    crowd = [asyncio.ensure_future(passwords.hash(GOOD)) for _ in range(3)]
    await asyncio.sleep(0)
    for each in crowd:
        each.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    assert await passwords.hash(GOOD)
    passwords.close()
