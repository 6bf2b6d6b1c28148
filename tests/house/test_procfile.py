"""The Procfile, run by a runner of Procfiles: release, then web, with two workers on PostgreSQL and Redis."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from nexus.access.tokens import Tokens
from nexus.embedded.postmaster import until
from tests.support.checkout import ROOT
from tests.support.postgres_server import PostgresServer, new_database
from tests.support.redis_server import free_port, running_redis
from tests.support.served import KEY

HONCHO = (sys.executable, "-m", "honcho", "--no-colour", "--app-root", str(ROOT))
START_S = 60.0
END_S = 15.0


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with new_database(postgres) as made:
        yield made


def environment(**settings: str) -> dict[str, str]:
    """What a platform sets; `nexus` is on its path."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("NEXUS_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return kept | {"PATH": path, "NEXUS_SECRET_KEY": KEY} | settings


@contextmanager
def started(process: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the Procfile under the runner, which ends with the `with`."""
    with log.open("wb") as said:
        line = [*HONCHO, "start", "--port", env["PORT"], process]
        runner = subprocess.Popen(line, env=env, stdout=said, stderr=said, start_new_session=True)
        try:
            yield runner
        finally:
            runner.terminate()  # it kills what does not end within 5 s
            runner.wait(END_S)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def vote(url: str) -> None:
    """Make a poll and vote in it: every connection, whichever worker takes it, shows the vote from then on."""
    tokens = Tokens(KEY.encode())
    question = {"question": "Tea?", "options": [{"option_text": "Yes"}, {"option_text": "No"}]}
    host = {"Authorization": f"Bearer {tokens.access('user:1', ['user'])}"}
    voter = {"Authorization": f"Bearer {tokens.access('user:2', ['user'])}"}
    with httpx.Client(base_url=url, timeout=10) as client:
        poll = client.post("/polls/", json=question, headers=host).json()
        cast = client.post(f"/polls/{poll['id']}/vote/", json={"option": poll["options"][0]["id"]}, headers=voter)
        assert (cast.status_code, cast.json()["status"]) == (201, "recorded")
        found = [httpx.get(f"{url}/polls/{poll['id']}/results/", headers=host, timeout=10).json() for _ in range(8)]
    assert [results["total_votes"] for results in found] == [1] * 8


def test_release_and_web_serve_with_two_workers(tmp_path: Path, url: str) -> None:
    with running_redis() as redis:
        env = environment(DATABASE_URL=url, REDIS_URL=redis.url, PORT=str(free_port()), WEB_CONCURRENCY="2")
        release, log = tmp_path / "release.log", tmp_path / "web.log"
        with started("release", env, release) as runner:
            assert runner.wait(START_S) == 0, release.read_text()
        with started("web", env, log) as runner:
            address = f"http://127.0.0.1:{env['PORT']}"
            assert until(lambda: answers(address), START_S), log.read_text()
            vote(address)
            runner.send_signal(signal.SIGTERM)
            runner.wait(END_S)
        said = log.read_text()
        assert "creating schema" in release.read_text() and "creating schema" not in said
        assert said.count("Application shutdown complete") == 2 and "web.1 stopped (rc=0)" in said, said
        assert not re.search(r"Traceback|\bERROR\b|SIGKILL", said), said
