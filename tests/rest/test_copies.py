"""A poll is copied: the definition goes along, and nothing of its life."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from nexus.domain.poll import Poll
from nexus.store import polls, rows
from nexus.store.database import Connection
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

COPIED = (
    *("question", "description", "category", "is_public", "max_choices", "votes_per_user"),
    *("allow_change", "allow_guests", "anonymous", "results", "chart", "option_order", "language"),
)
OTHERS: Json = {
    "description": "Why\n\nBecause.",
    "is_public": False,
    "max_choices": 2,
    "votes_per_user": 3,
    "allow_change": False,
    "allow_guests": False,
    "anonymous": False,
    "results": "after_close",
    "chart": "donut",
    "option_order": "votes",
    "language": "pt-BR",
}


async def copied(rest: Rest, who: Person, poll: Json) -> Json:
    """A copy of `poll` for `who`."""
    answer = await rest("POST", f"/polls/{poll['id']}/copy/", who)
    assert answer.status_code == 201, answer.text
    copy: Json = answer.json()
    return copy


async def category(rest: Rest) -> int:
    answer = await rest("POST", "/categories/", await rest.user(admin=True), json={"name": "Meetings"})
    number: int = answer.json()["id"]
    return number


async def test_copy_has_the_definition_and_nothing_of_the_life(rest: Rest) -> None:
    host = await rest.user()
    times = {"expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    poll = await rest.poll(host, "b", "a", "Ärger", **OTHERS, **times, category=await category(rest))
    await rest.vote(host, poll, 0, 1)
    await rest("PATCH", f"/options/{poll['options'][0]['id']}/?correction=true", host, json={"option_text": "B"})
    await rest("PATCH", f"/options/{poll['options'][0]['id']}/", host, json={"position": 2})
    await rest("POST", f"/polls/{poll['id']}/close/", host)
    source = await rest.get(f"/polls/{poll['id']}/", host)
    copy = await copied(rest, host, poll)
    assert {name: copy[name] for name in COPIED} == {name: source[name] for name in COPIED}
    assert [(one["option_text"], one["position"], one["votes_count"]) for one in copy["options"]] == [
        ("a", 0, 0),
        ("Ärger", 1, 0),
        ("B", 2, 0),
    ]
    fresh = {"status": "draft", "epoch": 1, "version": 1, "created_by": host.voter}
    fresh |= dict.fromkeys(("opens_at", "expires_at", "closed_at", "corrected_at"))
    assert {name: copy[name] for name in fresh} == fresh
    assert copy["id"] != source["id"] and copy["code"] != source["code"] and len(copy["code"]) == 10
    assert {one["id"] for one in copy["options"]}.isdisjoint(one["id"] for one in source["options"])
    assert await rest.get(f"/polls/{poll['id']}/", host) == source, "the source stays as it is"
    assert (await rest.get(f"/polls/{copy['id']}/vote/", host))["votes"] == []
    for words in (copy["code"], "Ärger Because"):
        assert copy["id"] in [one["id"] for one in (await rest.get(f"/polls/?search={words}", host))["results"]], words


@pytest.mark.parametrize("status", ["draft", "scheduled", "open", "closed"])
async def test_poll_of_any_status_is_copied(rest: Rest, status: str) -> None:
    host = await rest.user()
    fields: Json = {"draft": {"status": "draft"}, "scheduled": {"opens_at": "2099-01-01T00:00:00Z"}}.get(status, {})
    poll = await rest.poll(host, **fields)
    if status == "closed":
        await rest("POST", f"/polls/{poll['id']}/close/", host)
    copy = await copied(rest, host, poll)
    assert (copy["status"], copy["opens_at"], copy["closed_at"]) == ("draft", None, None)


async def test_copy_is_the_callers(rest: Rest) -> None:
    host, admin = await rest.user(), await rest.user(admin=True)
    poll = await rest.poll(host)
    copy = await copied(rest, admin, poll)
    assert copy["created_by"] == admin.voter
    assert refused(await rest("GET", f"/polls/{copy['id']}/", host)) == (404, "poll_not_found")
    (row,) = (await rest.get(f"/polls/{copy['id']}/audit/", admin))["results"]
    assert (row["user"], row["action"]) == (admin.voter, "create")
    assert row["details"] == {"question": "Well?", "status": "draft", "copy_of": poll["id"]}
    (own,) = (await rest.get(f"/polls/{poll['id']}/audit/", host))["results"]
    assert "copy_of" not in own["details"]


async def test_strangers_copy_nothing(rest: Rest) -> None:
    host, stranger = await rest.user(), await rest.user()
    poll, hidden = await rest.poll(host), await rest.poll(host, is_public=False)
    guest, screen = await rest.guest(poll), await rest.screen(poll, host)
    bound = Person(host.voter, rest.services.tokens.access(host.voter, ["user"], polls=[poll["id"]]))
    before = await rest.dump()
    for who in (stranger, guest, screen, bound):
        assert refused(await rest("POST", f"/polls/{poll['id']}/copy/", who)) == (403, "forbidden")
        assert refused(await rest("POST", f"/polls/{hidden['id']}/copy/", who)) == (404, "poll_not_found")
    assert await rest.dump() == before


async def test_external_host_who_lost_the_role_copies_no_more(rest: Rest) -> None:
    one, other = (Person("ext:bob", rest.services.tokens.access("ext:bob", roles)) for roles in (["host"], []))
    poll = await rest.poll(one)
    assert (await copied(rest, one, poll))["created_by"] == "ext:bob"
    assert refused(await rest("POST", f"/polls/{poll['id']}/copy/", other)) == (403, "forbidden")


async def test_category_that_went_meanwhile_is_left_out(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await rest.user()
    poll = await rest.poll(host)

    async def stale(connection: Connection, ids: list[int]) -> dict[int, Poll]:
        """What was read just before its category, and then the category itself, was changed."""
        found = await rows.load(connection, ids)
        return {
            key: msgspec.structs.replace(one, category=4711) for key, one in found.items() if key == poll["id"]
        } or found

    monkeypatch.setattr(polls, "load", stale)
    assert (await copied(rest, host, poll))["category"] is None


async def test_copies_while_the_source_changes_are_whole(rest: Rest) -> None:
    host = await rest.user()
    poll = await rest.poll(host, "a 0", "b 0")

    async def edits() -> None:
        for n in range(1, 9):
            for place, letter in enumerate("ab"):
                option = f"/options/{poll['options'][place]['id']}/"
                assert (await rest("PATCH", option, host, json={"option_text": f"{letter} {n}"})).status_code == 200

    editing = asyncio.create_task(edits())
    made = await asyncio.gather(*(copied(rest, host, poll) for _ in range(8)))
    await editing
    texts = {tuple(one["option_text"] for one in copy["options"]) for copy in made}
    steps = {(f"a {n + ahead}", f"b {n}") for n in range(9) for ahead in (0, 1)}
    assert texts <= steps
    assert len({copy["code"] for copy in made}) == 8


async def test_copy_and_deletion_at_once_end_as_one_of_their_orders(rest: Rest) -> None:
    host = await rest.user()
    for _ in range(3):
        poll = await rest.poll(host, category=None)
        copy, gone = await asyncio.gather(
            rest("POST", f"/polls/{poll['id']}/copy/", host), rest("DELETE", f"/polls/{poll['id']}/", host)
        )
        assert gone.status_code == 204
        assert copy.status_code == 201 or refused(copy) == (404, "poll_not_found")
