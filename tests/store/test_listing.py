"""Lists of polls: what a naive reading of all polls returns, of one moment, from indexes alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from nexus.domain.identity import Identity
from nexus.domain.poll import Status
from nexus.domain.rights import AccessRules, may_know
from nexus.store import listing
from nexus.store import listing_sql as sql
from nexus.store.database import Connection, Database, Raw, Row
from nexus.store.listing import Filter, list_polls
from nexus.store.rows import load
from nexus.store.searchable import fill_words
from tests.support.ballots import ADMIN, HOST, guest, make_poll, rows, voter

ORDERINGS: tuple[sql.Ordering, ...] = (
    "created_at",
    "-created_at",
    "expires_at",
    "-expires_at",
    "question",
    "-question",
)
WORDS = ("tea", "coffee", "milk", "soup", "absent")

# Few different values, so that `id` has to break ties.
FILL = """
INSERT INTO categories (name, name_key) SELECT 'Category ' || n, sha256(n::text::bytea) FROM generate_series(1, 5) n;
SELECT setseed({seed});
INSERT INTO polls (code, question, description, category_id, created_by, is_public, status, opens_at, expires_at,
                   closed_at, created_at)
SELECT 'C' || n, q || ' ' || n % 7, d, nullif(c, 0), 'user:' || h, p < 0.8, s,
       CASE s WHEN 'scheduled' THEN now() + interval '1 day' END,
       CASE WHEN e < 20 THEN now() + interval '2 days' + interval '1 day' * e END,
       CASE s WHEN 'closed' THEN now() END, '2030-01-01'::timestamptz + interval '1 hour' * (n / 4)
FROM (
    SELECT n, (ARRAY['tea', 'coffee', 'milk'])[ceil(random() * 3)] AS q,
           (ARRAY['', 'tea soup', 'coffee', 'milk'])[ceil(random() * 4)] AS d, floor(random() * 5)::integer AS c,
           1 + floor(random() * {hosts})::integer AS h, random() AS p, floor(random() * 40)::integer AS e,
           (ARRAY['draft', 'scheduled', 'open', 'open', 'closed'])[ceil(random() * 5)] AS s
    FROM generate_series(1, {polls}) n
) drawn;
INSERT INTO options (poll_id, option_text, position) SELECT id, text, 1 - n FROM polls,
    (VALUES ('Yes', 0), ('No', 1)) AS o (text, n);
INSERT INTO poll_members (poll_id, voter) SELECT id, 'user:' || 1 + n % 3 FROM polls, generate_series(0, 2) n
WHERE id % 7 = n OR (id + n) % 5 = 0;
"""

# Every third poll is part of an event, whose owner and privacy are its own; some drafts have been shown.
FILL_EVENTS = """
INSERT INTO events (code, title, description, created_by, is_public)
    SELECT 'E' || n, 'Show', '', 'user:' || 1 + n % 4, n % 3 > 0 FROM generate_series(1, 12) n;
UPDATE polls p SET code = NULL, event_id = e.id, created_by = e.created_by, is_public = e.is_public,
    position = p.id / 36, was_shown = p.id % 2 = 0
FROM events e WHERE p.id % 3 = 0 AND e.id = 1 + p.id / 3 % 12;
INSERT INTO event_hosts (event_id, voter) SELECT id, 'user:' || 1 + (id + 1) % 4 FROM events WHERE id % 2 = 0;
INSERT INTO event_members (event_id, voter) SELECT id, 'user:' || 1 + n FROM events, generate_series(0, 2) n
WHERE id % 3 = n;
"""

SCREEN = Identity("user:1", frozenset({"screen"}), frozenset({3, 4}), 4e9)
STRANGER = voter(1)
OTHER = Identity("user:3", frozenset({"user"}), None, 4e9)
PEOPLE = (HOST, OTHER, STRANGER, ADMIN, SCREEN, *(guest(n) for n in range(1, 8)))
OF_EVENTS = tuple(
    Identity(subject, frozenset({role}), None, 4e9, events=frozenset({event}))
    for event in range(1, 5)
    for subject, role in ((f"guest:{event}", "guest"), ("user:1", "screen"), ("user:9", "presenter"))
)
DELEGATES = tuple(
    Identity(subject, frozenset({"screen"}), frozenset({3, 4, 9}), 4e9, events=frozenset({event}), is_delegated=True)
    for event in range(1, 5)
    for subject in ("user:1", "user:2", "user:3")
)


async def fill(database: Database, *, polls: int, hosts: int = 4, seed: float = 0.5, events: bool = False) -> None:
    async with database.long_transaction() as connection:
        await connection.raw.execute(FILL.format(polls=polls, hosts=hosts, seed=seed))
        if events:
            await connection.raw.execute(FILL_EVENTS)
        await fill_words(connection, lambda line: None)
        await connection.raw.execute("ANALYZE")


class Reference:
    """All polls, and what of them a list must show: found by looking at each."""

    def __init__(self, found: Sequence[Row], members: set[tuple[object, ...]], hosts: set[tuple[object, ...]]) -> None:
        self._polls = found
        self._members = members
        self._hosts = hosts

    def ids(self, by: Identity, chosen: Filter) -> list[int]:
        column, falls = chosen.ordering.lstrip("-"), chosen.ordering.startswith("-")
        seen = [poll for poll in self._polls if self._is_seen(poll, by) and _matches(poll, by, chosen)]
        ended = [poll for poll in seen if column != "expires_at" or poll[column] is not None]
        endless = [poll for poll in seen if column == "expires_at" and poll[column] is None]
        ended.sort(key=lambda poll: (poll["place" if column == "question" else column], poll["id"]), reverse=falls)
        endless.sort(key=lambda poll: poll["id"], reverse=falls)
        return [poll["id"] for poll in ended + endless]

    def _is_seen(self, poll: Row, by: Identity) -> bool:
        event, hidden = poll["event_id"], poll["status"] == "draft"  # also one that its event has shown
        joined = ("poll", poll["id"], by.voter) in self._members or ("event", event, by.voter) in self._members
        hosts = frozenset({by.voter} if (event, by.voter) in self._hosts else ())
        rules = AccessRules(poll["created_by"], poll["is_public"], poll["id"], event, hosts, hidden)
        return may_know(by, rules, joined=joined)


def _matches(poll: Row, by: Identity, chosen: Filter) -> bool:
    text = f"{poll['code'] or ''} {poll['question']} {poll['description']} Yes No".lower().split()
    return (
        (chosen.status is None or poll["status"] == chosen.status)
        and (chosen.category is None or poll["category_id"] == chosen.category)
        and (not chosen.alone or poll["event_id"] is None)
        and (not chosen.mine or poll["created_by"] == by.voter)
        and all(any(one.startswith(word) for one in text) for word in chosen.search.lower().split())
    )


async def reference(database: Database) -> Reference:
    async with database.read() as connection:
        # The place of a question among all is the database's to say: it has the collation.
        found = await connection.raw.fetch("SELECT *, rank() OVER (ORDER BY question) AS place FROM polls")
    members = await rows(
        database,
        "SELECT 'poll', poll_id, voter FROM poll_members UNION ALL SELECT 'event', event_id, voter FROM event_members",
    )
    return Reference(found, set(members), set(await rows(database, "SELECT event_id, voter FROM event_hosts")))


def drawn(draw: random.Random) -> Filter:
    return Filter(
        status=draw.choice([None, None, *Status]),
        category=draw.choice([None, None, None, 0, 1, 2, 5]),
        mine=draw.random() < 0.2,
        alone=draw.random() < 0.3,
        search=draw.choice(["", "", *WORDS, " ", "TEA mil", "soup tea coffee", "y", "yes c1", "c2"]),
        ordering=draw.choice(ORDERINGS),
    )


@pytest.mark.parametrize("collected", [0, listing.COLLECTED])
async def test_lists_are_what_looking_at_each_poll_finds(
    database: Database, monkeypatch: pytest.MonkeyPatch, collected: int
) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    await fill(database, polls=300, seed=draw.random(), events=True)
    monkeypatch.setattr(listing, "COLLECTED", collected)
    expected = await reference(database)
    for _ in range(400):
        by, chosen = draw.choice(PEOPLE + OF_EVENTS + DELEGATES), drawn(draw)
        ids = expected.ids(by, chosen)
        limit, offset = draw.choice([1, 7, 20, 100]), draw.randrange(len(ids) + 5)
        count, found = await list_polls(database, by, chosen, limit=limit, offset=offset)
        asked = (seed, by.voter, by.polls, by.events, chosen, limit, offset)
        assert count == len(ids), asked
        assert [poll.id for poll in found] == ids[offset : offset + limit], asked


@pytest.mark.parametrize("ordering", ORDERINGS)
async def test_pages_show_each_poll_once(database: Database, ordering: sql.Ordering) -> None:
    await fill(database, polls=100)
    expected = (await reference(database)).ids(HOST, Filter(ordering=ordering))
    seen: list[int] = []
    for offset in range(0, 105, 7):
        _, found = await list_polls(database, HOST, Filter(ordering=ordering), limit=7, offset=offset)
        assert all([option.option_text for option in poll.options] == ["No", "Yes"] for poll in found)
        seen += [poll.id for poll in found]
    assert seen == expected
    assert len(seen) > 50


async def test_a_page_beyond_every_number_is_empty(database: Database) -> None:
    await fill(database, polls=10)
    count, found = await list_polls(database, ADMIN, Filter(), limit=100, offset=10**11)
    assert (count, found) == (10, [])


class Recorder:
    """A connection that writes down what it is asked."""

    def __init__(self, raw: Raw, asked: list[tuple[str, tuple[object, ...]]]) -> None:
        self._raw = raw
        self._asked = asked

    async def execute(self, query: str, *args: object) -> str:
        self._asked.append((query, args))
        return await self._raw.execute(query, *args)

    async def fetch(self, query: str, *args: object) -> Sequence[Row]:
        self._asked.append((query, args))
        return await self._raw.fetch(query, *args)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...]]]:
    """Every statement asked of the database from now on, with its values."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    raw: Callable[[Connection], Raw] = Connection.raw.fget  # type: ignore[attr-defined]
    by_name = Connection.all

    async def named(self: Connection, sql: str, **values: object) -> list[Row]:
        asked.append((sql, ()))
        return await by_name(self, sql, **values)

    monkeypatch.setattr(Connection, "raw", property(lambda self: Recorder(raw(self), asked)))
    monkeypatch.setattr(Connection, "all", named)
    return asked


@pytest.mark.parametrize("by", [HOST, STRANGER, ADMIN, guest(2), SCREEN])
async def test_as_many_statements_whatever_the_size_of_a_page(
    database: Database, asked: list[tuple[str, tuple[object, ...]]], by: Identity
) -> None:
    await fill(database, polls=300)
    numbers = set()
    for limit in (1, 20, 100):
        asked.clear()
        await list_polls(database, by, Filter(), limit=limit, offset=0)
        numbers.add(len(asked))
    assert len(numbers) == 1
    assert numbers <= {6, 7}  # begin, one count or two, page, sizes, polls, commit


CHOSEN = (
    *(Filter(ordering=ordering) for ordering in ORDERINGS),
    *(Filter(status=status, ordering="question") for status in Status),
    Filter(category=2),
    Filter(category=2, status=Status.OPEN, ordering="-expires_at"),
    Filter(mine=True),
    Filter(mine=True, alone=True),
    Filter(alone=True, ordering="question"),
    Filter(alone=True, status=Status.OPEN, category=1),
    Filter(mine=True, status=Status.CLOSED, ordering="question"),
    *(Filter(search=words) for words in ("tea", "tea soup", "absent", "t", "t s c m y n")),
    Filter(search="milk", mine=True, category=1, ordering="expires_at"),
)


@pytest.mark.parametrize("collected", [0, listing.COLLECTED])
async def test_no_list_reads_all_polls(
    database: Database,
    asked: list[tuple[str, tuple[object, ...]]],
    monkeypatch: pytest.MonkeyPatch,
    collected: int,
) -> None:
    await fill(database, polls=20_000, hosts=400)
    monkeypatch.setattr(listing, "COLLECTED", collected)
    asked.clear()
    for by in (HOST, STRANGER, ADMIN, guest(2)):
        for chosen in CHOSEN:
            for offset in (0, 5_000):
                await list_polls(database, by, chosen, limit=20, offset=offset)
    statements = {query: args for query, args in asked if query.lstrip().startswith(("SELECT", "WITH")) and args}
    assert len(statements) > 30
    async with database.transaction(sql.PLANS) as connection:
        for query, args in statements.items():
            plan = await explained(connection.raw, query, args)
            assert "Seq Scan on polls" not in plan, plan
            if not query.lstrip().startswith("WITH"):
                assert "Sort Key" not in plan, plan


async def explained(raw: Raw, query: str, args: Sequence[object]) -> str:
    """The plan of a statement for any values."""
    values = ", ".join(literal(value) for value in args)
    await raw.execute(f"PREPARE listed AS {query}")
    plan = await raw.fetch(f"EXPLAIN EXECUTE listed({values})")
    await raw.execute("DEALLOCATE listed")
    return "\n".join([query, *(line[0] for line in plan)])  # type: ignore[index]


def literal(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return (
        f"'{{{','.join(map(str, value))}}}'"
        if isinstance(value, list)
        else "'{}'".format(str(value).replace("'", "''"))
    )


async def test_a_list_is_of_one_moment(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = await make_poll(database)

    async def hidden_meanwhile(connection: Connection, polls: list[int]) -> dict[int, Any]:
        async with database.transaction() as other:
            await other.run("UPDATE polls SET is_public = false, question = 'Secret' WHERE id = :id", id=poll.id)
        return await load(connection, polls)

    monkeypatch.setattr(listing, "load", hidden_meanwhile)
    _, found = await list_polls(database, STRANGER, Filter(), limit=20, offset=0)
    assert [one.question for one in found] == [poll.question]
    assert await list_polls(database, STRANGER, Filter(), limit=20, offset=0) == (0, [])


VOTED = {"version", "retractions", "voters", "ballots"}
"""The columns of a poll that a vote writes."""


async def test_no_index_of_polls_holds_what_a_vote_changes(database: Database) -> None:
    found = await rows(
        database,
        "SELECT DISTINCT a.attname::text FROM pg_index i JOIN pg_depend d ON d.objid = i.indexrelid "
        "AND d.classid = 'pg_class'::regclass AND d.refobjid = i.indrelid "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid "
        "WHERE i.indrelid = 'polls'::regclass",
    )
    indexed = {name for (name,) in found}
    assert {"created_at", "status", "words"} <= indexed
    assert not indexed & VOTED


async def test_longest_question_can_be_listed(database: Database) -> None:
    question = "".join(chr(0x10000 + n * 7919 % 0x20000) for n in range(500))
    async with database.transaction() as connection:
        await connection.run(
            "INSERT INTO polls (code, question, created_by, status) VALUES ('LONG', :question, :host, 'open')",
            question=question,
            host="ext:" + "".join(chr(0x10000 + n * 6_007) for n in range(100)) + "x" * 150,
        )
    _, (poll,) = await list_polls(database, STRANGER, Filter(ordering="question"), limit=1, offset=0)
    assert poll.question == question
