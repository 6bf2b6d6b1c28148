"""Words for people that depend on numbers."""

from nexus.domain.text import counted, range_rule, text_problems


def test_one_thing_has_no_plural() -> None:
    assert [counted(n, "choice") for n in (0, 1, 2)] == ["0 choices", "1 choice", "2 choices"]


def test_a_range_of_one_number_is_that_number() -> None:
    assert (range_rule(1, 1), range_rule(1, 3)) == ("must be 1", "must be from 1 to 3")


def test_a_text_that_may_be_empty_has_only_a_largest_length() -> None:
    assert text_problems("a", "xxx", 2, shortest=0) == [("a", "must have at most 2 characters")]
    assert text_problems("a", "xxx", 2) == [("a", "must have 1 to 2 characters")]
