"""What the tests of the REST edge share: the real services on a real database, and people who call them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware

from nexus.access.code_entry import CodeEntry
from nexus.access.forwarded import TrustedHops
from nexus.access.gate import Gate
from nexus.access.identifier import Identifier
from nexus.access.limits import Caps, by_minute
from nexus.access.oidc.logins import OidcLogins
from nexus.access.oidc.provider import Provider
from nexus.access.oidc.returning import Returning
from nexus.access.origins import Origins
from nexus.access.passwords import Passwords
from nexus.access.tokens import Tokens
from nexus.branding.looks import Looks
from nexus.bus import News
from nexus.bus.local import LocalBus
from nexus.domain.ballot import Ballot
from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.api.routes import routes
from nexus.http.dependencies import Rates, RestServices
from nexus.http.framework.arrival import Arrival
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.http.framework.static import WEB
from nexus.http.framework.words import Words
from nexus.runtime.metrics import Metrics
from nexus.settings import Settings
from nexus.store import accounts, voting
from nexus.store.database import Database
from nexus.store.listing_counts import Counts
from nexus.voting.ballot_box import BallotBox, Recorded
from nexus.voting.estates import Estates
from nexus.voting.tallies import Tallies
from tests.support.documented import documented
from tests.support.values import Json

KEY = b"0123456789abcdef" * 4
TABLES = (
    "users",
    "invitations",
    "deleted_users",
    "refresh_tokens",
    "categories",
    "codes",
    "events",
    "event_hosts",
    "event_members",
    "polls",
    "poll_members",
    "options",
    "rounds",
    "votes",
    "acts",
    "audit_log",
    "brands",
    "logos",
)


@dataclass(frozen=True)
class Person:
    """Somebody with a token; without one, nobody in particular."""

    voter: str = ""
    token: str = ""
    name: str = ""


NOBODY = Person()


@dataclass
class Rest:
    """A served application, and hands to call it with."""

    services: RestServices
    client: httpx.AsyncClient
    told: list[News]
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def user(self, *, admin: bool = False) -> Person:
        """A registered user, whose password nobody knows."""
        name = f"user{next(self.numbers)}"
        user = await accounts.add(self.services.database, name, None, "none", admin=admin)
        return Person(user.subject, self.services.tokens.access(user.subject, user.roles), name)

    async def guest(self, poll: Json) -> Person:
        """A guest of a poll."""
        answer = await self("POST", "/auth/guest/", json={"code": poll["code"]})
        assert answer.status_code == 201, answer.text
        return Person(answer.json()["voter"], answer.json()["access"])

    async def screen(self, poll: Json, host: Person) -> Person:
        """A screen of a poll."""
        answer = await self("POST", f"/polls/{poll['id']}/screen/", host)
        assert answer.status_code == 201, answer.text
        return Person(host.voter, answer.json()["access"])

    async def poll(self, host: Person, *options: str, **fields: object) -> Json:
        """A new poll of `host`."""
        texts = options or ("Yes", "No")
        body = {"question": "Well?", "options": [{"option_text": text} for text in texts], **fields}
        answer = await self("POST", "/polls/", host, json=body)
        assert answer.status_code == 201, answer.text
        created: Json = answer.json()
        return created

    async def vote(self, who: Person, poll: Json, *places: int, op: str = "") -> Json:
        """A ballot of `who` for the options at `places`, which must be taken."""
        body = {"options": [poll["options"][place]["id"] for place in places or (0,)]}
        answer = await self("POST", f"/polls/{poll['id']}/vote/", who, json=body, op=op)
        assert answer.status_code in (200, 201), answer.text
        receipt: Json = answer.json()
        return receipt

    async def __call__(
        self,
        method: str,
        path: str,
        who: Person = NOBODY,
        *,
        op: str = "",
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Call one path as `who`; every answer is checked for what all of them promise, and must be documented."""
        sent = dict(headers or {})
        if who.token:
            sent.setdefault("Authorization", f"Bearer {who.token}")
        if op:
            sent["Idempotency-Key"] = op
        answer = await self.client.request(method, path, headers=sent, json=json, content=content)
        assert answer.headers["x-request-id"]
        if answer.status_code >= 400:
            check_problem(answer)
        documented().check(method, answer.request.url.path, answer)
        return answer

    async def get(self, path: str, who: Person = NOBODY) -> Json:
        """What a path holds for `who`, which must be there."""
        answer = await self("GET", path, who)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def dump(self) -> dict[str, Sequence[str]]:
        """Every row of every table."""
        async with self.services.database.read() as connection:
            return {
                table: [row["t"] for row in await connection.all(f"SELECT t::text FROM {table} AS t ORDER BY t::text")]
                for table in TABLES
            }


def check_problem(answer: httpx.Response) -> None:
    """Every refusal is a problem document that shows nothing of the inside."""
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == answer.status_code
    assert (
        {"type", "title", "status", "detail", "code"}
        <= document.keys()
        <= {
            "type",
            "title",
            "status",
            "detail",
            "code",
            "errors",
            "op",
        }
    )
    assert not any(word in answer.text for word in ("Traceback", "asyncpg", "SELECT", ".py"))
    assert ("retry-after" in answer.headers) == (answer.status_code in (429, 503))
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def make_services(database: Database, environ: Mapping[str, str], told: list[News]) -> RestServices:
    """The services as the composition root would make them, without hub and schedule."""
    settings = Settings.load(environ)
    limits, bus = settings.limits, LocalBus()
    tallies = Tallies(database, bus, told.append)

    def committed(_: Sequence[Ballot], recorded: Recorded) -> None:
        for totals in recorded.totals:
            tallies.totals_committed(totals)

    tokens, rates = Tokens(KEY, access_ttl_s=settings.lifetimes.access_s), Rates.from_limits(limits)
    client = settings.oidc_client
    oidc = None
    if client is not None:
        begun, failed = rates.logins, rates.failed_returns
        oidc = OidcLogins(client, Provider(client), Returning(KEY), database, begun=begun, failed=failed)
    return RestServices(
        origins=Origins(frozenset()),
        database=database,
        bus=bus,
        ballots=BallotBox(partial(voting.record, database), committed, lanes=2),
        tallies=tallies,
        gate=Gate(database, Identifier(tokens), lambda voters: None),
        codes=CodeEntry(database, by_minute(limits.wrong_codes_per_minute), by_minute(limits.wrong_codes_per_address)),
        tokens=tokens,
        passwords=passwords(),
        lifetimes=settings.lifetimes,
        rates=rates,
        registration_open=settings.registration == "open",
        estates=Estates(database, tallies),
        counts=Counts(),
        metrics=Metrics(),
        pseudonyms=Pseudonyms(KEY),
        words=words(),
        exports=Caps(1, total=2),
        export_reads=asyncio.Semaphore(1),
        lists=Caps(3, total=4),
        list_reads=asyncio.Semaphore(2),
        searches=Caps(4, total=6),
        search_reads=asyncio.Semaphore(2),
        oidc=oidc,
        looks=Looks(database),
        large_bodies=Caps(1, total=2),
        logos=Caps(1, total=2),
        logo_writes=asyncio.Semaphore(1),
        workbooks=asyncio.Semaphore(1),
    )


@cache
def words() -> Words:
    """One for all tests: it reads every language."""
    return Words(WEB / "words")


@cache
def passwords() -> Passwords:
    """One for all tests: making it costs a hash."""
    return Passwords()


@asynccontextmanager
async def open_rest(database: Database, **environ: str) -> AsyncIterator[Rest]:
    """A rest on `database`, with settings as they stand in the environment."""
    told: list[News] = []
    services = make_services(database, environ, told)
    arrival = Middleware(Arrival, public=None, trusted=TrustedHops("127.0.0.1"), names=frozenset())
    app = Starlette(routes=routes(services), middleware=[arrival, Middleware(Edge)], exception_handlers=HANDLERS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://nexus.test") as client:
        yield Rest(services, client, told)
    if services.oidc is not None:
        await services.oidc.close()
    await services.ballots.stop(5)
    await services.tallies.stop()
