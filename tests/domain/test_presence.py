"""How many voters there are over all workers: exact while the samples are whole, close where they are not."""

import random
from collections.abc import Iterable

import pytest

from nexus.domain.presence import MARK_BYTES, SAMPLE, Crowd, crowd, distinct, mark


def of(voters: Iterable[object]) -> Crowd:
    """The crowd of these voters."""
    return crowd({mark(f"user:{n}") for n in voters})


@pytest.mark.parametrize(
    ("workers", "online"),
    [
        ([], 0),
        ([[]], 0),
        ([[1]], 1),
        ([[1], [1], [1]], 1),
        ([[1, 2], [2, 3], []], 3),
        ([range(SAMPLE), range(SAMPLE)], SAMPLE),
        ([range(SAMPLE), range(100, SAMPLE + 100)], SAMPLE + 100),
        ([range(5000)], 5000),
        ([range(5000), range(5000, 9000), range(9000, 9003)], 9003),
        ([range(5000), range(5000)], 5000),
    ],
)
def test_count_is_exact_of_whole_samples_of_apart_and_of_the_same(workers: list[Iterable[int]], online: int) -> None:
    assert distinct(of(one) for one in workers) == online


@pytest.mark.parametrize("twice", [1, 50, 500, 2000])
@pytest.mark.parametrize("seed", range(3))
def test_large_crowds_that_share_voters_are_counted_closely(twice: int, seed: int) -> None:
    everybody = [f"{seed} {n}" for n in range(8000)]
    parts = [everybody[at::4] for at in range(4)]
    for n, voter in enumerate(random.Random(seed).sample(everybody, twice)):
        parts[n % 4].append(voter)
    assert distinct(of(part) for part in parts) == pytest.approx(8000, rel=0.05)


def test_large_crowd_next_to_a_handful_is_counted_closely() -> None:
    assert distinct([of(range(10_000)), of([1, 2, 3])]) == pytest.approx(10_000, rel=0.01)
    assert distinct([of(range(300)), of([1])]) >= 300, "never less than one worker alone has"


def test_crowd_of_a_worker_that_sends_no_sample_is_added() -> None:
    assert distinct([Crowd(41), of([1, 2])]) == 43
    assert distinct([Crowd(41), Crowd(7)]) == 48
    assert distinct([Crowd(41), of(range(5000)), of(range(2500))]) == pytest.approx(5041, rel=0.05)


def test_sample_is_bounded_and_the_same_in_any_order() -> None:
    marks = [mark(f"user:{n}") for n in range(5000)]
    one = crowd(marks)
    random.Random(1).shuffle(marks)
    assert crowd(marks) == one
    assert len(one.sample) == SAMPLE * MARK_BYTES


def test_broken_sample_of_another_worker_raises_nothing() -> None:
    assert distinct([Crowd(3, b"abc"), of([1])]) >= 3
    assert distinct([Crowd(-1, b""), of([1])]) >= 0
