"""The joiners that a name needs, and no others (RFC 5892, appendix A.1 and A.2; emoji of Unicode's UTS 51)."""

import pytest

from nexus.domain.brand import brand_problems
from nexus.domain.joiners import without_needed
from nexus.domain.text import username_problems

NEEDED = [
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: "I want"
    "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627",  # "books"
    "\u0628\u064e\u200c\u064e\u0628",  # marks on both letters
    "\u0915\u094d\u200c\u0937",  # Hindi: a virama that shows
    "\u0915\u094d\u200d\u0937",  # and a half letter
    "\u0d28\u0d4d\u200d",  # Malayalam: a consonant alone, at the end
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala: "Sri"
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\U0001f3f3\ufe0f\u200d\U0001f308",  # the flag of the rainbow
    "\U0001f469\U0001f3fd\u200d\u2695\ufe0f",  # a doctor with a tone of skin
]
NOT_NEEDED = [
    "a\u200cb",
    "a\u200db",
    "\u200c\u0628",
    "\u0628\u200c",
    "\u0628\u200d\u0628",  # they join already
    "\u062f\u200c\u0628",  # a letter that never joins to the next
    "\u0628\u200c\u0621",
    "\u0645\u06cc\u200c\u200c\u062e",
    "\u0915\u200c\u0937",
    "\U0001f468\u200d",
    "\u200d\U0001f468",
    "\U0001f468\u200da",
    "\U0001f468\u200d\u200d\U0001f469",
    "\U0001f468\u200c\U0001f469",
    "\u0628\u200b\u0628",
]


@pytest.mark.parametrize("name", NEEDED, ids=ascii)
def test_a_brand_is_named_with_the_joiners_of_its_script(name: str) -> None:
    assert brand_problems(name, None) == []
    assert set(without_needed(name)).isdisjoint("\u200c\u200d")
    assert username_problems(name) == [("username", "must not contain control or invisible characters")]


@pytest.mark.parametrize("name", NOT_NEEDED, ids=ascii)
def test_a_joiner_that_changes_nothing_is_refused(name: str) -> None:
    assert brand_problems(name, None) == [("name", "must not contain control or invisible characters")]
