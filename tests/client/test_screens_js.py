"""What Node can tell of the screens: their rules, by tests of their own, and the front end of the documents."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

import httpx

from tests.support.checkout import ROOT, WEB
from tests.support.node import node, required
from tests.support.served import serving

RULES = sorted(str(path) for path in (ROOT / "tests" / "client" / "js" / "rules").glob("*.js"))


def test_the_rules_of_the_screens_hold() -> None:
    command = required(*node())
    done = subprocess.run([*command, "--test", *RULES], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


async def test_the_front_end_of_the_documents_votes(tmp_path: Path, database_url: str) -> None:
    command = required(*node())
    (block,) = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "screens.md").read_text(), re.DOTALL)
    async with serving(tmp_path, database_url) as server, httpx.AsyncClient(base_url=server.url) as client:
        body = {"question": "Well?", "options": [{"option_text": "Yes"}, {"option_text": "No"}]}
        host = {"Authorization": f"Bearer {server.token('user:1')}"}
        poll = (await client.post("/polls/", json=body, headers=host)).json()
        program = block.replace("./client.js", (WEB / "client.js").as_uri()).replace("K7M2QP", poll["code"])
        line = [
            *command,
            "--input-type=module",
            "-e",
            program.replace("http://127.0.0.1:8000", server.url) + "client.close();",
        ]
        said = await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, timeout=60, check=True)
        results = (await client.get(f"/polls/{poll['id']}/results/", headers=host)).json()
    assert said.stdout.splitlines()[-2:] == ["recorded", "connection: closed"]
    assert [one["votes_count"] for one in results["options"]] == [1, 0]
