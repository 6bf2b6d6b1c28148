"""What must not move any more: final totals, and what was cast as anonymous
(docs/contract.md, "Opening, closing and resetting")."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from nexus.access.limits import by_minute
from nexus.bus import News, NewsListener, Topic, TotalsNews
from nexus.domain.definition import NewOption, OptionPatch, PollPatch
from nexus.domain.poll import Poll, Totals
from nexus.errors import Conflict, PollClosed
from nexus.store import options, polls, rounds, voting
from nexus.store.database import Database
from nexus.voting.tallies import Tallies
from tests.support.ballots import HOST, assert_counts, cast_one, make_poll, rows, vote, voter

ALICE = voter(1)


async def test_options_of_a_closed_poll_keep_their_totals(database: Database) -> None:
    poll = await make_poll(database)
    await cast_one(database, vote(poll, ALICE, 0))
    closed = await rounds.close_poll(database, poll.id, HOST)
    voted, free = (poll.options[n].id for n in (0, 1))
    with pytest.raises(PollClosed):
        await options.add(database, poll.id, NewOption("Late"), HOST)
    with pytest.raises(PollClosed):
        await options.delete(database, free, HOST, discard=False)
    with pytest.raises(PollClosed):
        await options.delete(database, voted, HOST, discard=True)
    with pytest.raises(PollClosed):
        await options.patch(database, voted, OptionPatch(option_text="Other"), HOST, discard=True)
    found = (await polls.find_by_codes(database, [poll.code])).get(poll.code)
    assert found == closed
    await rounds.open_poll(database, poll.id, HOST)
    await options.delete(database, voted, HOST, discard=True)
    await assert_counts(database)


async def test_what_was_cast_as_anonymous_stays_so_after_a_reset(database: Database) -> None:
    poll = await make_poll(database)
    await cast_one(database, vote(poll, ALICE, 0))
    await rounds.reset_poll(database, poll.id, HOST)
    with pytest.raises(Conflict) as refusal:
        await polls.patch(database, poll.id, PollPatch(anonymous=False), HOST)
    assert refusal.value.error_code == "poll_has_votes"


async def test_poll_that_becomes_private_gets_a_long_code(database: Database) -> None:
    poll = await make_poll(database)
    private = await polls.patch(database, poll.id, PollPatch(is_public=False), HOST)
    assert (len(poll.code), len(private.code)) == (6, 10)
    public = await polls.patch(database, poll.id, PollPatch(is_public=True), HOST)
    again = await polls.patch(database, poll.id, PollPatch(is_public=False), HOST)
    assert public.code == private.code == again.code
    assert await rows(database, "SELECT count(DISTINCT code) FROM polls") == [(1,)]


async def test_final_totals_of_every_poll_that_a_batch_finds_due_are_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await make_poll(database, expires_at=datetime.now(UTC)), await make_poll(database)
    settle = rounds.settle

    async def meanwhile(database: Database, due: list[int]) -> list[Poll]:
        if due == [one.id]:
            async with database.read() as connection:
                await connection.run("UPDATE polls SET expires_at = clock_timestamp() WHERE id = :poll", poll=other.id)
        return await settle(database, due)

    monkeypatch.setattr("nexus.store.voting.settle", meanwhile)
    recorded = await voting.record(database, [vote(one, ALICE, 0), vote(other, ALICE, 0)])
    assert [totals.poll for totals in recorded.totals if totals.final] == [one.id, other.id]


@dataclass
class ForgetfulBus:
    """A bus that loses the first totals it is given, without a word, as one does that hangs."""

    lost: list[Totals] = field(default_factory=list)
    kept: dict[int, Totals] = field(default_factory=dict)
    healthy: bool = True

    async def start(self, listener: NewsListener) -> None: ...
    async def stop(self) -> None: ...
    async def subscribe(self, topic: Topic) -> None: ...
    async def unsubscribe(self, topic: Topic) -> None: ...

    async def publish(self, news: News) -> None:
        if not isinstance(news, TotalsNews):
            return
        if not self.lost:
            self.lost.append(news.totals)
            return
        self.kept[news.totals.poll] = news.totals

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        return {poll: self.kept[poll] for poll in polls if poll in self.kept}


async def test_totals_that_the_bus_lost_are_sent_again(database: Database) -> None:
    poll = await make_poll(database)
    bus = ForgetfulBus()
    tallies = Tallies(database, bus, lambda news: None)
    tallies.totals_committed(poll.totals())
    await tallies.stop()
    assert bus.lost == [poll.totals()]
    await tallies.confirm()
    assert bus.kept == {poll.id: poll.totals()}
    await tallies.confirm()
    bus.kept.clear()
    await tallies.confirm()
    assert bus.kept == {}, "what was confirmed is asked for no more"


def test_a_minutes_worth_may_come_at_once() -> None:
    rate = by_minute(2, clock=lambda: 0.0)
    assert [bool(rate.take("hall")) for _ in range(3)] == [False, False, True]
