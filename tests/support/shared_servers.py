"""Servers that a module's tests share, and of each test a visit of its own: polls stand side by side.

A module imports `audience` or `audiences` with the fixtures they need: `shared`, `worker` and `workers`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.audience import Audience, Audiences, audience_of, audiences_of, two_servers
from tests.support.postgres_server import PostgresServer, migrated_database
from tests.support.served import Server, serving

ROOM: dict[str, Any] = {"NEXUS_VOTES_BURST": "100000"}
"""Tests have the same voters: what one casts takes nothing from the rate of the next."""


@pytest.fixture(scope="module")
def shared(postgres: PostgresServer, template: str) -> Iterator[tuple[str, str]]:
    """The URLs of two databases: workers that hear nothing of each other settle nothing of each other's polls."""
    with migrated_database(postgres, template) as one, migrated_database(postgres, template) as other:
        yield one, other


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(shared: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A worker with the in-process bus."""
    async with serving(tmp_path_factory.mktemp("worker"), shared[0], **ROOM) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(
    shared: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Server, Server]]:
    """Two workers over one Redis."""
    async with two_servers(tmp_path_factory.mktemp("workers"), shared[1], **ROOM) as servers:
        yield servers


@pytest.fixture
async def audience(worker: Server) -> AsyncIterator[Audience]:
    """This test's visit to `worker`."""
    async with audience_of(worker) as opened:
        yield opened


@pytest.fixture
async def audiences(workers: tuple[Server, Server]) -> AsyncIterator[Audiences]:
    """This test's visit to `workers`."""
    async with audiences_of(workers) as audiences:
        yield audiences
