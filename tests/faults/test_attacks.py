"""Who attacks the server costs nobody a vote: it lives, answers everybody, and keeps what it has acknowledged
(docs/contract.md, "Promises").

How long the others wait meanwhile is measured by `scripts/bench attacks`; this is its short form, of a part of the
strength, which measures no time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from nexus.store.database import Database
from tests.support.attack_scene import VOTERS, Spans, feel, fill, target_of
from tests.support.attacks.known import ATTACKS
from tests.support.fault_crowd import Crowd, Polls, assert_book_holds
from tests.support.served import Server, serving
from tests.support.thorough import SLOW

pytestmark = SLOW
STRENGTH = 0.2
PAUSE_S = 0.1
SPANS = Spans(before=0, during=1.5, after=0)
READY_S = 30.0
MOST_MIB = 400.0
"""More than an attack of this strength adds to the worker's memory, many times over, unless it has no bound."""
LISTED = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A worker that is attacked again and again."""
    # A client that leaves in the middle of its request is a complaint of whoever serves it.
    async with serving(tmp_path_factory.mktemp("attacked"), module_database_url) as started:
        yield started
        verified = await started.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_loses_no_vote_and_leaves_the_server_ready(
    name: str, server: Server, module_database_url: str
) -> None:
    polls = await Polls.make(server)
    target = await target_of(server, polls, STRENGTH, niceness=0)
    await fill(server, name, LISTED)
    async with Crowd([server], polls, voters=VOTERS, pause_s=PAUSE_S) as crowd:
        felt = await feel(server, crowd, name, target, SPANS)
    await server.until_ready(READY_S)
    assert felt.sent_mib
    assert felt.peak_mib < felt.before_mib + MOST_MIB
    database = Database(module_database_url, size=1)
    await database.connect()
    try:
        await assert_book_holds(database, crowd)
    finally:
        await database.close()
