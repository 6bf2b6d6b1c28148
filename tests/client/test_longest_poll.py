"""The longest poll that can be written: it fits a body in any script, and both clients take its frames."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import httpx
import pytest

from nexus.client import PollChanged, connect
from nexus.http.api.events import DEFINITION_BYTES
from nexus.http.api.polls import BODY_BYTES as POLL_BYTES
from nexus.http.framework.problem import LARGE_BYTES
from tests.support.checkout import WEB
from tests.support.node import node, required
from tests.support.rest import Rest, refused
from tests.support.served import serving
from tests.support.values import Json

JSON = {"Content-Type": "application/json"}
SCRIPTS = {
    "Latin": 0x4E,
    "Cyrillic": 0x430,
    "Devanagari": 0x905,
    "Han": 0x4E00,
    "Adlam": 0x1E900,
    "emoji": 0x1F600,
    "Gothic": 0x10330,
}
"""Scripts by their first letter: of one, two, three and four bytes in UTF-8."""


def longest(first: int) -> Json:
    """A poll of which every text is as long as it may be, in a script."""
    letters = [chr(first + n) for n in range(20)]
    texts = ["".join(letters[(n // 10 if place < 9 else n % 10) % 20] for place in range(255)) for n in range(100)]
    return {
        "question": letters[1] * 500,
        "description": letters[2] * 10_000,
        "options": [{"option_text": text} for text in texts],
    }


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_hundred_long_options_fit_in_any_script(rest: Rest, script: str) -> None:
    ann, body = await rest.user(), longest(SCRIPTS[script])
    sent = json.dumps(body, ensure_ascii=False).encode()
    answer = await rest("POST", "/polls/", ann, content=sent, headers=JSON)
    assert answer.status_code == 201, answer.text
    assert [one["option_text"] for one in answer.json()["options"]] == [one["option_text"] for one in body["options"]]
    changed = json.dumps({"description": body["description"][1:], "question": body["question"]}).encode()
    answer = await rest("PATCH", f"/polls/{answer.json()['id']}/", ann, content=changed, headers=JSON)
    assert (answer.status_code, len(answer.json()["description"])) == (200, 9_999)


async def test_escapes_fit_where_they_take_no_more_than_six_bytes(rest: Rest) -> None:
    ann = await rest.user()
    answer = await rest("POST", "/polls/", ann, content=json.dumps(longest(0x4E00)).encode(), headers=JSON)
    assert answer.status_code == 201, answer.text
    answer = await rest("POST", "/polls/", ann, content=json.dumps(longest(0x1F600)).encode(), headers=JSON)
    assert refused(answer) == (413, "body_too_large")
    assert answer.json()["detail"] == (
        "The body is larger than 256 KiB. Characters sent as \\u escapes take more room than in UTF-8."
    )


async def test_only_where_polls_are_written_a_body_may_be_that_large(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    for method, path, most in (
        ("POST", "/polls/", POLL_BYTES),
        ("PATCH", f"/polls/{poll['id']}/", POLL_BYTES),
        ("POST", "/events/", DEFINITION_BYTES),
        ("POST", f"/polls/{poll['id']}/options/", 64 * 1024),
        ("PATCH", f"/options/{poll['options'][0]['id']}/", 64 * 1024),
        ("POST", "/polls/join/", 64 * 1024),
        ("POST", f"/polls/{poll['id']}/vote/", 64 * 1024),
        ("POST", "/categories/", 64 * 1024),
    ):
        for size, status in ((most, 422), (most + 1, 413)):
            content = b'{"unknown": 1' + b" " * (size - 14) + b"}"
            answer = await rest(method, path, ann, content=content, headers=JSON)
            assert answer.status_code == status, (method, path, size)
            told = "4 MiB" if most == DEFINITION_BYTES else f"{most // 1024} KiB"
            assert status == 422 or f"than {told}." in answer.json()["detail"]
    # Those who cannot create polls have no use for so much, and of somebody without a token nothing is read.
    guest = await rest.guest(poll)
    answer = await rest("POST", "/polls/", guest, content=b" " * (64 * 1024 + 1), headers=JSON)
    assert refused(answer) == (413, "body_too_large")
    answer = await rest("POST", "/polls/", content=b" " * (POLL_BYTES + 1), headers=JSON)
    assert refused(answer) == (401, "unauthenticated")


async def test_a_large_event_is_made_again_from_what_is_exported(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    polls = [longest(SCRIPTS["Latin"]) | {"question": f"{n}?"} for n in range(20)]
    sent = json.dumps({"title": "Show", "polls": polls}).encode()
    assert len(sent) > 2 * LARGE_BYTES
    places = rest.services.large_bodies
    answer = await rest("POST", "/events/", ann, content=sent, headers=JSON)
    assert (answer.status_code, len(places)) == (201, 0), answer.text
    exported = await rest("GET", f"/events/{answer.json()['id']}/definition/", ann)
    again = await rest("POST", "/events/", bob, content=exported.content, headers=JSON)
    assert again.status_code == 201, again.text
    made = await rest("GET", f"/events/{again.json()['id']}/definition/", bob)
    assert made.content == exported.content
    # One of a host at a time; what is not large takes no place.
    assert places.acquire(ann.voter)
    refusal = await rest("POST", "/events/", ann, content=exported.content, headers=JSON)
    assert refused(refusal) == (429, "too_many_requests") and "yours" in refusal.json()["detail"]
    assert (await rest("POST", "/events/", ann, json={"title": "Small"})).status_code == 201
    polls[19]["options"][99]["option_text"] = ""
    content = json.dumps({"title": "Show", "polls": polls}).encode()
    refusal = await rest("POST", "/events/", bob, content=content, headers=JSON)
    assert [fault["field"] for fault in refusal.json()["errors"]] == ["polls[19].options[99].option_text"]


PROGRAM = """
import { connect } from "%(client)s";
const client = connect({ url: "%(url)s", token: "%(token)s" });
const room = await client.join(%(poll)d);
console.log(room.poll.options.length, room.poll.options[99].option_text.length);
await room.vote(room.poll.options[99].id);
client.close();
"""


async def test_both_clients_take_the_longest_poll(tmp_path: Path, database_url: str) -> None:
    command = required(*node())
    async with serving(tmp_path, database_url) as server, httpx.AsyncClient(base_url=server.url) as rest:
        host = {"Authorization": f"Bearer {server.token('user:1', 'user')}"}
        content = json.dumps(longest(SCRIPTS["emoji"]), ensure_ascii=False).encode()
        poll = (await rest.post("/polls/", content=content, headers=host | JSON)).json()
        async with connect(f"ws://127.0.0.1:{server.port}/ws", server.token("user:7", "user")) as nexus:
            room = await nexus.join(poll["id"])
            assert [len(one.option_text) for one in room.poll.options] == [255] * 100
            await rest.patch(f"/options/{poll['options'][7]['id']}/", json={"option_text": "Short"}, headers=host)
            async for event in room:
                if isinstance(event, PollChanged):
                    assert event.poll.options[7].option_text == "Short"
                    break
        program = PROGRAM % {
            "client": (WEB / "client.js").as_uri(),
            "url": server.url,
            "token": server.token("user:8", "user"),
            "poll": poll["id"],
        }
        line = [*command, "--input-type=module", "-e", program]
        said = await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, timeout=60, check=False)
        assert said.stdout.split() == ["100", "510"], said.stderr
        results = (await rest.get(f"/polls/{poll['id']}/results/", headers=host)).json()
    assert [one["votes_count"] for one in results["options"]][99] == 1
