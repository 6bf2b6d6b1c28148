"""The rules of voting once more, in plain Python, written from the contract's words and from nothing else.

Where the contract orders no two refusals that both apply, either is right; so `ModelPoll.take` returns what may be
answered, not the one answer of a particular program.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Op = int


@dataclass(frozen=True)
class Sent:
    """An act as a voter sends it: options to vote for, or None to retract."""

    op: Op
    options: tuple[int, ...] | None
    ballot: Op | None = None
    epoch: int | None = None

    @property
    def act(self) -> tuple[object, ...]:
        """What makes two acts the same: the choice as a set, not the round it was meant for."""
        return None if self.options is None else tuple(sorted(self.options)), self.ballot


@dataclass(frozen=True)
class Kept:
    """An op that took effect: the act, and its first answer."""

    act: tuple[object, ...]
    status: str
    options: tuple[int, ...]
    epoch: int
    version: int


@dataclass(frozen=True)
class Expected:
    """What may be answered: one of `refusals`, or else exactly the outcome."""

    refusals: frozenset[str] = frozenset()
    status: str = ""
    options: tuple[int, ...] = ()
    epoch: int = 0
    version: int = 0
    stands: bool = False


@dataclass
class ModelPoll:
    """A poll as the contract knows it; a ballot is an op and its choices."""

    id: int
    options: list[int]
    status: str
    epoch: int
    version: int
    max_choices: int
    votes_per_user: int
    allow_change: bool
    results: str
    ballots: dict[str, dict[Op, tuple[int, ...]]] = field(default_factory=dict)
    ledger: dict[tuple[str, Op], Kept] = field(default_factory=dict)
    due: bool = False
    """Its `expires_at` has passed, and nobody has noticed yet."""

    @property
    def voters(self) -> int:
        """Those who have a ballot."""
        return sum(bool(own) for own in self.ballots.values())

    @property
    def total(self) -> int:
        """Ballots that stand."""
        return sum(len(own) for own in self.ballots.values())

    def counts(self) -> dict[int, int]:
        """How many standing ballots name each option."""
        named = [option for own in self.ballots.values() for choice in own.values() for option in choice]
        return {option: named.count(option) for option in self.options}

    @property
    def final(self) -> bool:
        """Its totals stay as they are."""
        return self.due or self.status == "closed"

    def notice(self) -> None:
        """The first to notice an expiry commits it."""
        if self.due:
            self.due = False
            self.status = "closed"
            self.version += 1

    def take(self, acts: dict[str, Sent]) -> dict[str, Expected]:
        """One transaction of one act a voter: what each may be answered, done."""
        self.notice()
        before = self.state()
        judged = {voter: self._judge(voter, sent) for voter, sent in acts.items()}
        if self.state() != before:
            self.version += 1
        return {voter: self._answer(voter, acts[voter], *one) for voter, one in judged.items()}

    def state(self) -> tuple[object, ...]:
        """What a totals frame shows, and whose ballot says what; ops are no part of that."""
        ballots = {voter: sorted(map(sorted, own.values())) for voter, own in self.ballots.items() if own}
        return self.status, self.results, self.epoch, tuple(self.options), ballots

    def discard(self, option: int) -> None:
        """Delete an option: it is stripped from the ballots, and those left empty are dropped."""
        self.options.remove(option)
        for voter, own in self.ballots.items():
            left = {op: tuple(one for one in choice if one != option) for op, choice in own.items()}
            self.ballots[voter] = {op: choice for op, choice in left.items() if choice}

    def _judge(self, voter: str, sent: Sent) -> tuple[frozenset[str], str]:
        known = self.ledger.get((voter, sent.op))
        if known is not None:
            return (frozenset(), "replayed") if known.act == sent.act else (frozenset({"op_reused"}), "")
        refusals = self._refusals(voter, sent)
        return refusals, "" if refusals else self._do(voter, sent)

    def _refusals(self, voter: str, sent: Sent) -> frozenset[str]:
        own, options = self.ballots.get(voter, {}), sent.options
        single = self.votes_per_user == 1
        broken = {
            "poll_reset": sent.epoch is not None and sent.epoch != self.epoch,
            "poll_closed": self.status == "closed",
            "poll_not_open": self.status in ("draft", "scheduled"),
            "poll_not_found": self.status == "draft",
            "change_not_allowed": options is None and not self.allow_change,
        }
        if options is not None:
            broken |= {
                "no_choice": not options,
                "duplicate_choice": len(set(options)) < len(options),
                "unknown_option": not set(options) <= set(self.options),
                "too_many_choices": len(options) > self.max_choices,
                "already_voted": single and bool(own) and not self.allow_change,
                "vote_limit_reached": not single and len(own) >= self.votes_per_user,
            }
        return frozenset(code for code, applies in broken.items() if applies)

    def _do(self, voter: str, sent: Sent) -> str:
        own = self.ballots.setdefault(voter, {})
        if sent.options is None:
            gone = [op for op in own if sent.ballot in (None, op)]
            for op in gone:
                del own[op]
            return "retracted" if gone else "unchanged"
        status = "recorded"
        if self.votes_per_user == 1 and own:
            (stood,) = own.values()
            status = "unchanged" if sorted(stood) == sorted(sent.options) else "changed"
            own.clear()
        own[sent.op] = sent.options
        return status

    def _answer(self, voter: str, sent: Sent, refusals: frozenset[str], status: str) -> Expected:
        if refusals:
            return Expected(refusals)
        if status != "replayed":
            self.ledger[voter, sent.op] = Kept(sent.act, status, sent.options or (), self.epoch, self.version)
        kept = self.ledger[voter, sent.op]
        stands = kept.epoch == self.epoch and sent.op in self.ballots.get(voter, {})
        return Expected(frozenset(), status, kept.options, kept.epoch, kept.version, stands)
