"""A typo is corrected and its votes stay: what may change, who may change it, and what says so."""

import asyncio
from collections.abc import Sequence

import pytest

from nexus.bus import PollNews, TotalsNews
from nexus.voting.recount import Recount
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

CORRECTION = "?correction=true"


async def voted(rest: Rest, *options: str, **fields: object) -> tuple[Person, Json]:
    """A host's poll with one ballot for its first option."""
    host = await rest.user()
    poll = await rest.poll(host, *options, **fields)
    await rest.vote(await rest.user(), poll)
    return host, poll


async def correct(rest: Rest, who: Person, poll: Json, place: int, text: str) -> Json:
    """Correct the text of the option at `place`; the poll afterwards."""
    answer = await rest(
        "PATCH", f"/options/{poll['options'][place]['id']}/{CORRECTION}", who, json={"option_text": text}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["option_text"] == text
    return await rest.get(f"/polls/{poll['id']}/", who)


async def history(rest: Rest, who: Person, poll: Json) -> Sequence[Json]:
    """The poll's history, newest first, without its votes."""
    found: list[Json] = (await rest.get(f"/polls/{poll['id']}/audit/", who))["results"]
    return [one for one in found if one["action"] != "vote"]


async def verified(rest: Rest) -> list[str]:
    """What `nexus verify` finds."""
    differences = await Recount(rest.services.database, None, lambda line: None).run(repair=False)
    return differences.mendable + differences.lasting


async def test_corrected_option_keeps_its_votes_and_says_so(rest: Rest) -> None:
    host, poll = await voted(rest, "Yes", "No")
    voter = await rest.user()
    cast = await rest.vote(voter, poll, 1)
    before = await rest.get(f"/polls/{poll['id']}/", host)
    assert before["corrected_at"] is None
    after = await correct(rest, host, poll, 1, "Nope")
    assert [(one["option_text"], one["votes_count"]) for one in after["options"]] == [("Yes", 1), ("Nope", 1)]
    assert (after["epoch"], after["version"]) == (1, before["version"] + 1)
    assert after["updated_at"] >= after["corrected_at"] > before["updated_at"]
    assert (await rest.get(f"/polls/{poll['id']}/", voter))["corrected_at"] == after["corrected_at"]
    mine = (await rest.get(f"/polls/{poll['id']}/vote/", voter))["votes"]
    assert [(one["op"], one["options"]) for one in mine] == [(cast["op"], cast["options"])]
    (row, *_) = await history(rest, host, poll)
    assert (row["action"], row["target_type"], row["user"]) == ("correct", "option", host.voter)
    assert row["details"] == {
        "poll": poll["id"],
        "before": {"option_text": "No", "position": 1},
        "after": {"option_text": "Nope", "position": 1},
    }
    assert await verified(rest) == []


async def test_corrected_question_keeps_its_votes_and_says_so(rest: Rest) -> None:
    host, poll = await voted(rest)
    path = f"/polls/{poll['id']}/"
    etag = (await rest("GET", f"{path}results/", host)).headers["etag"]
    before = await rest.get(path, host)
    answer = await rest("PATCH", f"{path}{CORRECTION}", host, json={"question": " Really? ", "description": "d"})
    after = answer.json()
    assert (answer.status_code, after["question"], after["options"]) == (200, "Really?", before["options"])
    assert after["corrected_at"] and after["version"] == before["version"], "a totals frame shows no question"
    assert (await rest("GET", f"{path}results/", host, headers={"If-None-Match": etag})).status_code == 200
    (row, *_) = await history(rest, host, poll)
    assert (row["action"], row["target_type"], row["user"]) == ("correct", "poll", host.voter)
    assert row["details"] == {"question": ["Well?", "Really?"], "description": ["", "d"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"max_choices": 2}, "poll_has_votes"),
        ({"votes_per_user": 5}, "poll_has_votes"),
        ({"anonymous": False}, "poll_has_votes"),
        ({"question": "Other?", "max_choices": 2}, "poll_has_votes"),
        ({"question": ""}, "invalid"),
        ({"question": "\u200b"}, "invalid"),
        ({"question": "x" * 501}, "invalid"),
        ({"corrected_at": None}, "invalid"),
    ],
)
async def test_correction_frees_nothing_but_the_question(rest: Rest, change: Json, code: str) -> None:
    host, poll = await voted(rest)
    before = await rest.dump()
    answer = await rest("PATCH", f"/polls/{poll['id']}/{CORRECTION}", host, json=change)
    assert refused(answer) == (409 if code == "poll_has_votes" else 422, code)
    assert await rest.dump() == before


@pytest.mark.parametrize("query", ["", "?correction=false", "?correction="])
async def test_without_a_correction_votes_keep_the_texts(rest: Rest, query: str) -> None:
    host, poll = await voted(rest)
    before = await rest.dump()
    answer = await rest("PATCH", f"/polls/{poll['id']}/{query}", host, json={"question": "Other?"})
    assert refused(answer) == (409, "poll_has_votes")
    option = f"/options/{poll['options'][0]['id']}/{query}"
    assert refused(await rest("PATCH", option, host, json={"option_text": "Other"})) == (409, "option_has_votes")
    assert await rest.dump() == before


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("?correction=true&discard_votes=true", {"option_text": "Nope"}, "correction"),
        ("?correction=maybe", {"option_text": "Nope"}, "correction"),
        ("?correction=null", {"option_text": "Nope"}, "correction"),
        (CORRECTION, {"option_text": ""}, "option_text"),
        (CORRECTION, {"option_text": "\u2060"}, "option_text"),
        (CORRECTION, {"option_text": " NO "}, "option_text"),
        (CORRECTION, {"option_text": "x" * 256}, "option_text"),
        (CORRECTION, {"option_text": "a\u0000"}, "option_text"),
        (CORRECTION, {"option_text": "Nope", "position": 2}, "position"),
        (CORRECTION, {"option_text": None}, "option_text"),
    ],
)
async def test_bad_correction_names_its_field_and_changes_nothing(
    rest: Rest, query: str, body: Json, field: str
) -> None:
    host, poll = await voted(rest)
    before = await rest.dump()
    answer = await rest("PATCH", f"/options/{poll['options'][0]['id']}/{query}", host, json=body)
    assert refused(answer) == (422, "invalid")
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert await rest.dump() == before


async def test_same_text_again_is_no_correction(rest: Rest) -> None:
    host, poll = await voted(rest)
    before = await rest.dump()
    assert (await correct(rest, host, poll, 0, "Yes"))["corrected_at"] is None
    answer = await rest("PATCH", f"/polls/{poll['id']}/{CORRECTION}", host, json={"question": " Well? "})
    assert (answer.status_code, answer.json()["corrected_at"]) == (200, None)
    assert await rest.dump() == before


async def test_other_edits_with_the_word_are_ordinary_edits(rest: Rest) -> None:
    host, poll = await voted(rest)
    answer = await rest("PATCH", f"/polls/{poll['id']}/{CORRECTION}", host, json={"description": "d"})
    assert answer.json()["corrected_at"] is None
    answer = await rest("PATCH", f"/options/{poll['options'][1]['id']}/{CORRECTION}", host, json={"position": 0})
    assert answer.status_code == 200
    assert (await rest.get(f"/polls/{poll['id']}/", host))["corrected_at"] is None
    assert [one["action"] for one in await history(rest, host, poll)] == ["update", "update", "create"]


@pytest.mark.parametrize("status", ["open", "draft", "closed"])
async def test_without_votes_a_correction_is_an_ordinary_edit(rest: Rest, status: str) -> None:
    host = await rest.user()
    poll = await rest.poll(host, **({"status": "draft"} if status == "draft" else {}))
    if status == "closed":
        await rest("POST", f"/polls/{poll['id']}/close/", host)
    await rest("PATCH", f"/polls/{poll['id']}/{CORRECTION}", host, json={"question": "Other?"})
    after = await correct(rest, host, poll, 0, "Nope")
    assert (after["question"], after["corrected_at"]) == ("Other?", None)
    assert [one["action"] for one in await history(rest, host, poll)][:2] == ["update", "update"]
    assert await verified(rest) == []


async def test_closed_poll_is_corrected_and_its_totals_stay_final(rest: Rest) -> None:
    host, poll = await voted(rest, "Yes", "No")
    await rest("POST", f"/polls/{poll['id']}/close/", host)
    before = await rest.get(f"/polls/{poll['id']}/results/", host)
    option = f"/options/{poll['options'][1]['id']}/{CORRECTION}"
    moved = await rest("PATCH", option, host, json={"option_text": "Nope", "position": 0})
    assert refused(moved) == (409, "poll_closed")
    after = await correct(rest, host, poll, 1, "Nope")
    assert after["status"] == "closed" and after["corrected_at"]
    results = await rest.get(f"/polls/{poll['id']}/results/", host)
    assert results["final"] is True
    assert [one["votes_count"] for one in results["options"]] == [one["votes_count"] for one in before["options"]]
    assert await verified(rest) == []


async def test_reset_ends_the_mark_and_keeps_the_texts_of_the_round(rest: Rest) -> None:
    host, poll = await voted(rest, "Yes", "No")
    await correct(rest, host, poll, 1, "Nope")
    reset = (await rest("POST", f"/polls/{poll['id']}/reset/", host)).json()
    assert (reset["epoch"], reset["corrected_at"]) == (2, None)
    await rest.vote(await rest.user(), poll, 1)
    assert (await correct(rest, host, poll, 1, "Never"))["corrected_at"]
    export = await rest.get(f"/polls/{poll['id']}/export/?format=json&epoch=1", host)
    assert [one["option_text"] for one in export["options"]] == ["Yes", "Nope"]
    export = await rest.get(f"/polls/{poll['id']}/export/?format=json", host)
    assert [one["option_text"] for one in export["options"]] == ["Yes", "Never"]
    assert await verified(rest) == []


async def test_reopening_keeps_the_mark(rest: Rest) -> None:
    host, poll = await voted(rest)
    corrected = await correct(rest, host, poll, 0, "Yes!")
    for act in ("close", "open"):
        assert (await rest("POST", f"/polls/{poll['id']}/{act}/", host)).json()["corrected_at"] == corrected[
            "corrected_at"
        ]


async def test_nobody_else_corrects(rest: Rest) -> None:
    host, poll = await voted(rest)
    stranger, guest = await rest.user(), await rest.guest(poll)
    bound = Person(host.voter, rest.services.tokens.access(host.voter, ["user"], polls=[poll["id"]]))
    screen, before = await rest.screen(poll, host), await rest.dump()
    option = f"/options/{poll['options'][0]['id']}/{CORRECTION}"
    for who in (stranger, guest, bound, screen):
        assert refused(await rest("PATCH", option, who, json={"option_text": "Mine"})) == (403, "forbidden")
        answer = await rest("PATCH", f"/polls/{poll['id']}/{CORRECTION}", who, json={"question": "Mine?"})
        assert refused(answer) == (403, "forbidden")
    assert await rest.dump() == before
    assert (await correct(rest, await rest.user(admin=True), poll, 0, "Yes!"))["corrected_at"]


async def test_correction_is_told_to_the_rooms(rest: Rest) -> None:
    host, poll = await voted(rest)
    rest.told.clear()
    await correct(rest, host, poll, 0, "Yes!")
    (totals,) = (news.totals for news in rest.told if isinstance(news, TotalsNews))
    (changed,) = (news for news in rest.told if isinstance(news, PollNews))
    assert changed.revision == totals.revision
    assert totals.counts[0] == (poll["options"][0]["id"], 1)


async def test_corrections_race_with_votes_and_lose_none(rest: Rest) -> None:
    host, poll = await voted(rest, "a", "b", votes_per_user=1)
    voters = [await rest.user() for _ in range(12)]

    async def edits() -> None:
        for n in range(6):
            await correct(rest, host, poll, n % 2, f"text {n}")

    before = await rest.get(f"/polls/{poll['id']}/", host)
    await asyncio.gather(edits(), *(rest.vote(who, poll, n % 2) for n, who in enumerate(voters)))
    after = await rest.get(f"/polls/{poll['id']}/", host)
    assert sum(one["votes_count"] for one in after["options"]) == 13
    # A batch of votes is one version, and so is each correction.
    assert 6 < after["version"] - before["version"] <= 6 + len(voters)
    assert await verified(rest) == []


async def test_first_vote_and_correction_at_once_end_as_one_of_their_orders(rest: Rest) -> None:
    host = await rest.user()
    for _ in range(4):
        poll = await rest.poll(host)
        await asyncio.gather(rest.vote(await rest.user(), poll), correct(rest, host, poll, 0, "Yes!"))
        found = await rest.get(f"/polls/{poll['id']}/", host)
        (row,) = (one for one in await history(rest, host, poll) if one["target_type"] == "option")
        assert (row["action"] == "correct") == (found["corrected_at"] is not None)
        assert found["options"][0]["votes_count"] == 1


async def test_corrected_texts_are_what_search_finds(rest: Rest) -> None:
    host, poll = await voted(rest, "Yes", "Wednessday", question="Tomorow?")
    await correct(rest, host, poll, 1, "Wednesday")
    await rest("PATCH", f"/polls/{poll['id']}/{CORRECTION}", host, json={"question": "Tomorrow?"})
    for words, count in (("wednesday tomorrow", 1), ("wednessday", 0), ("tomorow", 0)):
        assert (await rest.get(f"/polls/?search={words}", host))["count"] == count, words
