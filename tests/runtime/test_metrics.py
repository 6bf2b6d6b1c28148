"""`/metrics`: what it says, to whom, and that several workers are added up."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from nexus.client import connect, socket_url
from nexus.errors import PollClosed
from nexus.http.api.metrics import metrics_route
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.runtime import metrics as module
from nexus.runtime.metrics import FOLDER, Metrics
from tests.support.redis_server import running_redis
from tests.support.rest import Rest
from tests.support.served import serving
from tests.support.waiting import eventually, until


def figures(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def ask(address: str, token: str | None = None, **headers: str) -> httpx.Response:
    app = Starlette(
        routes=[metrics_route(Metrics(), token)], middleware=[Middleware(Edge)], exception_handlers=HANDLERS
    )
    transport = httpx.ASGITransport(app, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://nexus.test") as client:
        return await client.get("/metrics", headers=headers)


@pytest.mark.parametrize(
    ("address", "token", "headers", "status"),
    [
        ("127.0.0.1", None, {}, 200),
        ("::1", None, {}, 200),
        ("127.0.0.1", "secret", {}, 200),
        ("192.0.2.1", None, {}, 403),
        ("192.0.2.1", "secret", {}, 401),
        ("192.0.2.1", "secret", {"authorization": "Bearer wrong"}, 401),
        ("192.0.2.1", "secret", {"authorization": "Bearer secret"}, 200),
        ("127.0.0.1", None, {"x-forwarded-for": "192.0.2.1"}, 403),
        ("not-an-address", None, {}, 403),
    ],
)
async def test_this_machine_and_bearers_of_the_token_may_read(
    address: str, token: str | None, headers: dict[str, str], status: int
) -> None:
    answer = await ask(address, token, **headers)
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"


def test_batches_count_outcomes_and_refusals() -> None:
    metrics = Metrics()
    metrics.recorded([PollClosed(), PollClosed()], 0.02)
    metrics.sample({"sockets": 3, "bus_up": 1})
    found = figures(metrics.text().decode())
    assert found['nexus_refusals_total{code="poll_closed"}'] == 2
    assert found["nexus_batch_ballots_sum"] == 2
    assert found["nexus_batch_seconds_count"] == 1
    assert found["nexus_sockets"] == 3


def test_joins_and_passes_are_counted() -> None:
    metrics = Metrics()
    metrics.joined()
    metrics.shown(0.25)
    found = figures(metrics.text().decode())
    assert (found["nexus_joins_total"], found["nexus_screens_seconds_sum"]) == (1, 0.25)


async def test_a_loop_that_was_blocked_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAG_S", 0.001)
    metrics = Metrics()
    watching = asyncio.create_task(metrics.keep_watching_the_loop())

    def seen() -> dict[str, float]:
        return figures(metrics.text().decode())

    await until(lambda: seen()["nexus_loop_lag_seconds_count"] >= 1)
    time.sleep(0.05)  # noqa: ASYNC251 - this is what is to be seen
    await until(lambda: seen()["nexus_loop_lag_seconds_sum"] >= 0.04)
    watching.cancel()


async def test_requests_are_counted_by_route(rest: Rest) -> None:
    ann = await rest.user()
    for _ in range(3):
        await rest.poll(ann)
    await rest("GET", "/polls/999/", ann)
    found = figures(rest.services.metrics.text().decode())
    assert found['nexus_http_request_seconds_count{method="POST",path="/polls",status="201"}'] == 3
    assert found['nexus_http_request_seconds_count{method="GET",path="/polls/{poll}",status="404"}'] == 1


WORKER = """
from nexus.runtime.metrics import Metrics
from nexus.errors import PollClosed
metrics = Metrics()
metrics.recorded([PollClosed()], 0.1)
metrics.sample({"sockets": 5, "followers": 4})
print(metrics.text().decode())
"""


def test_workers_add_up_and_the_dead_have_no_sockets(tmp_path: Path) -> None:
    environment = {**os.environ, FOLDER: str(tmp_path)}
    shown = [
        subprocess.run([sys.executable, "-c", WORKER], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    found = figures(shown[1].stdout)
    assert found['nexus_refusals_total{code="poll_closed"}'] == 2
    assert found["nexus_sockets"] == 5
    followers = {name: level for name, level in found.items() if name.startswith("nexus_followers")}
    assert list(followers.values()) == [4], "those of each worker that lives, by its process"
    assert "nexus_followers{pid=" in next(iter(followers))


async def test_events_and_their_followers_are_sampled(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path, database_url) as server, httpx.AsyncClient(base_url=server.url) as http:
        token = server.token("user:1", "user")
        made = await http.post("/events/", json={"title": "Show"}, headers={"Authorization": f"Bearer {token}"})

        async def sampled(events: int, followers: int) -> bool:
            found = figures((await http.get("/metrics")).text)
            return (found["nexus_events"], found["nexus_followers"]) == (events, followers)

        async with connect(socket_url(server.url), token) as one, connect(socket_url(server.url), token) as two:
            await one.enter(made.json()["code"])
            await two.enter(made.json()["code"])
            assert await eventually(lambda: sampled(1, 2))
        assert await eventually(lambda: sampled(0, 0))


async def test_several_workers_are_read_as_one(tmp_path: Path, database_url: str) -> None:
    with running_redis() as redis:
        async with serving(tmp_path, database_url, redis.url, workers=2) as server, httpx.AsyncClient() as client:

            async def both_sampled() -> bool:
                text = (await client.get(f"{server.url}/metrics")).text
                return figures(text).get("nexus_bus_up") == 2

            assert await eventually(both_sampled)
