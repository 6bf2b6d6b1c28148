"""A batch of ballots on its way into `record_ballots` (`schema.sql`), and what comes back of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from nexus import errors
from nexus.domain.ballot import Act, Ballot, Outcome, Receipt
from nexus.domain.definition import ID_MAX
from nexus.domain.poll import Totals
from nexus.domain.rights import MAY_NOT_VOTE, reach, seat
from nexus.domain.text import counted
from nexus.errors import NexusError

CALL = "SELECT record_ballots($1, $2, $3, $4, $5, $6, $7, $8, $9)"
"""What each array holds, `schema.sql` says."""

_EPOCH_MAX = 2**31 - 1
_REFUSALS: dict[str, type[NexusError]] = {
    refusal.code: refusal
    for refusal in (
        *(errors.PollNotFound, errors.OpReused, errors.PollReset, errors.PollClosed, errors.PollNotOpen),
        *(errors.ChangeNotAllowed, errors.NoChoice, errors.DuplicateChoice, errors.UnknownOption),
        *(errors.VoteLimitReached, errors.AlreadyVoted),
    )
}
_OUTCOMES: dict[str, Outcome] = {outcome.value: outcome for outcome in Outcome}


class _Replay(msgspec.Struct, frozen=True):
    """The first answer to an op that came again; `stands` is as of now."""

    options: tuple[int, ...]
    epoch: int
    version: int
    stands: bool


class Judged(msgspec.Struct, frozen=True):
    """What the call did. Where polls are `due` to open or close, nothing; they have to be settled first.

    `outcomes` holds an outcome or the code of a refusal for each ballot, and `totals` each poll as it now is; those of
    the polls in `changed` have moved. `replays` and `most_choices` say more of some ballots, by their number from 1.
    """

    due: list[int] = []
    outcomes: list[str] = []
    changed: list[int] = []
    totals: list[Totals] | None = None
    replays: dict[int, _Replay] | None = None
    most_choices: dict[int, int] | None = None

    def answers(self, ballots: Sequence[Ballot]) -> list[Receipt | NexusError]:
        """One answer for each of the `ballots` that were sent, in order."""
        return list(self._answers(ballots))

    def moved(self) -> list[Totals]:
        """The totals of each poll whose totals changed."""
        changed = set(self.changed)
        return [totals for totals in self.totals or () if totals.poll in changed]

    def _answers(self, ballots: Sequence[Ballot]) -> Iterator[Receipt | NexusError]:
        places = {totals.poll: totals.place for totals in self.totals or ()}
        for n, (ballot, word) in enumerate(zip(ballots, self.outcomes, strict=True), 1):
            outcome = _OUTCOMES.get(word)
            if outcome is None:
                yield self._refusal(n, word)
            elif outcome is Outcome.REPLAYED:
                yield self._replayed(n, ballot)
            else:
                epoch, version = places[ballot.poll]
                cast = ballot.act is Act.VOTE
                options = ballot.options if cast else ()
                yield Receipt(ballot.poll, ballot.op, outcome, options, epoch, version, cast)

    def _refusal(self, n: int, code: str) -> NexusError:
        if code == errors.Forbidden.code:
            return errors.Forbidden(MAY_NOT_VOTE)
        if code == errors.TooManyChoices.code:
            most = (self.most_choices or {})[n]
            return errors.TooManyChoices(f"This poll allows at most {counted(most, 'choice')} per ballot.")
        return _REFUSALS[code]()

    def _replayed(self, n: int, ballot: Ballot) -> Receipt:
        first = (self.replays or {})[n]
        place = (first.epoch, first.version)
        return Receipt(ballot.poll, ballot.op, Outcome.REPLAYED, first.options, *place, first.stands)


judged = msgspec.json.Decoder(Judged).decode
"""Reads what `CALL` returns."""


def columns(ballots: Sequence[Ballot]) -> tuple[Sequence[object], ...]:
    """The arrays of `CALL`: parallel, one element a ballot."""
    return (
        [one.poll for one in ballots],
        [one.by.voter for one in ballots],
        [one.op for one in ballots],
        [one.act for one in ballots],
        [_array(one.options) for one in ballots],
        # No round has the number 0.
        [one.epoch if one.epoch is None or 0 < one.epoch <= _EPOCH_MAX else 0 for one in ballots],
        [one.ballot for one in ballots],
        [reach(one.by, one.poll) for one in ballots],
        [seat(one.by) for one in ballots],
    )


def _array(options: tuple[int, ...]) -> str:
    """A PostgreSQL array literal. What is no id becomes a negative number, what is twice the same one twice."""
    if len(options) == 1 and 0 < options[0] <= ID_MAX:
        return f"{{{options[0]}}}"
    if options and (min(options) < 1 or max(options) > ID_MAX):
        options = tuple(one if 0 < one <= ID_MAX else -1 - options.index(one) for one in options)
    return "{" + ",".join(map(str, options)) + "}"
