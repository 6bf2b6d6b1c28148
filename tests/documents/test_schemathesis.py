"""The served OpenAPI document against the running program: Schemathesis makes up requests, good and bad, follows the
links from one answer to the next, and holds every answer against the document (`tests/documents/schemathesis.toml`)."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from pathlib import Path
from typing import Any

from nexus.http.api.routes import CALLS
from tests.support.checkout import ROOT
from tests.support.served import Server, serving
from tests.support.thorough import SLOW

WITHIN_S = 280.0
LIMITS = (
    *("VOTES_PER_SECOND", "VOTES_BURST", "GUESTS_PER_MINUTE", "LOGINS_PER_MINUTE", "REGISTRATIONS_PER_MINUTE"),
    *("WRONG_PASSWORDS_PER_MINUTE", "WRONG_CODES_PER_MINUTE", "WRONG_CODES_PER_ADDRESS"),
)
RAISED: dict[str, Any] = {f"NEXUS_{name}": "1000000" for name in LIMITS}
"""Refusals for being too many would hide all others."""

CI = bool(os.environ.get("NEXUS_CI"))
SEED = random.randrange(2**32) if os.environ.get("NEXUS_SOAK") else 1


@SLOW
async def test_calls_keep_to_their_document(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path, database_url, None, **RAISED) as server:
        out = await run(server, "--phases", "examples,coverage,fuzzing", "--max-examples", "40" if CI else "2")
    assert f"Tested: {len(CALLS)}" in out, out
    assert generated(out) >= (2000 if CI else 500), out


@SLOW
async def test_links_lead_where_the_document_says(tmp_path: Path, database_url: str) -> None:
    # By time: a run of so many examples ends early wherever its second try of a scenario meets what the first left.
    async with serving(tmp_path, database_url, None, **RAISED) as server:
        out = await run(server, "--phases", "stateful", "--max-time", "60")
    assert generated(out) >= 300, out
    covered = re.search(r"API Links: +(\d+) covered", out)
    assert covered is not None and int(covered[1]) >= 30, out


def generated(out: str) -> int:
    """How many requests were made up."""
    found = re.search(r"(\d+) generated", out)
    return int(found[1]) if found else 0


async def run(server: Server, *arguments: str) -> str:
    """What Schemathesis says of `server`, in which it must find no fault; bounded."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/documents/schemathesis.toml"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("run", f"{server.url}/api/openapi.json", "--no-color", "--seed", str(SEED), *arguments),
        cwd=ROOT,
        env={**os.environ, "NEXUS_TEST_TOKEN": server.token("user:1", "user", "admin")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = out.decode()
    assert process.returncode == 0, text
    print(text[text.rfind(" SUMMARY ") :])  # noqa: T201
    return text
