"""Logins: refresh tokens, their successors, and what a second use of one means (docs/contract.md, "Tokens")."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from nexus.access.refresh_tokens import refresh_digest
from nexus.store import accounts, sessions, vacuum
from nexus.store.accounts import User
from nexus.store.database import Database
from tests.support.ballots import LOCK_WAITS, rows
from tests.support.waiting import eventually

STEPS = 2000 if os.environ.get("NEXUS_SOAK") else 250
TTL_S = 3600
WAITING = f"SELECT count(*) FROM ({LOCK_WAITS}) waits HAVING count(*) = :n"


@dataclass
class Logins:
    """The logins of one account, with tokens by name; made at the first use of a name."""

    database: Database
    user: User

    async def begin(self, token: str) -> None:
        await sessions.begin(self.database, self.user, refresh_digest(token), TTL_S)

    async def use(self, token: str, successor: str, ttl_s: int = TTL_S) -> bool:
        """Exchange `token` for `successor`; whether that was granted."""
        old, new = refresh_digest(token), refresh_digest(successor)
        return await sessions.rotate(self.database, old, new, ttl_s) is not None

    async def follow(self, use: str) -> bool:
        """As `use`, of `old>new`."""
        old, _, new = use.partition(">")
        return await self.use(old, new)

    async def end(self, token: str, subject: str = "") -> None:
        await sessions.end(self.database, refresh_digest(token), subject or self.user.subject)

    async def live(self) -> int:
        """How many tokens are neither revoked nor spent for good."""
        sql = "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL AND (spent_at IS NULL OR reusable)"
        return int(str((await rows(self.database, sql))[0][0]))


@pytest.fixture
async def logins(database: Database) -> Logins:
    return Logins(database, await accounts.add(database, "ann", None, "hash", admin=False))


@pytest.fixture
async def worker(database_url: str) -> AsyncIterator[Database]:
    """The pool of another worker."""
    pool = Database(database_url)
    await pool.connect()
    yield pool
    await pool.close()


async def test_a_spent_token_gives_pairs_that_work_until_one_of_them_was_used(logins: Logins) -> None:
    await logins.begin("a")
    assert [await logins.use("a", new) for new in ("b", "c", "d")] == [True, True, True]
    assert await logins.use("c", "e")
    assert await logins.use("b", "f")  # a tab's own branch goes on
    assert not await logins.use("a", "g")
    assert [await logins.use(token, "h") for token in "abcdefg"] == [False] * 7


@pytest.mark.parametrize(
    ("uses", "granted"),
    [
        pytest.param(["a>b", "a>c", "c>d", "b>e", "d>f", "e>g"], True, id="two tabs go separate ways"),
        pytest.param(["a>b", "b>c", "b>d", "b>e"], True, id="a reply is lost three times"),
        pytest.param(["a>b", "a>c", "b>d", "b>e", "d>f", "c>g"], True, id="a doubled tab and a lost reply"),
        pytest.param(["a>b", "b>c", "a>d"], False, id="an old copy comes back"),
        pytest.param(["a>b", "a>c", "a>d", "b>e", "a>f"], False, id="the thief is one of several"),
        pytest.param(["a>b", "b>c", "c>d", "b>e"], False, id="in the middle of a line"),
        pytest.param(["a>b", "b>c", "b>d", "c>e", "d>f", "b>g"], False, id="both successors were used"),
    ],
)
async def test_what_becomes_of_a_login(logins: Logins, uses: list[str], granted: bool) -> None:
    await logins.begin("a")
    *before, last = uses
    for use in before:
        assert await logins.follow(use)
    assert await logins.follow(last) is granted
    assert (await logins.live() > 0) is granted
    reasons = await rows(logins.database, "SELECT details ->> 'reason' FROM audit_log WHERE action = 'revoke_session'")
    assert reasons == ([] if granted else [("refresh token reused",)])


@dataclass
class Model:
    """The rule once more, in plain Python, from the contract's words."""

    parents: dict[str, str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)

    def begin(self, token: str) -> None:
        self.families[token] = token

    def use(self, token: str, successor: str) -> bool:
        family = self.families.get(token)
        if family is None or family in self.ended:
            return False
        if any(self.parents.get(one) == token for one in self.used):
            self.ended.add(family)
            return False
        self.used.add(token)
        self.parents[successor], self.families[successor] = token, family
        return True

    def end(self, token: str) -> None:
        self.ended.add(self.families.get(token, ""))


async def test_random_uses_are_answered_as_the_rule_says(logins: Logins) -> None:
    seed = int(os.environ.get("NEXUS_SEED") or random.SystemRandom().getrandbits(32))
    print(f"NEXUS_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    chance, model, tokens = random.Random(seed), Model(), [""]
    granted = {True: 0, False: 0}
    for step in range(STEPS):
        token, new = tokens[-1 - min(int(chance.expovariate(0.4)), len(tokens) - 1)], str(step)
        match chance.random():
            case luck if luck < 0.06:
                model.begin(new)
                await logins.begin(new)
            case luck if luck < 0.08:
                model.end(token)
                await logins.end(token)
                continue
            case _:
                expected = model.use(token, new)
                assert await logins.use(token, new) is expected, (step, token)
                granted[expected] += 1
                if not expected:
                    continue
        tokens.append(new)
    assert min(granted.values()) > STEPS / 20, granted


async def test_many_uses_of_one_token_leave_no_more_than_the_newest(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_SUCCESSORS", 3)
    await logins.begin("a")
    for n in range(12):
        assert await logins.use("a", f"b{n}")
    assert await rows(logins.database, "SELECT count(*) FROM refresh_tokens") == [(4,)]
    assert not await logins.use("b8", "c")
    assert [await logins.use(f"b{n}", f"d{n}") for n in (9, 10, 11)] == [True] * 3


async def test_a_spent_token_stays_spent_when_its_successors_are_gone(logins: Logins) -> None:
    """Upkeep forgets tokens that expired; a successor may have expired first, where NEXUS_REFRESH_TTL was shortened."""
    await logins.begin("a")
    assert await logins.use("a", "b", ttl_s=60)
    assert await logins.use("b", "c", ttl_s=60)
    async with logins.database.transaction() as connection:
        await connection.run(
            "UPDATE refresh_tokens SET expires_at = expires_at - interval '2 days' WHERE digest <> :a",
            a=refresh_digest("a"),
        )
    await vacuum.forget_sessions(logins.database)
    assert await rows(logins.database, "SELECT count(*) FROM refresh_tokens") == [(1,)]
    assert not await logins.use("a", "d")


async def test_an_expired_token_is_refused_and_ends_nothing(logins: Logins) -> None:
    await logins.begin("a")
    assert await logins.use("a", "b")
    async with logins.database.transaction() as connection:
        await connection.run("UPDATE refresh_tokens SET expires_at = now() WHERE digest = :a", a=refresh_digest("a"))
    assert not await logins.use("a", "c")
    assert await logins.use("b", "c")


async def test_only_its_owner_ends_a_login(logins: Logins) -> None:
    bob = await accounts.add(logins.database, "bob", None, "hash", admin=False)
    await logins.begin("a")
    await logins.begin("other")
    await logins.end("a", bob.subject)
    assert await logins.use("a", "b")
    await logins.end("a")  # spent, and still of this login
    assert [await logins.use(token, "c") for token in ("a", "b")] == [False, False]
    assert await logins.use("other", "d")


async def test_tabs_that_renew_at_the_same_instant_all_stay_in(logins: Logins, worker: Database) -> None:
    await logins.begin("a")
    other = Logins(worker, logins.user)
    tabs = [logins, other] * 4
    assert await asyncio.gather(*(tab.use("a", f"b{n}") for n, tab in enumerate(tabs))) == [True] * 8
    assert await asyncio.gather(*(tab.use(f"b{n}", f"c{n}") for n, tab in enumerate(tabs))) == [True] * 8


@pytest.mark.parametrize(
    ("order", "answers"),
    [
        pytest.param(["a>x", "b>c"], [True, True], id="the copy is quicker"),
        pytest.param(["b>c", "a>x"], [True, False], id="its successor is quicker"),
        pytest.param(["b>c", "a>x", "b>d"], [True, False, False], id="a lost reply is late"),
        pytest.param(["a>x", "e>f", "a>z"], [True, True, False], id="a copy too many"),
        pytest.param(["b>c", "b>d", "a>x", "e>f"], [True, True, False, False], id="a sibling comes last"),
    ],
)
async def test_a_token_and_its_successor_used_at_once(
    logins: Logins, worker: Database, order: list[str], answers: list[bool]
) -> None:
    """They queue in this order at the account's row, on two workers, and are let in together."""
    await logins.begin("a")
    assert await logins.use("a", "b")
    assert await logins.use("a", "e")
    tabs = [logins, Logins(worker, logins.user)]
    async with logins.database.transaction() as gate:
        await gate.run("SELECT 1 FROM users WHERE id = :user FOR UPDATE", user=logins.user.id)
        waiting = []
        for n, use in enumerate(order, 1):
            waiting.append(asyncio.create_task(tabs[n % 2].follow(use)))
            await eventually(lambda n=n: rows(worker, WAITING, n=n))  # type: ignore[misc] # n of now
    assert await asyncio.gather(*waiting) == answers
    assert (await logins.live() > 0) is answers[-1], "a revoked login keeps nothing, however new"


@pytest.mark.parametrize("subject", [None, "ext:ann"], ids=["an account", "a provider's account"])
async def test_a_random_crowd_of_tabs_never_outlives_a_revocation(
    logins: Logins, worker: Database, subject: str | None
) -> None:
    chance = random.Random(7)
    tabs = [logins, Logins(worker, logins.user)] * 3
    for family in range(8):
        tokens = [f"{family}"]
        await logins.begin(tokens[0])
        if subject:  # whose login no row of an account can lock
            async with worker.transaction() as connection:
                await connection.run(
                    "UPDATE refresh_tokens SET user_id = NULL, subject = :subject, roles = '{}', ends_at = expires_at",
                    subject=subject,
                )
        for turn in range(4):
            uses = [(chance.choice(tokens[-6:]), f"{family}.{turn}.{n}") for n in range(6)]
            granted = await asyncio.gather(*(tab.use(*use) for tab, use in zip(tabs, uses, strict=True)))
            if not all(granted):
                assert await logins.live() == 0, (family, turn)
                break
            tokens += [new for _, new in uses]
        await sessions.end(logins.database, refresh_digest(tokens[-1]), subject or logins.user.subject)
