"""Polls over HTTP: made, read, changed, run and deleted by those who may."""

import asyncio
from datetime import UTC, datetime, timedelta

from nexus.bus import DeletedNews, PollNews, TotalsNews
from tests.support.rest import Rest, refused
from tests.support.values import Json
from tests.support.waiting import eventually

GONE = (404, "poll_not_found")
FORBIDDEN = (403, "forbidden")
DEFAULTS: Json = {
    "description": "",
    "category": None,
    "is_public": True,
    "status": "open",
    "opens_at": None,
    "expires_at": None,
    "closed_at": None,
    "event": None,
    "position": None,
    "max_choices": 1,
    "votes_per_user": 1,
    "allow_change": True,
    "allow_guests": True,
    "anonymous": True,
    "results": "live",
    "chart": "bars",
    "option_order": "position",
    "language": None,
    "epoch": 1,
    "version": 1,
    "corrected_at": None,
}


def ahead(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat().replace("+00:00", "Z")


async def test_created_poll_has_the_contracts_shape_and_defaults(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, " Yes ", "No")
    assert poll.keys() == {*DEFAULTS, "id", "code", "question", "created_by", "options", "created_at", "updated_at"}
    assert {name: poll[name] for name in DEFAULTS} == DEFAULTS
    assert (poll["created_by"], poll["question"], len(poll["code"])) == (ann.voter, "Well?", 6)
    assert [(one["option_text"], one["position"], one["votes_count"]) for one in poll["options"]] == [
        ("Yes", 0, 0),
        ("No", 1, 0),
    ]
    assert poll["options"][0].keys() == {"id", "option_text", "position", "votes_count"}
    assert poll["created_at"].endswith("Z")
    assert await rest.get(f"/polls/{poll['id']}/", await rest.user()) == poll


async def test_every_writable_field_is_kept(rest: Rest) -> None:
    fields: Json = {
        "description": "Why",
        "is_public": False,
        "opens_at": ahead(hours=1),
        "expires_at": ahead(hours=2),
        "max_choices": 2,
        "votes_per_user": 3,
        "allow_change": False,
        "allow_guests": False,
        "anonymous": False,
        "results": "after_close",
        "chart": "columns",
        "option_order": "votes",
        "language": "de-AT",
    }
    ann = await rest.user()
    poll = await rest.poll(ann, **fields)
    assert {name: poll[name] for name in fields} == fields
    assert (poll["status"], len(poll["code"])) == ("scheduled", 10)
    assert (await rest.poll(ann, status="draft"))["status"] == "draft"


BAD_POLLS: list[tuple[Json, set[str]]] = [
    ({"question": ""}, {"question"}),
    ({"question": "x" * 501}, {"question"}),
    ({"question": "a\u0000b"}, {"question"}),
    ({"description": "\u0000"}, {"description"}),
    ({"description": "x" * 10_001}, {"description"}),
    ({"options": []}, {"options"}),
    ({"options": [{"option_text": "one"}]}, {"options"}),
    ({"options": [{"option_text": str(n)} for n in range(101)]}, {"options"}),
    ({"options": [{"option_text": "Yes"}, {"option_text": " yes "}]}, {"options[1].option_text"}),
    ({"options": [{"option_text": "straße"}, {"option_text": "STRASSE"}]}, {"options[1].option_text"}),
    ({"options": [{"option_text": ""}, {"option_text": "x" * 256}]}, {f"options[{n}].option_text" for n in (0, 1)}),
    ({"options": [{"option_text": "a"}, {"option_text": 1}]}, {"options[1].option_text"}),
    ({"options": [{"option_text": "a"}, {"text": "b"}]}, {"options[1].text", "options[1].option_text"}),
    ({"options": ["a", "b"]}, {"options[0]", "options[1]"}),
    ({"options": {"a": 1}}, {"options"}),
    ({"max_choices": 0}, {"max_choices"}),
    ({"max_choices": 101}, {"max_choices"}),
    ({"max_choices": 10**30}, {"max_choices"}),
    ({"max_choices": "1"}, {"max_choices"}),
    ({"max_choices": 1.5}, {"max_choices"}),
    ({"max_choices": True}, {"max_choices"}),
    ({"votes_per_user": -1}, {"votes_per_user"}),
    ({"votes_per_user": 101}, {"votes_per_user"}),
    ({"expires_at": ahead(hours=-1)}, {"expires_at"}),
    ({"opens_at": ahead(hours=-1)}, {"opens_at"}),
    ({"opens_at": ahead(hours=2), "expires_at": ahead(hours=1)}, {"expires_at"}),
    ({"expires_at": "tomorrow"}, {"expires_at"}),
    ({"expires_at": "2099-01-01T00:00:00"}, {"expires_at"}),
    ({"expires_at": "9999-12-31T23:59:59-14:00"}, {"expires_at"}),
    ({"opens_at": "0001-01-01T00:00:00+14:00"}, {"opens_at"}),
    ({"expires_at": 1}, {"expires_at"}),
    ({"category": 1}, {"category"}),
    ({"category": 10**30}, {"category"}),
    ({"category": "1"}, {"category"}),
    ({"results": "never"}, {"results"}),
    ({"chart": "pie"}, {"chart"}),
    ({"chart": None}, {"chart"}),
    ({"option_order": "random"}, {"option_order"}),
    ({"language": ""}, {"language"}),
    ({"language": "de-"}, {"language"}),
    ({"language": "de\n"}, {"language"}),
    ({"language": '"><script>alert(1)</script>'}, {"language"}),
    ({"language": "en" + "-a" * 60}, {"language"}),
    ({"language": 1}, {"language"}),
    ({"question": "", "language": "x"}, {"question", "language"}),
    ({"status": "open"}, {"status"}),
    ({"status": "closed"}, {"status"}),
    ({"is_public": None}, {"is_public"}),
    ({"is_public": "yes"}, {"is_public"}),
    ({"id": 7}, {"id"}),
    ({"created_by": "user:1"}, {"created_by"}),
    ({"question": "", "max_choices": 0, "expires_at": ahead(hours=-1)}, {"question", "max_choices", "expires_at"}),
]


async def test_bad_poll_names_every_broken_rule(rest: Rest) -> None:
    ann = await rest.user()
    before = await rest.dump()
    for change, fields in BAD_POLLS:
        body = {"question": "Well?", "options": [{"option_text": "a"}, {"option_text": "b"}]} | change
        answer = await rest("POST", "/polls/", ann, json=body)
        assert refused(answer) == (422, "invalid"), change
        assert {error["field"] for error in answer.json()["errors"]} == fields, change
    assert await rest.dump() == before


BAD_CHANGES: list[tuple[Json, set[str]]] = [
    ({"question": " "}, {"question"}),
    ({"max_choices": 0, "votes_per_user": 101}, {"max_choices", "votes_per_user"}),
    ({"options": []}, {"options"}),
    ({"max_choices": 0, "language": "Deutsch!"}, {"max_choices", "language"}),
    ({"status": "draft"}, {"status"}),
    ({"expires_at": ahead(hours=-1)}, {"expires_at"}),
    ({"expires_at": "9999-12-31T23:59:59-14:00"}, {"expires_at"}),
    ({"opens_at": ahead(hours=1)}, {"opens_at"}),
    ({"category": 2**63}, {"category"}),
]


async def test_bad_change_changes_nothing(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    before = await rest.dump()
    for change, fields in BAD_CHANGES:
        answer = await rest("PATCH", f"/polls/{poll['id']}/", ann, json=change)
        assert refused(answer) == (422, "invalid"), change
        assert {error["field"] for error in answer.json()["errors"]} == fields, change
    assert await rest.dump() == before


async def test_host_and_admin_change_a_poll(rest: Rest) -> None:
    ann, admin = await rest.user(), await rest.user(admin=True)
    poll = await rest.poll(ann)
    path = f"/polls/{poll['id']}/"
    assert (await rest("PATCH", path, ann, json={"question": " Really? "})).status_code == 200
    answer = await rest("PATCH", path, admin, json={"results": "host", "description": "d"})
    assert answer.status_code == 200
    assert answer.json() | {"updated_at": ""} == poll | {
        "question": "Really?",
        "description": "d",
        "results": "host",
        "version": 2,
        "updated_at": "",
    }
    before = await rest.dump()
    assert (await rest("PATCH", path, ann, json={})).json() == answer.json()
    assert await rest.dump() == before


async def test_votes_freeze_what_they_were_cast_for(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await rest.vote(ann, poll)
    path = f"/polls/{poll['id']}/"
    before = await rest.dump()
    for change in ({"question": "?"}, {"max_choices": 2}, {"votes_per_user": 2}, {"anonymous": False}):
        assert refused(await rest("PATCH", path, ann, json=change)) == (409, "poll_has_votes")
    assert await rest.dump() == before
    assert (await rest("PATCH", path, ann, json={"question": "Well?", "allow_change": False})).status_code == 200


async def test_open_close_and_reset(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, status="draft")
    path = f"/polls/{poll['id']}"

    async def turn(name: str) -> Json:
        answer = await rest("POST", f"{path}/{name}/", ann, content=b"" if name == "open" else b"ignored {")
        assert answer.status_code == 200, answer.text
        turned: Json = answer.json()
        assert turned == await rest.get(f"{path}/", ann)
        return turned

    assert (await turn("open"))["status"] == "open"
    opened = await turn("open")
    assert (opened["version"], opened["epoch"]) == (2, 1)
    await rest.vote(ann, poll)
    closed = await turn("close")
    assert (closed["status"], closed["version"]) == ("closed", 4)
    assert closed["closed_at"] is not None
    assert await turn("close") == closed
    reopened = await turn("open")
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)
    assert reopened["options"][0]["votes_count"] == 1
    fresh = await turn("reset")
    assert (fresh["epoch"], fresh["options"][0]["votes_count"]) == (2, 0)
    assert fresh["version"] > reopened["version"]


async def test_expiry_is_noticed_by_whoever_reads(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, expires_at=ahead(seconds=1.5))

    async def closed() -> Json | None:
        found = await rest.get(f"/polls/{poll['id']}/", ann)
        return found if found["status"] == "closed" else None

    found = await eventually(closed)
    assert found is not None
    assert found["closed_at"] == poll["expires_at"]
    assert (await rest.get(f"/polls/{poll['id']}/results/", ann))["final"] is True
    answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, json={"option": poll["options"][0]["id"]})
    assert refused(answer) == (409, "poll_closed")


async def test_deleted_poll_is_gone(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await rest.vote(ann, poll)
    answer = await rest("DELETE", f"/polls/{poll['id']}/", ann)
    assert (answer.status_code, answer.content) == (204, b"")
    rows = await rest.dump()
    assert not any(rows[table] for table in ("polls", "options", "votes", "acts"))
    for method, path in (("GET", ""), ("GET", "results/"), ("DELETE", ""), ("GET", "vote/"), ("POST", "open/")):
        assert refused(await rest(method, f"/polls/{poll['id']}/{path}", ann)) == GONE
    answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, json={"option": poll["options"][0]["id"]})
    assert refused(answer) == GONE


async def test_every_write_is_told_to_the_rooms(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "A", "B", "C")
    path, option = f"/polls/{poll['id']}/", f"/options/{poll['options'][0]['id']}/"
    calls: list[tuple[str, str, Json | None]] = [
        ("PATCH", path, {"question": "Really?"}),
        ("POST", f"{path}close/", None),
        ("POST", f"{path}open/", None),
        ("POST", f"{path}reset/", None),
        ("POST", f"{path}options/", {"option_text": "D"}),
        ("PATCH", option, {"option_text": "E"}),
        ("DELETE", option, None),
    ]
    for method, where, body in calls:
        rest.told.clear()
        assert (await rest(method, where, ann, json=body)).status_code < 300
        assert [news for news in rest.told if isinstance(news, TotalsNews)], (method, where)
        assert [news for news in rest.told if isinstance(news, PollNews)], (method, where)
    await rest("DELETE", path, ann)
    assert rest.told[-1] == DeletedNews(poll["id"])


async def test_many_polls_at_once_have_each_their_code(rest: Rest) -> None:
    ann = await rest.user()
    polls = await asyncio.gather(*(rest.poll(ann) for _ in range(20)))
    assert len({poll["code"] for poll in polls}) == len({poll["id"] for poll in polls}) == 20
