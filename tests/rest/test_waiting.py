"""Whether one has to wait for a poll, over HTTP (docs/contract.md, "Waiting")."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from nexus.store.database import Database
from tests.support.rest import Rest, open_rest, refused


def ahead() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"opens_at": None}, {"status": "draft", "is_public": False}])
async def test_a_poll_that_is_not_open_makes_wait_until_it_is(rest: Rest, fields: dict[str, object]) -> None:
    host = await rest.user()
    poll = await rest.poll(host, **({"opens_at": ahead()} if "opens_at" in fields else fields))
    code = poll["code"]
    answer = await rest("POST", "/polls/waiting/", json={"code": f"{code[:2]}-{code[2:].lower()}"})
    assert answer.json() == {"code": code, "waiting": True}
    await rest("POST", f"/polls/{poll['id']}/open/", host)
    assert (await rest("POST", "/polls/waiting/", json={"code": code})).json() == {"code": code, "waiting": False}
    await rest("POST", f"/polls/{poll['id']}/close/", host)
    assert (await rest("POST", "/polls/waiting/", json={"code": code})).json()["waiting"] is False


async def test_the_answer_has_the_same_size_whatever_the_poll(rest: Rest) -> None:
    host = await rest.user()
    polls = [await rest.poll(host, status="draft", question=question) for question in ("Short?", "Long" * 100)]
    answers = [await rest("POST", "/polls/waiting/", json={"code": poll["code"]}) for poll in polls]
    assert len({len(answer.content) for answer in answers}) == 1
    for answer in answers:
        assert set(answer.json()) == {"code", "waiting"}
        assert "etag" not in answer.headers
        assert "Long" not in json.dumps([answer.text, dict(answer.headers)])


async def test_wrong_codes_are_limited_and_right_ones_pass(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_CODES_PER_ADDRESS="2") as rest:
        draft = await rest.poll(await rest.user(), status="draft")
        wrong = [refused(await rest("POST", "/polls/waiting/", json={"code": f"WRONG{n}"})) for n in range(3)]
        assert wrong == [(404, "poll_not_found")] * 2 + [(429, "too_many_requests")]
        assert (await rest("POST", "/polls/waiting/", json={"code": draft["code"]})).status_code == 200
