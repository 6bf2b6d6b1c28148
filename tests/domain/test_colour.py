"""Accents: whatever colour an organisation has, people can read what is written in it and on it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.domain.colour import DARK, LIGHT, TEXT_CONTRAST, Accents, Scheme, accents, contrast, hue, is_colour
from nexus.http.framework.static import WEB

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
HOSTILE = ("#000000", "#ffffff", "#808080", "#ffff00", "#0000ff", "#00ff00", "#ff0000", "#010101", "#fefefe", "#ff00ff")
TURN = 20.0
"""Degrees within which a hue still has the same name: a dark yellow is moved a little by the screen's own limits."""


def readable(found: Accents, scheme: Scheme) -> None:
    for ground in (*scheme.grounds, found.accent_ground):
        assert contrast(found.accent, ground) >= TEXT_CONTRAST, (found, ground)
    assert contrast(found.on_accent, found.accent) >= TEXT_CONTRAST, found
    assert contrast(scheme.ink, found.accent_ground) >= TEXT_CONTRAST, found
    assert contrast(scheme.ink, found.bar) >= TEXT_CONTRAST, found


def same_hue(one: str, other: str) -> bool:
    before, after = hue(one), hue(other)
    if before is None or after is None:  # a grey; or so light or dark that no hue is left
        return True
    return min(abs(before - after), 360 - abs(before - after)) <= TURN


@given(COLOURS)
def test_everything_written_in_an_accent_or_on_it_can_be_read(colour: str) -> None:
    found = accents(colour)
    readable(found.light, LIGHT)
    readable(found.dark, DARK)


@pytest.mark.parametrize("colour", HOSTILE)
def test_extreme_colours_can_be_read_too(colour: str) -> None:
    readable(accents(colour).light, LIGHT)
    readable(accents(colour).dark, DARK)


@given(COLOURS)
def test_the_hue_stays(colour: str) -> None:
    found = accents(colour)
    for one in (found.light, found.dark):
        assert same_hue(colour, one.accent), (colour, one)


@given(COLOURS)
def test_every_colour_made_is_one(colour: str) -> None:
    found = accents(colour)
    for one in (found.light, found.dark):
        assert all(is_colour(made) for made in (one.accent, one.on_accent, one.accent_ground, one.bar)), one


def test_a_colour_that_can_be_read_is_used_as_it_is() -> None:
    assert accents("#4338ca").light.accent == "#4338ca"
    assert accents("#a9a4ff").dark.accent == "#a9a4ff"


@pytest.mark.parametrize(
    "text", ["", "#fff", "#FFFFFF", "red", "#ffffff0", "ffffff", "#fffffg", "#ffffff\n", "#ｆfffff"]
)
def test_anything_else_is_no_colour(text: str) -> None:
    assert not is_colour(text)


@pytest.mark.parametrize(
    ("scheme", "selector"), [(LIGHT, ':root,\n[data-theme="light"] {'), (DARK, '\n[data-theme="dark"] {')]
)
def test_the_grounds_are_those_of_the_sheet(scheme: Scheme, selector: str) -> None:
    sheet = (WEB / "screens" / "tokens.css").read_text()
    values = dict(re.findall(r"--([\w-]+): ([^;]+);", sheet.partition(selector)[2].partition("\n}")[0]))
    whole = {name: re.sub(r"^#(.)(.)(.)$", r"#\1\1\2\2\3\3", value) for name, value in values.items()}
    assert whole["ink"] == scheme.ink
    assert {whole[name] for name in ("paper", "card", "raised")} == set(scheme.grounds)
