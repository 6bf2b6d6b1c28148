"""Lists of polls: pages, filters and orderings."""

from urllib.parse import parse_qs, urlsplit

from nexus.store.database import Database
from tests.support.events import event_of, new_poll
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json


async def questions(rest: Rest, who: Person, query: str = "") -> list[str]:
    listed = await rest.get(f"/polls/?{query}", who)
    return [poll["question"] for poll in listed["results"]]


async def test_pages_lead_through_the_whole_list(rest: Rest) -> None:
    ann = await rest.user()
    ids = [(await rest.poll(ann))["id"] for _ in range(5)][::-1]
    page = await rest.get("/polls/?page_size=2&ordering=-created_at", ann)
    seen: list[Json] = []
    pages = 0
    while True:
        seen += page["results"]
        pages += 1
        assert page["count"] == 5
        if page["next"] is None:
            break
        back = page["next"]
        page = await rest.get(back, ann)
        assert parse_qs(urlsplit(page["previous"]).query)["page"] == [str(pages)]
    assert [poll["id"] for poll in seen] == ids
    assert (pages, back) == (3, "http://nexus.test/polls/?page_size=2&ordering=-created_at&page=3")
    assert (await rest.get("/polls/", ann))["previous"] is None
    beyond = await rest.get("/polls/?page=9", ann)
    assert (beyond["count"], beyond["results"], beyond["next"]) == (5, [], None)


async def test_a_host_header_that_fits_into_no_url_is_in_no_link(rest: Rest) -> None:
    ann = await rest.user()
    await rest.poll(ann)
    await rest.poll(ann)
    answer = await rest("GET", "/polls/?page_size=1", ann, headers={"Host": "[oops"})
    assert answer.json()["next"] == "http://nexus.test/polls/?page_size=1&page=2"


async def test_a_page_has_at_most_a_hundred(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    await rest.poll(ann)
    async with database.transaction() as connection:
        await connection.run(
            "INSERT INTO polls (code, question, created_by, status) "
            "SELECT 'C' || n, 'Q' || n, 'user:1', 'open' FROM generate_series(1, 120) n"
        )
    assert len((await rest.get("/polls/", ann))["results"]) == 20
    for size in (100, 101, 10**9):
        page = await rest.get(f"/polls/?page_size={size}", ann)
        assert (page["count"], len(page["results"])) == (121, 100)


BAD_QUERIES = [
    ("page=0", "page"),
    ("page=-1", "page"),
    ("page=x", "page"),
    ("page=1.5", "page"),
    (f"page={10**30}", "page"),
    ("page_size=0", "page_size"),
    ("page_size=x", "page_size"),
    ("status=gone", "status"),
    ("category=x", "category"),
    ("category=null", "category"),
    ("status=null", "status"),
    ("created_by=user:1", "created_by"),
    ("event=null", "event"),
    ("event=1", "event"),
    ("ordering=id", "ordering"),
    ("ordering=created_at;drop", "ordering"),
    ("search=a%00b", "search"),
    (f"search={'x' * 201}", "search"),
]


async def test_bad_query_names_its_field(rest: Rest) -> None:
    ann = await rest.user()
    for query, field in BAD_QUERIES:
        answer = await rest("GET", f"/polls/?{query}", ann)
        assert refused(answer) == (422, "invalid"), query
        assert [error["field"] for error in answer.json()["errors"]] == [field], query


QUERIES = [
    ("status=closed", "C"),
    ("status=open", "AB"),
    ("status=draft", "D"),
    ("category=1", "B"),
    ("category=2", ""),
    ("category=0", ""),
    (f"category={10**30}", ""),
    (f"category=-{10**30}", ""),
    ("created_by=me", "DCB"),
    ("created_by=me&status=closed", "C"),
    ("event=none", "DCAB"),
    ("event=none&created_by=me", "DCB"),
    ("event=none&search=today%20pie", "A"),
    ("search=TODAY", "AB"),
    ("search=today%20pie", "A"),
    ("search=%25", ""),
    ("search=':*%26!", ""),
    ("ordering=question", "ABCD"),
    ("ordering=-question", "DCBA"),
    ("ordering=created_at", "BACD"),
    ("ordering=-created_at", "DCAB"),
    ("ordering=expires_at", "ABCD"),
    ("ordering=-expires_at", "BADC"),
    ("status=&category=&created_by=&event=&search=&ordering=&page=&page_size=&other=1", "DCAB"),
    ("", "DCAB"),
]
"""Queries, and the initials of the questions they find."""


async def test_filters_and_orderings(rest: Rest, database: Database) -> None:
    ann, bob = await rest.user(), await rest.user()
    async with database.transaction() as connection:
        await connection.run("INSERT INTO categories (name, name_key) VALUES ('Food', sha256('food'))")
    await rest.poll(ann, question="Banana bread today", category=1, expires_at="2099-02-01T00:00:00Z")
    await rest.poll(bob, question="Apple pie", description="made today", expires_at="2099-01-01T00:00:00Z")
    cherry = await rest.poll(ann, question="Cherry cake")
    await rest("POST", f"/polls/{cherry['id']}/close/", ann)
    await rest.poll(ann, question="Draft", status="draft")
    for query, expected in QUERIES:
        found = await questions(rest, ann, query)
        assert "".join(question[0] for question in found) == expected, query
    assert await questions(rest, bob) == ["Cherry cake", "Apple pie", "Banana bread today"]


async def test_polls_that_stand_alone_are_listed_without_those_of_events(rest: Rest) -> None:
    ann, eve = await rest.user(), await rest.user()
    await event_of(rest, ann, "Show", new_poll("In an event?"))
    await rest.poll(ann, question="Alone?")
    for who, all_of_them in ((ann, ["Alone?", "In an event?"]), (eve, ["Alone?"])):
        assert await questions(rest, who, "event=") == all_of_them
        listed = await rest.get("/polls/?event=none&page_size=1", who)
        assert (listed["count"], [poll["question"] for poll in listed["results"]]) == (1, ["Alone?"])
        assert listed["next"] is None
