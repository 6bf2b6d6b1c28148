"""Logins of subjects without an account: handed over by a code, and from then on by the same rule as any other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from nexus.access.refresh_tokens import refresh_digest
from nexus.store import handovers, sessions, vacuum
from nexus.store.database import Database
from nexus.store.sessions import Login
from tests.support.ballots import LOCK_WAITS, rows
from tests.support.waiting import eventually

SUBJECT = "ext:ada"
WAITING = f"SELECT count(*) FROM ({LOCK_WAITS}) waits HAVING count(*) >= :n"


@dataclass
class Tab:
    """Somebody at one of the workers, with codes and tokens by name."""

    database: Database

    async def begin(self, token: str, *, code: str = "code", login_s: int = 3600) -> Login | None:
        digest = refresh_digest(code)
        await handovers.hand_over(self.database, SUBJECT, ["host"], digest, within_s=60, login_s=login_s)
        return await self.take(code, token)

    async def take(self, code: str, token: str) -> Login | None:
        return await handovers.take_over(self.database, refresh_digest(code), refresh_digest(token), 600)

    async def follow(self, use: str) -> bool:
        """Exchange the tokens of `old>new`, or end the login of `old>`; whether that was granted."""
        old, _, new = use.partition(">")
        if not new:
            await sessions.end(self.database, refresh_digest(old), SUBJECT)
            return True
        return await sessions.rotate(self.database, refresh_digest(old), refresh_digest(new), 600) is not None

    async def live(self) -> int:
        """How many tokens are neither revoked nor spent for good."""
        sql = "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL AND (spent_at IS NULL OR reusable)"
        return int(str((await rows(self.database, sql))[0][0]))


@pytest.fixture
async def tab(database: Database) -> Tab:
    return Tab(database)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Tab]:
    """The same person at another worker."""
    pool = Database(database_url)
    await pool.connect()
    yield Tab(pool)
    await pool.close()


async def test_a_login_keeps_its_subject_roles_and_end(tab: Tab) -> None:
    begun = await tab.begin("a", login_s=300)
    renewed = await sessions.rotate(tab.database, refresh_digest("a"), refresh_digest("b"), 600)
    for login in (begun, renewed):
        assert login is not None and begun is not None
        assert (login.subject, login.roles, login.id) == (SUBJECT, ["host"], begun.id)
        assert login.left_s is not None and 290 < login.left_s <= 300
    assert await rows(tab.database, "SELECT DISTINCT ends_at - created_at <= '300 s', expires_at = ends_at "
                      "FROM refresh_tokens") == [(True, True)]  # fmt: skip


async def test_a_code_serves_once(tab: Tab, other: Tab) -> None:
    assert await tab.begin("a") is not None
    assert await tab.take("code", "b") is None
    await handovers.hand_over(tab.database, SUBJECT, [], refresh_digest("next"), within_s=60, login_s=60)
    taken = await asyncio.gather(*((tab, other)[n % 2].take("next", f"c{n}") for n in range(8)))
    assert sum(login is not None for login in taken) == 1


async def test_a_code_that_nobody_fetched_is_forgotten(tab: Tab) -> None:
    await handovers.hand_over(tab.database, SUBJECT, [], refresh_digest("code"), within_s=60, login_s=3600)
    async with tab.database.transaction() as connection:
        await connection.run("UPDATE refresh_tokens SET expires_at = expires_at - interval '2 days'")
    assert await tab.take("code", "a") is None
    await vacuum.forget_sessions(tab.database)
    assert await rows(tab.database, "SELECT count(*) FROM refresh_tokens") == [(0,)]


@pytest.mark.parametrize(
    ("order", "answers", "lives"),
    [
        pytest.param(["a>x", "b>c"], [True, True], True, id="the copy is quicker"),
        pytest.param(["b>c", "a>x"], [True, False], False, id="its successor is quicker"),
        pytest.param(["b>c", "b>"], [True, True], False, id="it is renewed before it ends"),
        pytest.param(["b>", "b>c"], [True, False], False, id="it ends before it is renewed"),
        pytest.param(["b>c", "a>", "b>d"], [True, True, False], False, id="an old token ends it meanwhile"),
    ],
)
async def test_what_happens_to_a_login_at_once_happens_in_order(
    tab: Tab, other: Tab, order: list[str], answers: list[bool], lives: bool
) -> None:
    """They queue in this order at the login, on two workers, and are let in together."""
    await tab.begin("a")
    assert await tab.follow("a>b")
    tabs = [tab, other]
    async with tab.database.transaction() as gate:
        await gate.all("SELECT 1 FROM refresh_tokens FOR UPDATE")
        waiting = []
        for n, use in enumerate(order, 1):
            waiting.append(asyncio.create_task(tabs[n % 2].follow(use)))
            await eventually(lambda n=n: rows(other.database, WAITING, n=n))  # type: ignore[misc] # n of now
    assert await asyncio.gather(*waiting) == answers
    assert (await tab.live() > 0) is lives, "a login that has ended keeps nothing, however new"


async def test_a_random_crowd_of_tabs_never_outlives_its_login(tab: Tab, other: Tab) -> None:
    chance = random.Random(7)
    for family in range(4):
        tokens = [f"{family}"]
        await tab.begin(tokens[0], code=f"code {family}")
        for turn in range(3):
            uses = [f"{chance.choice(tokens[-6:])}>{family}.{turn}.{n}" for n in range(6)]
            granted = await asyncio.gather(*(one.follow(use) for one, use in zip([tab, other] * 3, uses, strict=True)))
            if not all(granted):
                break
            tokens += [use.partition(">")[2] for use in uses]
        await tab.follow(f"{tokens[-1]}>")
        assert await tab.live() == 0, family


@pytest.mark.parametrize(
    "columns",
    [
        {"user_id": "NULL", "subject": "NULL", "roles": "NULL", "ends_at": "NULL"},
        {"user_id": "NULL", "subject": "'ext:ada'", "roles": "NULL", "ends_at": "now()"},
        {"user_id": "NULL", "subject": "'ext:ada'", "roles": "'{}'", "ends_at": "NULL"},
    ],
)
async def test_no_login_is_without_an_owner_and_an_end(database: Database, columns: dict[str, str]) -> None:
    names, values = ", ".join(columns), ", ".join(columns.values())
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as connection:
            await connection.run(
                f"INSERT INTO refresh_tokens (digest, family, expires_at, {names}) "
                f"VALUES (sha256('x'), gen_random_uuid(), now(), {values})"
            )
