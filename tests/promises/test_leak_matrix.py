"""Who sees counts: every result policy, stage and role, on every path that could show them (contract, 2, 3, 5).

What is expected is written out from the contract's text, and taken from no code of the product.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.conftest import PostgresServer
from tests.support.matrix import (
    NO_VOTES,
    ROLES,
    STAGES,
    VOTES,
    Cell,
    Hall,
    Shown,
    fresh_database,
    grid,
    open_hall,
    reach,
    tells_counts,
)
from tests.support.rest import NOBODY, refused
from tests.support.sockets import Client, Json, new_op

pytestmark = pytest.mark.asyncio(loop_scope="module")

# `full`: counts and shares; `turn`: turnout alone; `-`: the poll does not exist. `reopened` keeps its votes; in
# `second` the poll was reset, and only others have voted since. `stranger` is one to a public poll, `outsider` to a
# private one; for everybody else public and private are alike. In a draft and a scheduled poll nobody has voted.
SEES = grid("""
                        | host admin screen | voted guest_voted | silent retracted guest_silent | stranger outsider

live         draft      | full full  full   | -     -           | -      -         -            | -        -
live         scheduled  | full full  full   | full  full        | full   full      full         | full     -
live         open       | full full  full   | full  full        | full   full      full         | full     -
live         closed     | full full  full   | full  full        | full   full      full         | full     -
live         reopened   | full full  full   | full  full        | full   full      full         | full     -
live         second     | full full  full   | full  full        | full   full      full         | full     -

after_vote   draft      | full full  full   | -     -           | -      -         -            | -        -
after_vote   scheduled  | full full  full   | turn  turn        | turn   turn      turn         | turn     -
after_vote   open       | full full  full   | full  full        | turn   turn      turn         | turn     -
after_vote   closed     | full full  full   | full  full        | turn   turn      turn         | turn     -
after_vote   reopened   | full full  full   | full  full        | turn   turn      turn         | turn     -
after_vote   second     | full full  full   | turn  turn        | turn   turn      turn         | turn     -

after_close  draft      | full full  full   | -     -           | -      -         -            | -        -
after_close  scheduled  | full full  full   | turn  turn        | turn   turn      turn         | turn     -
after_close  open       | full full  full   | turn  turn        | turn   turn      turn         | turn     -
after_close  closed     | full full  full   | full  full        | full   full      full         | full     -
after_close  reopened   | full full  full   | turn  turn        | turn   turn      turn         | turn     -
after_close  second     | full full  full   | turn  turn        | turn   turn      turn         | turn     -

host         draft      | full full  full   | -     -           | -      -         -            | -        -
host         scheduled  | full full  full   | turn  turn        | turn   turn      turn         | turn     -
host         open       | full full  full   | turn  turn        | turn   turn      turn         | turn     -
host         closed     | full full  full   | turn  turn        | turn   turn      turn         | turn     -
host         reopened   | full full  full   | turn  turn        | turn   turn      turn         | turn     -
host         second     | full full  full   | turn  turn        | turn   turn      turn         | turn     -
""")

SHARES: dict[tuple[int, ...], list[float]] = {NO_VOTES: [0.0, 0.0, 0.0], VOTES: [57.14, 42.86, 0.0]}
RUNS = ("host", "admin")


@pytest.fixture(scope="module")
def url(postgres: PostgresServer, template: str) -> Iterator[str]:
    with fresh_database(postgres, template) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(url: str) -> AsyncIterator[Hall]:
    async with open_hall(url) as hall:
        yield hall


def cells(hall: Hall, shown: Shown, policy: str, stage: str, *, public: bool) -> list[Cell]:
    """The row of the table."""
    row = SEES[policy, stage]
    row = row if public else row | {"stranger": row["outsider"]}
    return [Cell(hall.house, shown, stage, role, row[role]) for role in ROLES]


@pytest.mark.parametrize(("policy", "stage"), SEES)
async def test_counts_are_shown_as_the_matrix_says(hall: Hall, policy: str, stage: str) -> None:
    for public in (True, False):
        hall.house.heard.clear()
        shown = await reach(hall, policy, stage, public=public)
        row = cells(hall, shown, policy, stage, public=public)
        for cell in row:
            await (check_gone(cell) if cell.sees == "-" else check_http(cell))
        await check_tags(row)
        await check_nobody(hall, shown)
        await check_sockets(hall, row)
        if not public and stage != "draft":
            await check_code_opens(hall, row)
        for cell in row:
            if cell.sees != "full":
                assert not [text for text in hall.house.heard[cell.who.token] if tells_counts(text)], cell


async def check_http(cell: Cell) -> None:
    """Every path for one who may know of the poll."""
    house, shown, who = cell.house, cell.shown, cell.who
    results = await house.get(f"{shown.path}results/", who)
    cell.check_totals(results)
    shares = SHARES[STAGES[cell.stage][1]] if cell.sees == "full" else [None] * 3
    assert [one["percentage"] for one in results["options"]] == shares
    cell.check_poll(await house.get(shown.path, who))
    found = await house.get(f"/polls/?search={shown.word}", who)
    assert found["count"] == 1
    cell.check_poll(found["results"][0])
    option = await house.get(f"/options/{shown.place(0)}/", who)
    assert option["votes_count"] == cell.counts(STAGES[cell.stage][1])[0]
    if cell.role != "stranger":
        answer = await house("POST", "/polls/join/", who, json={"code": shown.poll["code"]})
        cell.check_poll(answer.json())
    await check_own(cell)
    await check_host_calls(cell)


async def check_own(cell: Cell) -> None:
    """One's own ballots, the answers to one's acts, and refusals: they tell nothing of the others."""
    house, shown, who = cell.house, cell.shown, cell.who
    path = f"{shown.path}vote/"
    if cell.role == "screen":
        assert refused(await house("GET", path, who)) == (403, "forbidden")
        return
    stand = cell.role in ("voted", "guest_voted") and STAGES[cell.stage][1] != NO_VOTES and cell.stage != "second"
    chosen = shown.place(0 if cell.role == "voted" else 1)
    own = (await house.get(path, who))["votes"]
    assert [(vote["op"], vote["options"]) for vote in own] == ([(shown.ops[cell.role], [chosen])] if stand else [])
    if stand:
        answer = await house("POST", path, who, json={"option": chosen}, op=shown.ops[cell.role])
        assert (answer.json()["status"], answer.json()["stands"]) == ("replayed", True)
    if cell.role == "retracted" and STAGES[cell.stage][1] != NO_VOTES:
        answer = await house("DELETE", path, who, op=shown.ops["taken_back"])
        assert answer.json()["status"] == "replayed"
    answer = await house(
        "POST", path, who, json={"options": [7]} if cell.stage == "open" else {"option": 7, "epoch": 77}
    )
    assert answer.status_code in (409, 422) and not re.search(r"\d", answer.json()["detail"])


async def check_host_calls(cell: Cell) -> None:
    """Export, history and screens are the host's and admins'; the history names no choice."""
    house, shown, who = cell.house, cell.shown, cell.who
    paths = ["audit/", "export/?format=json", "export/?format=csv"]
    if cell.role not in RUNS:
        for method, path in [("GET", paths[0]), ("GET", paths[1]), ("POST", "screen/")]:
            answer = await house(method, f"{shown.path}{path}", who)
            assert refused(answer) == (403, "forbidden"), (cell, path)
            assert not re.search(r"\d", answer.json()["detail"])
    else:
        answers = [await house("GET", f"{shown.path}{path}", who) for path in paths]
        assert [answer.status_code for answer in answers] == [200] * 3
        told = answers[0].text
        assert not re.search(rf"\b{shown.place(0)}\b", told) and not tells_counts(told)  # an entry's id is any number
        votes = [one["options"] for one in answers[1].json()["ballots"]]
        tally = [votes.count([shown.place(place)]) for place in range(3)]
        assert tuple(tally) == STAGES[cell.stage][1] and len(answers[2].text.splitlines()) == 1 + sum(tally)
        answer = await house("POST", f"{shown.path}screen/", who)
        assert answer.status_code == 201 and answer.json().keys() == {"access", "url"}
    if shown.poll["is_public"]:
        answer = await house("GET", f"/audit/?page_size=1&target_id={shown.poll['id']}", who)
        assert answer.status_code == (200 if cell.role == "admin" else 403)


async def check_gone(cell: Cell) -> None:
    """For whom the poll does not exist, nothing of it does."""
    house, shown, who = cell.house, cell.shown, cell.who
    for path in ("", "results/", "vote/", "export/", "audit/"):
        assert refused(await house("GET", f"{shown.path}{path}", who)) == (404, "poll_not_found"), (cell, path)
    assert refused(await house("GET", f"/options/{shown.place(0)}/", who)) == (404, "option_not_found")
    for path, body in (("vote/", {"option": shown.place(0)}), ("screen/", None)):
        assert refused(await house("POST", f"{shown.path}{path}", who, json=body)) == (404, "poll_not_found")
    assert (await house.get(f"/polls/?search={shown.word}", who))["count"] == 0


async def check_nobody(hall: Hall, shown: Shown) -> None:
    """Without a token there is nothing to see."""
    paths = [f"{shown.path}{path}" for path in ("", "results/", "vote/", "export/", "audit/")]
    for path in (*paths, "/polls/", f"/options/{shown.place(0)}/"):
        assert refused(await hall.house("GET", path, NOBODY)) == (401, "unauthenticated")
    async with hall.ws.socket() as client:
        await client.send("join", poll=shown.poll["id"])
        assert (await client.expect("error"))["code"] == "unauthenticated"


async def check_tags(row: list[Cell]) -> None:
    """Those who see the same share a tag, which brings them a 304; the tag of those who see other things does not."""
    tags: dict[str, str] = {}
    seeing = [cell for cell in row if cell.sees != "-"]
    for cell in seeing:
        heard = [text.partition(" ")[0] for text in cell.house.heard[cell.who.token] if text.startswith("W/")]
        assert set(heard) == {tags.setdefault(cell.sees, heard[0])}
    assert len(set(tags.values())) == len(tags)
    for cell in {cell.sees: cell for cell in seeing}.values():
        for sees, tag in tags.items():
            answer = await cell.house("GET", f"{cell.shown.path}results/", cell.who, headers={"If-None-Match": tag})
            assert (answer.status_code, bool(answer.content)) == ((304, False) if sees == cell.sees else (200, True))


async def check_sockets(hall: Hall, row: list[Cell]) -> None:
    """Sockets of all: what they join to, and the frames that follow when the poll changes and is voted in."""
    async with AsyncExitStack() as stack:
        clients = [(cell, await stack.enter_async_context(hall.socket(cell.who))) for cell in row]
        for cell, client in clients:
            await check_join(cell, client)
        shown, inside = row[0].shown, [(cell, client) for cell, client in clients if cell.sees != "-"]
        await hall.host(shown, '{"description": "changed"}')
        for cell, client in inside:
            cell.check_poll((await client.expect("poll"))["poll"])
        if STAGES[row[0].stage][0] == "open":
            version = (await hall.house.vote(hall.late, shown.poll, 0))["version"]
            for cell, client in inside:
                cell.check_totals(await client.totals(version), more=True)
        for cell, client in clients:
            if cell.sees != "full":
                assert not [frame for frame in client.frames if tells_counts(json.dumps(frame))], cell


async def check_join(cell: Cell, client: Client) -> None:
    """By id, by code, and coming back."""
    id = cell.shown.poll["id"]
    known: Json = {}
    if cell.sees == "-":
        await client.send("join", poll=id)
        assert (await client.expect("error"))["code"] == "poll_not_found"
        return
    for _ in range(2):
        await client.send("join", poll=id, **known)
        joined = await client.expect("joined")
        cell.check_poll(joined["poll"])
        if joined["totals"] is not None or not known:
            cell.check_totals(joined["totals"])
        known = {"epoch": joined["poll"]["epoch"], "version": joined["poll"]["version"]}
    await client.send("vote", op=new_op(), poll=id, options=[7])
    assert not re.search(r"\d", (await client.expect("reject"))["detail"])


async def check_code_opens(hall: Hall, row: list[Cell]) -> None:
    """The code of a private poll opens it to a stranger as far as to those who entered it before."""
    silent, house = next(cell for cell in row if cell.role == "silent"), hall.house
    newcomer = await house.user()
    answer = await house("POST", "/polls/join/", newcomer, json={"code": silent.shown.poll["code"]})
    assert tells_counts(answer.text) == (silent.sees == "full")
    results = await house("GET", f"{silent.shown.path}results/", newcomer)
    assert tells_counts(results.text) == (silent.sees == "full")
