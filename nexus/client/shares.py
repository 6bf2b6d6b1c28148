"""Shares in whole percents, as every screen shows them (docs/screens.md, "Shares"): a pure rule, which the pages have
too (`nexus/web/screens/bar.js`). Both are held to tests/domain/shares.json."""

from __future__ import annotations

from collections.abc import Sequence


def shares(counts: Sequence[int], total: int) -> list[str]:
    """Returns the shares of `counts` among `total` ballots, in the same order: `33`, `<1` where 0 would hide votes,
    `>99` where 100 would hide those of others. If each ballot names one option, they add to 100."""
    if not total:
        return ["0" for _ in counts]
    each_names_one = sum(counts) == total
    whole = _apportioned(counts, total) if each_names_one else [_rounded(count, total) for count in counts]
    return [_shown(share, count, total) for share, count in zip(whole, counts, strict=True)]


def _apportioned(counts: Sequence[int], total: int) -> list[int]:
    """By largest remainder: each is rounded down, and what is missing to 100 goes to those that lost most; among
    equals, to the first."""
    whole = [100 * count // total for count in counts]
    order = sorted(range(len(counts)), key=lambda n: -(100 * counts[n] % total))
    for n in order[: 100 - sum(whole)]:
        whole[n] += 1
    return whole


def _rounded(count: int, total: int) -> int:
    """Halves are rounded up; in whole numbers, since 0.285 is no exact number to a computer."""
    return (200 * count + total) // (2 * total)


def _shown(share: int, count: int, total: int) -> str:
    if share == 0 and count > 0:
        return "<1"
    return ">99" if share == 100 and count < total else str(share)
