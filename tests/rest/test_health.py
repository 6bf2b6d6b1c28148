"""Health over HTTP."""

import logging

import pytest

from nexus.bus.local import LocalBus
from nexus.store.database import Database
from tests.support.postgres_server import PostgresServer
from tests.support.rest import Rest, open_rest, refused


async def test_healthy_house_is_live_and_ready(rest: Rest) -> None:
    for path in ("/health/live", "/health/ready"):
        assert await rest.get(path) == {"status": "ok"}


async def test_house_without_its_bus_is_live_and_not_ready(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalBus, "healthy", False)
    assert refused(await rest("GET", "/health/ready")) == (503, "unavailable")
    assert (await rest("GET", "/health/live")).status_code == 200


async def test_house_with_another_schema_is_not_ready(rest: Rest, database: Database) -> None:
    async with database.transaction() as connection:
        await connection.run("INSERT INTO schema_version (version) VALUES (9999)")
    assert refused(await rest("GET", "/health/ready")) == (503, "unavailable")


async def test_house_without_its_database_is_live_and_says_unavailable(
    postgres: PostgresServer, database_url: str
) -> None:
    gone = Database(postgres.url_of("no_such_database"))
    await gone.connect()
    async with open_rest(gone) as rest:
        for method, path, body in (
            ("GET", "/health/ready", None),
            ("POST", "/auth/guest/", {"code": "ABCDEF"}),
            ("POST", "/auth/register/", {"username": "ann", "password": "correct horse battery"}),
        ):
            answer = await rest(method, path, json=body)
            assert refused(answer) == (503, "unavailable"), path
        assert (await rest("GET", "/health/live")).status_code == 200
    await gone.close()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://nexus.test"}, True),
        ({"Origin": "https://nexus.test"}, True),
        ({"Origin": "https://nexus.test:8443", "X-Forwarded-For": "192.0.2.1"}, True),
        ({"Origin": "https://nexus.test:8443", "X-Forwarded-Port": "8443"}, True),
        ({"Origin": "https://nexus.test:8443", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://nexus.test:8443", "Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://nexus.test:8443", "X-Forwarded-Port": "9443"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
async def test_a_page_without_a_socket_learns_why_and_so_does_the_operator(
    rest: Rest, caplog: pytest.LogCaptureFixture, headers: dict[str, str], allowed: bool
) -> None:
    with caplog.at_level(logging.WARNING, "nexus"):
        answers = [await rest("POST", "/health/socket", headers=headers) for _ in range(50)]  # anyone can ask
    answer = answers[-1]
    assert (answer.status_code, answer.json()["allowed"]) == (200, allowed)
    assert ("NEXUS_PUBLIC_URL" in answer.json()["detail"]) is not allowed
    assert len(caplog.records) <= 2  # the other one says that links lack the port
    record = caplog.records[-1]
    assert (repr(headers.get("Origin", "")) + " at http") in record.getMessage()
    cause = "upgrade" if allowed else "origin"
    counted = f'nexus_pages_without_socket_total{{cause="{cause}"}} 50.0'
    assert counted in rest.services.metrics.text().decode()
