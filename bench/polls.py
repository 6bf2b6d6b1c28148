"""Lists of 100,000 polls with 400,000 options and 2 million votes: how long each call takes on one worker.

    scripts/bench polls [--calls 100] [--explain]

Each kind of call is made over one connection with varied parameters, first on a vacuumed database, then after votes in
half of the open polls, which leave no page of theirs known to be visible to all. "Cold" are calls that come so late
that no count is kept any more.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import random
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import asyncpg

from bench.server import Running, serving
from nexus.domain.identity import Identity
from nexus.domain.poll import Status
from nexus.store import listing_sql
from nexus.store.database import Database
from nexus.store.listing_sql import Filter
from nexus.store.searchable import fill_words

POLLS = 100_000
OPTIONS = 4
BIG_POLL = 50_000
BIG_BALLOTS = 500_000
HOSTS = 2_000
CATEGORIES = 50
WORDS = 5_000

FILL: tuple[tuple[str, str], ...] = (
    (
        "hosts and categories",
        f"""
        SELECT setseed(0.42);
        INSERT INTO users (id, username, name_key, password_hash) OVERRIDING SYSTEM VALUE
        SELECT n, 'host' || n, sha256(('host' || n)::bytea), 'none' FROM generate_series(1, {HOSTS}) n;
        INSERT INTO categories (id, name, name_key) OVERRIDING SYSTEM VALUE
        SELECT n, 'Category ' || n, sha256(('category ' || n)::bytea) FROM generate_series(1, {CATEGORIES}) n;
        """,
    ),
    (
        # The word of rank r is met about 1/r times as often as the first one, as in a language.
        "texts",
        f"""
        CREATE TEMPORARY TABLE texts AS
        SELECT poll, string_agg(word, ' ') FILTER (WHERE n <= 8) AS question,
               coalesce(string_agg(word, ' ') FILTER (WHERE n > 8), '') AS description
        FROM (
            SELECT poll, n, pg_temp.word(floor({WORDS} ^ random())::integer) AS word
            FROM generate_series(1, {POLLS}) poll, generate_series(1, 8 + poll % 13) n
        ) w GROUP BY poll;
        """,
    ),
    (
        "polls",
        f"""
        CREATE TEMPORARY TABLE plans AS
        SELECT poll, 1 + floor({HOSTS} * random() ^ 2)::integer AS host, random() AS kind, random() >= 0.1 AS is_public,
               CASE WHEN random() < 0.9 THEN 1 + floor({CATEGORIES} * random() ^ 2)::integer END AS category,
               now() - ({POLLS} - poll + random()) * interval '10 minutes' AS created_at,
               random() < 0.5 AS ends, random() AS lasts,
               CASE poll WHEN {BIG_POLL} THEN {BIG_BALLOTS} ELSE floor(-17.2 * ln(1 - random()))::integer END AS ballots
        FROM generate_series(1, {POLLS}) poll;
        UPDATE plans SET kind = 0.5, is_public = true WHERE poll = {BIG_POLL};
        UPDATE plans SET ballots = 0 WHERE kind < 0.1;
        ANALYZE plans;
        INSERT INTO polls (id, code, question, description, category_id, created_by, is_public, status, opens_at,
                           expires_at, closed_at, results, version, voters, ballots, created_at, updated_at)
        OVERRIDING SYSTEM VALUE
        SELECT p.poll, lpad(upper(to_hex(p.poll)), 6, 'X'), t.question, t.description, p.category, 'user:' || p.host,
               p.is_public, CASE WHEN kind < 0.05 THEN 'draft' WHEN kind < 0.1 THEN 'scheduled'
                                 WHEN kind < 0.6 THEN 'open' ELSE 'closed' END,
               CASE WHEN kind >= 0.05 AND kind < 0.1 THEN now() + interval '1 day' * (1 + 9 * lasts) END,
               CASE WHEN ends AND kind < 0.6 THEN now() + interval '1 day' * (20 + 300 * lasts)
                    WHEN ends THEN p.created_at + interval '1 day' * 30 * lasts END,
               CASE WHEN kind >= 0.6 THEN p.created_at + interval '1 day' * 30 * lasts END,
               (ARRAY['live', 'live', 'after_vote', 'after_close', 'host'])[1 + p.poll % 5],
               1 + p.ballots, p.ballots, p.ballots, p.created_at, p.created_at
        FROM plans p JOIN texts t USING (poll) ORDER BY p.poll;
        """,
    ),
    (
        "votes",
        f"""
        INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
        SELECT p.poll, 1, 'user:' || n * 10 + p.poll % 10, '00000000-0000-0000-0000-000000000000', gen_random_uuid(),
               ARRAY[{OPTIONS} * (p.poll - 1) + 1 + floor({OPTIONS} * random() ^ 2)::bigint],
               p.created_at + n * interval '10 ms'
        FROM plans p, generate_series(1, p.ballots) n ORDER BY p.poll;
        """,
    ),
    (
        "acts",
        """
        INSERT INTO acts (poll_id, voter, op, act, choices, outcome, epoch, version, at)
        SELECT poll_id, voter, op, 'vote', choices, 'recorded', 1,
               1 + row_number() OVER (PARTITION BY poll_id), cast_at FROM votes;
        """,
    ),
    (
        "options",
        f"""
        CREATE TEMPORARY TABLE counts AS
        SELECT choices[1] AS option, count(*) AS votes FROM votes GROUP BY 1;
        ANALYZE counts;
        INSERT INTO options (id, poll_id, option_text, position, votes_count) OVERRIDING SYSTEM VALUE
        SELECT o, (o - 1) / {OPTIONS} + 1, 'Option ' || o, (o - 1) % {OPTIONS}, coalesce(c.votes, 0)
        FROM generate_series(1, {POLLS * OPTIONS}) o LEFT JOIN counts c ON c.option = o ORDER BY o;
        """,
    ),
    (
        "members",
        """
        INSERT INTO poll_members (poll_id, voter)
        SELECT p.id, 'user:' || 1 + (p.id * 7 + n * 131) % 2000 FROM polls p, generate_series(0, 4) n
        WHERE NOT p.is_public OR p.id % 50 = 0;
        """,
    ),
    (
        "numbers",
        """
        SELECT setval(pg_get_serial_sequence(t, 'id'), n) FROM (VALUES ('users', (SELECT max(id) FROM users)),
            ('categories', (SELECT max(id) FROM categories)), ('polls', (SELECT max(id) FROM polls)),
            ('options', (SELECT max(id) FROM options))) AS s (t, n);
        """,
    ),
)

SYLLABLES = "ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo"

WORD = f"""
CREATE FUNCTION pg_temp.word(rank integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT s[1 + rank % 20] || s[1 + rank / 20 % 20] || CASE WHEN rank >= 400 THEN s[1 + rank / 400] ELSE '' END
    FROM (SELECT string_to_array('{SYLLABLES}', ' ')) AS t (s)
$$
"""

VOTES = """
ALTER TABLE polls SET (autovacuum_enabled = off);
CREATE TEMPORARY TABLE fresh AS
SELECT p.id AS poll, gen_random_uuid() AS op, (SELECT min(o.id) FROM options o WHERE o.poll_id = p.id) AS option,
       p.version + 1 AS version
FROM polls p WHERE p.status = 'open' AND p.id % 2 = 0;
INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
SELECT poll, 1, 'user:9999999', '00000000-0000-0000-0000-000000000000', op, ARRAY[option], now() FROM fresh;
INSERT INTO acts (poll_id, voter, op, act, choices, outcome, epoch, version, at)
SELECT poll, 'user:9999999', op, 'vote', ARRAY[option], 'recorded', 1, version, now() FROM fresh;
UPDATE options o SET votes_count = votes_count + 1 FROM fresh f WHERE o.id = f.option;
UPDATE polls p SET version = f.version, voters = voters + 1, ballots = ballots + 1 FROM fresh f WHERE p.id = f.poll;
ANALYZE;
"""
"""One more ballot in every second open poll, with all that a ballot writes. Nothing vacuums the polls from now on:
votes spread over time leave nothing to collect, so autovacuum would not come either."""


async def run(url: str, parts: Sequence[tuple[str, str]]) -> None:
    """Run SQL part by part, and say how long each took."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off; SET work_mem = '256MB'; SET jit = off")
        await connection.execute(WORD)
        for name, sql in parts:
            began = time.perf_counter()
            await connection.execute(sql)
            print(f"  {name:24}{time.perf_counter() - began:6.1f} s", flush=True)
    finally:
        await connection.close()


async def make_searchable(url: str) -> None:
    """Fill the column of words, as `nexus migrate` does, and say how long that took."""
    database, began = Database(url), time.perf_counter()
    await database.connect()
    async with database.long_transaction() as connection:
        await fill_words(connection, lambda line: None)
    await database.close()
    print(f"  {'words':24}{time.perf_counter() - began:6.1f} s", flush=True)


@dataclass(frozen=True)
class Person:
    """Somebody who asks for lists."""

    name: str
    by: Identity
    token: str


def people(running: Running) -> list[Person]:
    """A voter with some polls, drafts and joined private polls; the host with most polls; an admin; a guest."""

    def person(name: str, voter: str, *roles: str, polls: frozenset[int] | None = None) -> Person:
        token = running.tokens.access(voter, roles, polls=polls)
        return Person(name, Identity(voter, frozenset(roles), polls, 4e9), token)

    return [
        person("voter", "user:1301", "user"),
        person("host", "user:1", "user"),
        person("admin", "user:2", "user", "admin"),
        person("guest", f"guest:{uuid.UUID(int=1)}", "guest", polls=frozenset((BIG_POLL,))),
    ]


WORDS_OF = {"rare": (2000, 4999), "medium": (100, 500), "common": (5, 20), "commonest": (1, 1)}
"""Ranks of words: in some 50, 300, 10,000 and 68,000 polls."""


def word(rank: int) -> str:
    """The word of a rank, as `pg_temp.word` has it."""
    parts = SYLLABLES.split()
    tail = parts[rank // 400] if rank >= 400 else ""
    return parts[rank % 20] + parts[rank // 20 % 20] + tail


def lists() -> Iterator[tuple[str, Callable[[random.Random], dict[str, object]]]]:
    """Each kind of list, and how to draw its query."""
    yield "first pages", lambda r: {"page": r.randint(1, 5)}
    yield "first pages of 100", lambda r: {"page": r.randint(1, 5), "page_size": 100}
    yield "page 1000", lambda r: {"page": 1000 + r.randint(-5, 5)}
    yield "any page", lambda r: {"page": r.randint(1, 4200)}
    yield "any page of 100", lambda r: {"page": r.randint(1, 840), "page_size": 100}
    yield "status", lambda r: {"status": r.choice(["draft", "scheduled", "open", "closed"]), "page": r.randint(1, 3)}
    yield "category", lambda r: {"category": r.randint(1, CATEGORIES), "page": r.randint(1, 3)}
    yield "created_by=me", lambda r: {"created_by": "me", "ordering": r.choice(ORDERINGS)}
    for ordering in ORDERINGS:
        yield f"by {ordering}, any page", lambda r, by=ordering: {"ordering": by, "page": r.randint(1, 4200)}  # type: ignore[misc]
    for kind, (low, high) in WORDS_OF.items():
        yield f"{kind} word", lambda r, low=low, high=high: {"search": word(r.randint(low, high))}  # type: ignore[misc]
    for n in (1, 2, 3):
        yield f"{n} letters", lambda r, n=n: {"search": word(r.randint(1, 400))[:n]}  # type: ignore[misc]
    yield "six beginnings", lambda r: {"search": " ".join(word(r.randint(1, 400))[:3] for _ in range(6))}
    yield "two words", lambda r: {"search": f"{word(r.randint(1, 20))} {word(r.randint(20, 400))}"}
    yield "common word, deep", lambda r: {"search": word(r.randint(5, 20)), "page": r.randint(100, 300)}
    yield "commonest word, deep", lambda r: {"search": word(1), "page": r.randint(500, 2500)}


ORDERINGS = ("created_at", "-created_at", "expires_at", "-expires_at", "question", "-question")


class Caller:
    """One connection to the server."""

    def __init__(self, running: Running) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=600)

    def get(self, path: str, token: str) -> tuple[int, float]:
        """The status, and how many ms the whole answer took."""
        began = time.perf_counter()
        answer = self.open(path, token)
        answer.read()
        return answer.status, (time.perf_counter() - began) * 1000

    def open(self, path: str, token: str) -> http.client.HTTPResponse:
        """The answer, its body unread."""
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return self._connection.getresponse()


def line(name: str, took: Sequence[float]) -> None:
    """Print one row of the table."""
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20, method="inclusive")[18]
    mark = "  over 50 ms" if p95 > 50 else ""
    print(f"  {name:44}{p50:8.1f}{p95:8.1f}{max(took):8.1f}{mark}", flush=True)


def measure(caller: Caller, somebody: Sequence[Person], calls: int) -> None:
    """Every kind of call, `calls` times."""
    draw = random.Random(7)
    print(f"  {'ms':44}{'p50':>8}{'p95':>8}{'max':>8}")
    for person in somebody:
        for name, query in lists():
            paths = [f"/polls/?{urlencode(query(draw))}" for _ in range(calls)]
            repeat(caller, f"{person.name}: {name}", person, paths)
    voter = somebody[0]
    public = [4 * n for n in range(1, POLLS // 4)]
    for path in ("/polls/{}/", "/polls/{}/results/"):
        repeat(caller, f"voter: GET {path}", voter, [path.format(draw.choice(public)) for _ in range(calls)])
    admin = next(person for person in somebody if person.name == "admin")
    repeat(caller, "admin: GET /categories/", admin, ["/categories/"] * calls)
    for path in ("/audit/", f"/polls/{BIG_POLL}/audit/"):
        repeat(caller, f"admin: GET {path}", admin, [path] * min(calls, 10))


def repeat(caller: Caller, name: str, person: Person, paths: Sequence[str]) -> None:
    """Call each path, and print what it took; a path that is not there says so."""
    answers = [caller.get(path, person.token) for path in paths]
    statuses = {status for status, _ in answers}
    if 200 not in statuses:
        print(f"  {name:44}not there: {sorted(statuses)}")
        return
    line(name, [took for status, took in answers if status == 200])


def measure_cold(caller: Caller, somebody: Sequence[Person], rounds: int) -> None:
    """Lists whose counts nobody asked for in the last 2 s."""
    queries = ["", "?status=open", "?category=1", "?page=1000", f"?search={word(10)}", f"?search={word(1)}"]
    asking = [person for person in somebody if person.name in ("voter", "admin")]
    cold: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for query in queries:
            time.sleep(2.0 if query in ("", "?page=1000") else 0.0)  # these two ask for the same count
            for person in asking:
                _, took = caller.get(f"/polls/{query}", person.token)
                cold.setdefault((person.name, query), []).append(took)
    for (name, query), times in sorted(cold.items()):
        line(f"{name}, cold: {query or 'first page'}", times)


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """MB of memory of a process and its children, sampled while the `with` runs; the first before it began."""
    samples, done = [_memory(pid)], threading.Event()

    def sample() -> None:
        while not done.wait(0.02):
            samples.append(_memory(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def _memory(pid: int) -> float:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in (pid, *children))
    return pages * 4096 / 1e6


def export(caller: Caller, running: Running, admin: Person, kind: str) -> None:
    """Fetch the ballots of the big poll, and print time and memory."""
    with watched(running.process.pid) as memory:
        began = time.perf_counter()
        answer = caller.open(f"/polls/{BIG_POLL}/export/?format={kind}", admin.token)
        size = len(answer.read(1))
        first = time.perf_counter() - began
        while part := answer.read(1 << 16):
            size += len(part)
        took = time.perf_counter() - began
    if answer.status != 200:
        print(f"  export as {kind}: not there ({answer.status})")
        return
    print(
        f"  export as {kind} of {BIG_BALLOTS:,} ballots: first byte {first:.2f} s, all {took:.1f} s, "
        f"{size / 1e6:.1f} MB; memory {memory[0]:.0f} MB, at most {max(memory):.0f} MB"
    )


async def explain(url: str, somebody: Sequence[Person]) -> None:
    """Print EXPLAIN of what lists ask, with plans as the server makes them."""
    connection = await asyncpg.connect(url)
    chosen = {
        "no filter": Filter(),
        "status": Filter(status=Status.OPEN),
        "category by question": Filter(category=40, ordering="question"),
        "created_by=me by question": Filter(mine=True, ordering="question"),
        "search": Filter(search=word(300)),
    }
    for person in somebody:
        for name, one in chosen.items():
            walk = not (one.mine or one.search or person.by.polls)
            page = listing_sql.page(person.by, one, walk=walk, back=False, limit=20, offset=20_000 if walk else 0)
            for statement in (*listing_sql.counts(person.by, one), page):
                print(f"\n{person.name}, {name}: {statement.sql}")
                for row in await plan(connection, statement):
                    print(f"    {row}")
    await connection.close()


async def plan(connection: asyncpg.Connection, statement: listing_sql.Statement) -> list[str]:
    """EXPLAIN (ANALYZE, BUFFERS) of a statement's generic plan."""
    async with connection.transaction():
        await connection.execute(f"{listing_sql.PLANS}; PREPARE listed AS {statement.sql}")
        values = ", ".join(_literal(value) for value in statement.values)
        rows = await connection.fetch(
            f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) EXECUTE listed{f'({values})' if values else ''}"
        )
        await connection.execute("DEALLOCATE listed")
    return [row[0] for row in rows]


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    text = f"{{{','.join(map(str, value))}}}" if isinstance(value, list) else str(value)
    return "'{}'".format(text.replace("'", "''"))


def main() -> int:
    """Fill, measure, and print what was seen."""
    parser = argparse.ArgumentParser(prog="scripts/bench polls", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=100, help="calls of each kind")
    parser.add_argument("--explain", action="store_true", help="print the plans of the statements too")
    arguments = parser.parse_args()
    with serving() as running:
        print(f"filling {POLLS:,} polls, {POLLS * OPTIONS:,} options, about 2,000,000 votes")
        asyncio.run(run(running.database_url, FILL))
        asyncio.run(make_searchable(running.database_url))
        asyncio.run(run(running.database_url, [("vacuum", "VACUUM ANALYZE")]))
        somebody, caller = people(running), Caller(running)
        for state in ("vacuumed", "after votes"):
            if state == "after votes":
                asyncio.run(run(running.database_url, [("a vote in 25,000 polls", VOTES)]))
            print(f"\n{state}:")
            measure(caller, somebody, arguments.calls)
            measure_cold(caller, somebody, rounds=10)
            if arguments.explain:
                asyncio.run(explain(running.database_url, somebody))
        print()
        asyncio.run(run(running.database_url, [("vacuum of polls", "VACUUM polls")]))
        for kind in ("csv", "json"):
            export(caller, running, next(person for person in somebody if person.name == "admin"), kind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
