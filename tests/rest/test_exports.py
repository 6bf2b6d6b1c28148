"""Exports: the ballots of a round, whole and streamed; of an anonymous poll without a tie to its voters."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from tests.support.exports import SHEET_TYPE, exported, table
from tests.support.rest import Rest, refused


async def test_named_poll_gives_voters_choices_ops_and_times(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "Tea", "Coffee", anonymous=False, max_choices=2)
    one, two = [option["id"] for option in poll["options"]]
    receipts = [await rest.vote(ann, poll, 0), await rest.vote(bob, poll, 1, 0)]
    found = await exported(rest, poll, ann)
    ballots = found.pop("ballots")
    assert found == {
        "poll": poll["id"],
        "question": "Well?",
        "epoch": 1,
        "anonymous": False,
        "count": 2,
        "voters": 2,
        "options": [
            {"id": one, "option_text": "Tea", "votes_count": 2, "percentage": 100.0},
            {"id": two, "option_text": "Coffee", "votes_count": 1, "percentage": 50.0},
        ],
    }
    assert [(b["voter"], b["options"], b["op"]) for b in ballots] == [
        (ann.voter, [one], receipts[0]["op"]),
        (bob.voter, [two, one], receipts[1]["op"]),
    ]
    rows = await table(rest, poll, ann)
    assert [(row["voter"], row["option_ids"], row["options"], row["op"]) for row in rows] == [
        (ann.voter, f"{one}", "Tea", receipts[0]["op"]),
        (bob.voter, f"{two} {one}", "Coffee | Tea", receipts[1]["op"]),
    ]
    assert all(row["cast_at"].endswith("Z") for row in rows)


async def test_answer_says_how_many_are_coming_and_is_a_file(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, question="Ärger?")
    await rest.vote(ann, poll, 0)
    for kind, media_type in (("csv", "text/csv; charset=utf-8"), ("json", "application/json"), ("xlsx", SHEET_TYPE)):
        before = datetime.now(UTC).date()
        answer = await rest("GET", f"/polls/{poll['id']}/export/?format={kind}", ann)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-total-count"] == "1"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"] in {
            f"attachment; filename=\"arger-{day}.{kind}\"; filename*=UTF-8''%C3%A4rger-{day}.{kind}"
            for day in (before, datetime.now(UTC).date())
        }
        assert "content-length" not in answer.headers


async def test_poll_without_ballots_is_exported_too(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    assert (await exported(rest, poll, ann))["ballots"] == []
    assert await table(rest, poll, ann) == []


async def test_anonymous_ballots_have_names_of_their_own(rest: Rest) -> None:
    ann = await rest.user()
    polls = [await rest.poll(ann, votes_per_user=2), await rest.poll(ann, votes_per_user=2)]
    voters = [await rest.user() for _ in range(8)]
    names: set[str] = set()
    for poll in [*polls, polls[0]]:
        if poll["id"] == polls[0]["id"]:
            await rest("POST", f"/polls/{poll['id']}/reset/", ann)
        for who in voters * 2:
            await rest.vote(who, poll, 0)
        found = await exported(rest, poll, ann)
        assert all(ballot.keys() == {"ballot", "options"} for ballot in found["ballots"])
        assert {tuple(row) for row in await table(rest, poll, ann)} == {("ballot", "option_ids", "options")}
        again = await exported(rest, poll, ann)
        assert sorted(one["ballot"] for one in again["ballots"]) == sorted(one["ballot"] for one in found["ballots"])
        # Sixteen ballots in the same order twice: once in millions of millions.
        assert again["ballots"] != found["ballots"]
        names |= {ballot["ballot"] for ballot in found["ballots"]}
    # No name twice: neither two ballots of a voter, nor those of two rounds or polls, have anything in common.
    assert len(names) == 3 * 16
    # A spreadsheet would take 12345678e9012345 for a number.
    assert all(re.fullmatch("b[0-9a-f]{16}", name) for name in names)


async def test_nothing_a_host_can_fetch_ties_an_anonymous_ballot_to_its_voter(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    voters = [await rest.user() for _ in range(6)]
    ops = [(await rest.vote(who, poll, n % 2))["op"] for n, who in enumerate(voters)]
    await rest("DELETE", f"/polls/{poll['id']}/vote/", voters[0])
    base = f"/polls/{poll['id']}/"
    for path in ("", "results/", "vote/", "export/?format=json", "export/?format=csv", "audit/?page_size=100"):
        answer = await rest("GET", base + path, ann)
        assert answer.status_code == 200
        assert not any(op in answer.text for op in ops), path
        if path.startswith("export"):
            assert not any(who.voter in answer.text for who in voters), path
        if path.startswith("audit"):
            told = [row for row in answer.json()["results"] if row["action"] in ("vote", "retract")]
            assert len(told) == 7
            for row in told:
                assert row["details"].keys() == {"outcome", "epoch"}
    # Renamed options and resets tell no counts either, from which an order could be read.
    await rest("POST", f"{base}reset/", ann)
    await rest("PATCH", f"/options/{poll['options'][0]['id']}/", ann, json={"option_text": "Other"})
    page = await rest.get(f"{base}audit/?target_type=option", ann)
    assert "votes_count" not in str(page)


async def test_earlier_round_keeps_its_ballots_and_the_names_of_its_options(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "Tea", "Coffee", "Milk", anonymous=False)
    ids = [option["id"] for option in poll["options"]]
    await rest.vote(ann, poll, 0)
    await rest.vote(bob, poll, 2)
    await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    assert (await rest("PATCH", f"/options/{ids[0]}/", ann, json={"option_text": "Water"})).status_code == 200
    assert (await rest("DELETE", f"/options/{ids[2]}/", ann)).status_code == 204
    await rest.vote(bob, poll, 1)
    first, second = [await exported(rest, poll, ann, f"?format=json&epoch={epoch}") for epoch in (1, 2)]
    assert [option["option_text"] for option in first["options"]] == ["Tea", "Coffee", "Milk"]
    assert [(b["voter"], b["options"]) for b in first["ballots"]] == [(ann.voter, [ids[0]]), (bob.voter, [ids[2]])]
    assert [option["option_text"] for option in second["options"]] == ["Water", "Coffee"]
    assert [(b["voter"], b["options"]) for b in second["ballots"]] == [(bob.voter, [ids[1]])]
    assert (await exported(rest, poll, ann))["epoch"] == 2
    assert [(one["votes_count"], one["percentage"]) for one in first["options"]] == [(1, 50.0), (0, 0.0), (1, 50.0)]
    assert [(one["votes_count"], one["percentage"]) for one in second["options"]] == [(0, 0.0), (1, 100.0)]
    assert (first["voters"], second["voters"]) == (2, 1)
    for epoch, name in ((1, r"well-round-1-\d{4}-\d\d-\d\d\.csv"), (2, r"well-\d{4}-\d\d-\d\d\.csv")):
        answer = await rest("GET", f"/polls/{poll['id']}/export/?epoch={epoch}", ann)
        assert re.fullmatch(f'attachment; filename="{name}"', answer.headers["content-disposition"])


@pytest.mark.parametrize(
    "query",
    [
        "?epoch=0",
        "?epoch=2",
        "?epoch=-1",
        "?epoch=x",
        "?format=xml",
        "?epoch=" + "9" * 30,
        "?delimiter=;",
        "?delimiter=pipe",
    ],
)
async def test_unknown_rounds_and_formats_are_refused(rest: Rest, query: str) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    assert refused(await rest("GET", f"/polls/{poll['id']}/export/{query}", ann)) == (422, "invalid")


async def test_export_is_for_the_host_and_stands_in_the_history(rest: Rest) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    poll, private = await rest.poll(ann), await rest.poll(ann, is_public=False)
    for who in (bob, await rest.guest(poll), await rest.screen(poll, ann)):
        assert refused(await rest("GET", f"/polls/{poll['id']}/export/", who)) == (403, "forbidden")
    assert refused(await rest("GET", f"/polls/{private['id']}/export/", bob)) == (404, "poll_not_found")
    assert (await rest.get(f"/polls/{poll['id']}/audit/?action=export", ann))["count"] == 0
    await exported(rest, poll, admin)
    (row,) = (await rest.get(f"/polls/{poll['id']}/audit/?action=export", ann))["results"]
    assert (row["user"], row["details"]) == (admin.voter, {"epoch": 1, "format": "json"})


async def test_texts_that_look_like_formulas_do_not_run_in_a_spreadsheet(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "=1+1", '@SUM("A", 1)\nB')
    await rest.vote(ann, poll, 1)
    (row,) = await table(rest, poll, ann)
    assert row["options"] == '\'@SUM("A", 1)\nB'
    assert (await exported(rest, poll, ann))["options"][0]["option_text"] == "=1+1"


@pytest.mark.parametrize(("delimiter", "between"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
async def test_csv_is_utf8_with_its_mark_and_quotes_what_needs_it(rest: Rest, delimiter: str, between: str) -> None:
    ann = await rest.user()
    texts = ["Ärger", "a,b", "a;b", "a\tb", 'a "b" c', "b\nc", "c\r\nd", "-5", "007", "1-2", "=1+1", "☕️ 投票 שלום"]
    poll = await rest.poll(ann, *texts, votes_per_user=20)
    for n in range(len(texts)):
        await rest.vote(ann, poll, n)
    answer = await rest("GET", f"/polls/{poll['id']}/export/?format=csv&delimiter={delimiter}", ann)
    body = answer.content
    assert body.startswith(b"\xef\xbb\xbf" + between.join(["ballot", "option_ids", "options\r\n"]).encode())
    assert body.endswith(b"\r\n") and b"sep=" not in body
    head, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=between, strict=True)
    assert sorted(row[2] for row in rows) == sorted("'=1+1" if text == "=1+1" else text for text in texts)
    assert {len(row) for row in (head, *rows)} == {3}
