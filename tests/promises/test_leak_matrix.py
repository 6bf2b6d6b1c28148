"""Who sees counts: every result policy, phase and role, on every path that could show them
(docs/contract.md, "Who sees results").

What is expected is written out from the contract's text, and taken from no code of the product.
"""

import json
import re
from contextlib import AsyncExitStack

import pytest

from tests.support.counts_told import tells_counts
from tests.support.grid import grid
from tests.support.leak_scene import (
    NO_VOTES,
    PHASES,
    ROLES,
    VOTES,
    Cell,
    LeakScene,
    WatchedPoll,
    reach,
)
from tests.support.rest import NOBODY, refused
from tests.support.sockets import SocketClient
from tests.support.thorough import THOROUGH
from tests.support.values import Json, new_op

pytestmark = pytest.mark.asyncio(loop_scope="module")

# `full`: counts and shares; `turn`: turnout alone; `-`: the poll does not exist. `reopened` keeps its votes; in
# `second` the poll was reset, and only others have voted since. `stranger` is one to a public poll, `outsider` to a
# private one; for everybody else public and private are alike. In a draft and a scheduled poll nobody has voted.
SEES = grid("""
                        | host admin screen presenter | voted guest_voted | silent retracted guest_silent | stranger outsider

live         draft      | full full  full   full      | -     -           | -      -         -            | -        -
live         scheduled  | full full  full   full      | full  full        | full   full      full         | full     -
live         open       | full full  full   full      | full  full        | full   full      full         | full     -
live         closed     | full full  full   full      | full  full        | full   full      full         | full     -
live         reopened   | full full  full   full      | full  full        | full   full      full         | full     -
live         second     | full full  full   full      | full  full        | full   full      full         | full     -

after_vote   draft      | full full  full   full      | -     -           | -      -         -            | -        -
after_vote   scheduled  | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
after_vote   open       | full full  full   full      | full  full        | turn   turn      turn         | turn     -
after_vote   closed     | full full  full   full      | full  full        | turn   turn      turn         | turn     -
after_vote   reopened   | full full  full   full      | full  full        | turn   turn      turn         | turn     -
after_vote   second     | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -

after_close  draft      | full full  full   full      | -     -           | -      -         -            | -        -
after_close  scheduled  | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
after_close  open       | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
after_close  closed     | full full  full   full      | full  full        | full   full      full         | full     -
after_close  reopened   | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
after_close  second     | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -

host         draft      | full full  full   full      | -     -           | -      -         -            | -        -
host         scheduled  | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
host         open       | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
host         closed     | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
host         reopened   | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
host         second     | full full  full   full      | turn  turn        | turn   turn      turn         | turn     -
""")  # noqa: E501 (a table)

SHARES: dict[tuple[int, ...], list[float]] = {NO_VOTES: [0.0, 0.0, 0.0], VOTES: [57.14, 42.86, 0.0]}
RUNS = ("host", "admin")


def cells(scene: LeakScene, shown: WatchedPoll, policy: str, phase: str, *, public: bool) -> list[Cell]:
    """The row of the table."""
    row = SEES[policy, phase]
    row = row if public else row | {"stranger": row["outsider"]}
    return [Cell(scene.rest, shown, phase, role, row[role]) for role in ROLES]


@pytest.mark.parametrize(("policy", "phase"), SEES)
async def test_counts_are_shown_as_the_matrix_says(scene: LeakScene, policy: str, phase: str) -> None:
    turn = [*dict.fromkeys(policy for policy, _ in SEES)].index(policy) + [*PHASES].index(phase)
    for public in (True, False) if THOROUGH else (turn % 2 == 0,):
        scene.rest.heard.clear()
        shown = await reach(scene, policy, phase, public=public)
        row = cells(scene, shown, policy, phase, public=public)
        for cell in row:
            await (check_gone(cell) if cell.sees == "-" else check_http(cell))
        await check_tags(row)
        await check_nobody(scene, shown)
        await check_sockets(scene, row)
        if not public and phase != "draft":
            await check_code_opens(scene, row)
        for cell in row:
            if cell.sees != "full":
                assert not [text for text in scene.rest.heard[cell.who.token] if tells_counts(text)], cell


async def check_http(cell: Cell) -> None:
    """Every path for one who may know of the poll."""
    rest, shown, who = cell.rest, cell.shown, cell.who
    results = await rest.get(f"{shown.path}results/", who)
    cell.check_totals(results)
    shares = SHARES[PHASES[cell.phase][1]] if cell.sees == "full" else [None] * 3
    assert [one["percentage"] for one in results["options"]] == shares
    cell.check_poll(await rest.get(shown.path, who))
    found = await rest.get(f"/polls/?search={shown.word}", who)
    assert found["count"] == 1
    cell.check_poll(found["results"][0])
    option = await rest.get(f"/options/{shown.place(0)}/", who)
    assert option["votes_count"] == cell.counts(PHASES[cell.phase][1])[0]
    if cell.role != "stranger":
        answer = await rest("POST", "/polls/join/", who, json={"code": shown.poll["code"]})
        cell.check_poll(answer.json())
    await check_own(cell)
    await check_host_calls(cell)


async def check_own(cell: Cell) -> None:
    """One's own ballots, the answers to one's acts, and refusals: they tell nothing of the others."""
    rest, shown, who = cell.rest, cell.shown, cell.who
    path = f"{shown.path}vote/"
    if cell.role in ("screen", "presenter"):
        assert refused(await rest("GET", path, who)) == (403, "forbidden")
        return
    stand = cell.role in ("voted", "guest_voted") and PHASES[cell.phase][1] != NO_VOTES and cell.phase != "second"
    chosen = shown.place(0 if cell.role == "voted" else 1)
    own = (await rest.get(path, who))["votes"]
    assert [(vote["op"], vote["options"]) for vote in own] == ([(shown.ops[cell.role], [chosen])] if stand else [])
    if stand:
        answer = await rest("POST", path, who, json={"option": chosen}, op=shown.ops[cell.role])
        assert (answer.json()["status"], answer.json()["stands"]) == ("replayed", True)
    if cell.role == "retracted" and PHASES[cell.phase][1] != NO_VOTES:
        answer = await rest("DELETE", path, who, op=shown.ops["taken_back"])
        assert answer.json()["status"] == "replayed"
    answer = await rest(
        "POST", path, who, json={"options": [7]} if cell.phase == "open" else {"option": 7, "epoch": 77}
    )
    assert answer.status_code in (409, 422) and not re.search(r"\d", answer.json()["detail"])


async def check_host_calls(cell: Cell) -> None:
    """Export, history and screens are the host's and admins'; the history names no choice."""
    rest, shown, who = cell.rest, cell.shown, cell.who
    paths = ["audit/", "export/?format=json", "export/?format=csv"]
    if cell.role not in RUNS:
        exports = [("GET", path) for path in (*paths, "export/?format=xlsx")]
        for method, path in [*exports, ("POST", "screen/"), ("POST", "copy/")]:
            answer = await rest(method, f"{shown.path}{path}", who)
            assert refused(answer) == (403, "forbidden"), (cell, path)
            assert not re.search(r"\d", answer.json()["detail"])
    else:
        answers = [await rest("GET", f"{shown.path}{path}", who) for path in paths]
        assert [answer.status_code for answer in answers] == [200] * 3
        told = answers[0].text
        assert not re.search(rf"\b{shown.place(0)}\b", told) and not tells_counts(told)  # an entry's id is any number
        votes = [one["options"] for one in answers[1].json()["ballots"]]
        tally = [votes.count([shown.place(place)]) for place in range(3)]
        assert tuple(tally) == PHASES[cell.phase][1] and len(answers[2].text.splitlines()) == 1 + sum(tally)
        answer = await rest("POST", f"{shown.path}screen/", who)
        assert answer.status_code == 201 and answer.json().keys() == {"access", "url"}
    if shown.poll["is_public"]:
        answer = await rest("GET", f"/audit/?page_size=1&target_id={shown.poll['id']}", who)
        assert answer.status_code == (200 if cell.role == "admin" else 403)


async def check_gone(cell: Cell) -> None:
    """For whom the poll does not exist, nothing of it does."""
    rest, shown, who = cell.rest, cell.shown, cell.who
    for path in ("", "results/", "vote/", "export/", "audit/"):
        assert refused(await rest("GET", f"{shown.path}{path}", who)) == (404, "poll_not_found"), (cell, path)
    assert refused(await rest("GET", f"/options/{shown.place(0)}/", who)) == (404, "option_not_found")
    for path, body in (("vote/", {"option": shown.place(0)}), ("screen/", None), ("copy/", None)):
        assert refused(await rest("POST", f"{shown.path}{path}", who, json=body)) == (404, "poll_not_found")
    assert (await rest.get(f"/polls/?search={shown.word}", who))["count"] == 0


async def check_nobody(scene: LeakScene, shown: WatchedPoll) -> None:
    """Without a token there is nothing to see."""
    paths = [f"{shown.path}{path}" for path in ("", "results/", "vote/", "export/", "audit/")]
    for path in (*paths, "/polls/", f"/options/{shown.place(0)}/"):
        assert refused(await scene.rest("GET", path, NOBODY)) == (401, "unauthenticated")
    async with scene.ws.socket() as client:
        await client.send("join", poll=shown.poll["id"])
        assert (await client.expect("error"))["code"] == "unauthenticated"


async def check_tags(row: list[Cell]) -> None:
    """Those who see the same share a tag, which brings them a 304; the tag of those who see other things does not."""
    tags: dict[str, str] = {}
    seeing = [cell for cell in row if cell.sees != "-"]
    for cell in seeing:
        heard = [text.partition(" ")[0] for text in cell.rest.heard[cell.who.token] if text.startswith("W/")]
        assert set(heard) == {tags.setdefault(cell.sees, heard[0])}
    assert len(set(tags.values())) == len(tags)
    for cell in {cell.sees: cell for cell in seeing}.values():
        for sees, tag in tags.items():
            answer = await cell.rest("GET", f"{cell.shown.path}results/", cell.who, headers={"If-None-Match": tag})
            assert (answer.status_code, bool(answer.content)) == ((304, False) if sees == cell.sees else (200, True))


async def check_sockets(scene: LeakScene, row: list[Cell]) -> None:
    """Sockets of all: what they join to, and the frames that follow when the poll changes and is voted in."""
    async with AsyncExitStack() as stack:
        clients = [(cell, await stack.enter_async_context(scene.socket(cell.who))) for cell in row]
        for cell, client in clients:
            await check_join(cell, client)
        shown, inside = row[0].shown, [(cell, client) for cell, client in clients if cell.sees != "-"]
        await scene.host(shown, '{"description": "changed"}')
        for cell, client in inside:
            cell.check_poll((await client.expect("poll"))["poll"])
        if PHASES[row[0].phase][0] == "open":
            version = (await scene.rest.vote(scene.late, shown.poll, 0))["version"]
            for cell, client in inside:
                cell.check_totals(await client.totals(version), more=True)
        for cell, client in clients:
            if cell.sees != "full":
                assert not [frame for frame in client.frames if tells_counts(json.dumps(frame))], cell


async def check_join(cell: Cell, client: SocketClient) -> None:
    """By id, by code, and coming back."""
    poll = cell.shown.poll["id"]
    known: Json = {}
    if cell.sees == "-":
        await client.send("join", poll=poll)
        assert (await client.expect("error"))["code"] == "poll_not_found"
        return
    for _ in range(2):
        await client.send("join", poll=poll, **known)
        joined = await client.expect("joined")
        cell.check_poll(joined["poll"])
        if joined["totals"] is not None or not known:
            cell.check_totals(joined["totals"])
        known = {"epoch": joined["poll"]["epoch"], "version": joined["poll"]["version"]}
    await client.send("vote", op=new_op(), poll=poll, options=[7])
    assert not re.search(r"\d", (await client.expect("reject"))["detail"])


async def check_code_opens(scene: LeakScene, row: list[Cell]) -> None:
    """The code of a private poll opens it to a stranger as far as to those who entered it before."""
    silent, rest = next(cell for cell in row if cell.role == "silent"), scene.rest
    newcomer = await rest.user()
    answer = await rest("POST", "/polls/join/", newcomer, json={"code": silent.shown.poll["code"]})
    assert tells_counts(answer.text) == (silent.sees == "full")
    results = await rest("GET", f"{silent.shown.path}results/", newcomer)
    assert tells_counts(results.text) == (silent.sees == "full")
