"""Everything about polls is edited and deleted while others vote on it: no ballot is lost, doubled or left dangling."""

import asyncio
import os
import random
from collections import Counter

from nexus.voting.recount import Recount
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

SEED = int(os.environ.get("NEXUS_SEED", "") or random.SystemRandom().randrange(2**32))
ROUNDS = 30 if os.environ.get("NEXUS_SOAK") else 4
VOTERS, VOTES, EDITS = 12, 12, 40

VOTE_REFUSALS = {
    (404, "poll_not_found"),
    (409, "poll_closed"),
    (409, "poll_not_open"),
    (409, "already_voted"),
    (409, "change_not_allowed"),
    (409, "vote_limit_reached"),
    (422, "unknown_option"),
    (422, "too_many_choices"),
}
EDIT_REFUSALS = {
    (404, "poll_not_found"),
    (404, "option_not_found"),
    (404, "category_not_found"),
    (409, "poll_closed"),
    (409, "poll_has_votes"),
    (409, "option_has_votes"),
    (409, "too_few_options"),
    (409, "category_in_use"),
    (422, "invalid"),
}


class Race:
    """One poll, its voters, and those who edit it meanwhile."""

    def __init__(self, rest: Rest, host: Person, poll: Json, chance: random.Random) -> None:
        self.rest, self.host, self.poll, self.chance = rest, host, poll, chance
        self.options = [option["id"] for option in poll["options"]]
        self.acked: dict[str, str] = {}
        self.seen: Counter[str] = Counter()

    async def votes(self, who: Person) -> None:
        """Ballots and retractions, one after the other, whatever becomes of the poll."""
        path = f"/polls/{self.poll['id']}/vote/"
        for _ in range(VOTES):
            if self.chance.random() < 0.2:
                answer = await self.rest("DELETE", path, who)
            else:
                some = self.chance.sample(self.options, self.chance.randint(1, 2))
                answer = await self.rest("POST", path, who, json={"options": some})
            if answer.status_code < 300:
                self.acked[answer.json()["op"]] = who.voter
                self.seen[answer.json()["status"]] += 1
            else:
                assert refused(answer) in VOTE_REFUSALS, answer.text

    async def edits(self) -> None:
        """One edit after the other, of everything that can be edited."""
        for _ in range(EDITS):
            method, path, body = self.chance.choice(self._edits())
            answer = await self.rest(method, path, self.host, json=body)
            if answer.status_code >= 300:
                assert refused(answer) in EDIT_REFUSALS, (method, path, answer.text)
                continue
            self.seen[method] += 1
            if path.endswith("/options/"):
                self.options.append(answer.json()["id"])

    def _edits(self) -> list[tuple[str, str, Json | None]]:
        poll, option = f"/polls/{self.poll['id']}/", f"/options/{self.chance.choice(self.options)}/"
        text = f"option {self.chance.random()}"
        return [
            ("POST", f"{poll}options/", {"option_text": text, "position": 0}),
            ("PATCH", option, {"position": 0}),
            ("PATCH", option, {"option_text": text}),
            ("PATCH", f"{option}?discard_votes=true", {"option_text": text}),
            ("PATCH", f"{option}?correction=true", {"option_text": text}),
            ("PATCH", f"{poll}?correction=true", {"question": text}),
            ("DELETE", option, None),
            ("DELETE", f"{option}?discard_votes=true", None),
            ("PATCH", poll, {"results": self.chance.choice(["live", "after_vote", "after_close", "host"])}),
            ("PATCH", poll, {"allow_change": self.chance.random() < 0.8, "description": text}),
            ("POST", f"{poll}close/", None),
            ("POST", f"{poll}open/", None),
            ("POST", f"{poll}open/", None),
            ("POST", f"{poll}reset/", None),
        ]


async def verify(rest: Rest) -> list[str]:
    """What `nexus verify` finds."""
    differences = await Recount(rest.services.database, None, lambda line: None).run(repair=False)
    return differences.mendable + differences.lasting


async def race(rest: Rest, chance: random.Random, *, each: int, delete: bool) -> Race:
    """A poll in which a voter may cast `each` ballots."""
    host, voters = await rest.user(), [await rest.user() for _ in range(VOTERS)]
    poll = await rest.poll(host, "a", "b", "c", "d", max_choices=2, votes_per_user=each)
    running = Race(rest, host, poll, chance)
    await asyncio.gather(*(running.votes(who) for who in voters), running.edits(), running.edits())
    if delete:

        async def end() -> None:
            assert (await rest("DELETE", f"/polls/{poll['id']}/", host)).status_code == 204

        await asyncio.gather(end(), *(running.votes(who) for who in voters))
    return running


async def test_edits_while_others_vote_leave_counts_that_equal_the_votes(rest: Rest) -> None:
    print(f"NEXUS_SEED={SEED}")  # noqa: T201
    chance, seen = random.Random(SEED), Counter[str]()
    for n in range(ROUNDS):
        done = await race(rest, chance, each=(1, 1, 3)[n % 3], delete=False)
        assert await verify(rest) == []
        seen += done.seen
        async with rest.services.database.read() as connection:
            rows = await connection.all("SELECT op, voter FROM acts WHERE poll_id = :poll", poll=done.poll["id"])
        assert {str(row["op"]): row["voter"] for row in rows} == done.acked
    # Each kind of thing really happened at the moment of others.
    assert {"recorded", "changed", "retracted", "POST", "PATCH", "DELETE"} <= seen.keys()


async def test_deletion_while_others_vote_leaves_nothing_behind(rest: Rest) -> None:
    print(f"NEXUS_SEED={SEED}")  # noqa: T201
    chance = random.Random(SEED)
    for n in range(ROUNDS):
        gone = await race(rest, chance, each=(1, 1, 3)[n % 3], delete=True)
        assert await verify(rest) == []
        async with rest.services.database.read() as connection:
            for table in ("votes", "acts", "options", "poll_members", "rounds"):
                rows = await connection.all(f"SELECT 1 FROM {table} WHERE poll_id = :poll", poll=gone.poll["id"])
                assert not rows, table
