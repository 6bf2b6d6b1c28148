"""The design tokens: what the sheets use exists, has its value in one place, and has the contrast that it promises."""

import re
from itertools import combinations
from math import dist
from pathlib import Path

import pytest

from nexus.http.framework.static import WEB

SHEETS = sorted((WEB / "screens").rglob("*.css"))
TOKENS = (WEB / "screens" / "tokens.css").read_text()
_BLOCK = re.compile(r"(?m)^( *)((?::root|\[data)[^{]*) \{\n(.*?)^\1\}", re.DOTALL)
_VALUE = re.compile(r"(?m)^\s*(--[\w-]+): ([^;]+);")

TEXT, GRAPHICS = 4.5, 3.0
"""The least contrast of text, and of what has to be seen (WCAG 2.2, 1.4.3 and 1.4.11)."""
APART, WELL_APART = 6.5, 11.0
"""The least distance of two options' colours, and of the first four, in hundredths of OKLab: 2 can just be seen."""
SIGHTS = {
    "full": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
"""What is seen of linear red, green and blue (Machado, Oliveira and Fernandes 2009, severity 1)."""
ON_GROUNDS = {"--ink": TEXT, "--faint": TEXT, "--accent": TEXT, "--edge": GRAPHICS}
PAIRS = (
    *(("--good", "--good-ground"), ("--warn", "--warn-ground"), ("--bad", "--bad-ground")),
    *(("--on-accent", "--accent"), ("--accent", "--accent-ground"), ("--ink", "--bar"), ("--ink", "--accent-ground")),
)


def blocks() -> dict[str, dict[str, str]]:
    """The values by the selector that they stand below."""
    return {selector: dict(_VALUE.findall(body)) for _, selector, body in _BLOCK.findall(TOKENS)}


LIGHT = blocks()[':root,\n[data-theme="light"]']
DARK = {**LIGHT, **blocks()[':root:not([data-theme="light"])']}


def test_dark_by_choice_is_dark_by_the_system() -> None:
    assert blocks()['[data-theme="dark"]'] == blocks()[':root:not([data-theme="light"])']


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.relative_to(WEB).as_posix())
def test_every_property_that_a_sheet_uses_has_a_value(sheet: Path) -> None:
    page = sheet.parent.with_suffix(".css")  # whose sheet is there already, if it has one
    text = sheet.read_text() + (page.read_text() if page.exists() else "")
    scripts = "".join(path.read_text() for path in (WEB / "screens").rglob("*.js"))
    given = {name for name, _ in _VALUE.findall(TOKENS + text)} | set(re.findall(r'"(--[\w-]+)"', scripts))
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert used <= given, used - given


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_have_the_contrast_that_people_need(scheme: dict[str, str]) -> None:
    for ground in ("--paper", "--card"):
        for name, least in ON_GROUNDS.items():
            assert contrast(scheme[name], scheme[ground]) >= least, (name, ground)
    for name, ground in PAIRS:
        assert contrast(scheme[name], scheme[ground]) >= TEXT, (name, ground)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of `#rgb` or `#rrggbb` (WCAG 2.2, "relative luminance")."""
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (_linear(int(digits[n : n + 2], 16) / 255) for n in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_colours_of_options_are_told_apart_by_everybody(scheme: dict[str, str]) -> None:
    options = [scheme[f"--option-{n}"] for n in range(1, 9)]
    for ground in ("--card", "--groove"):
        assert min(contrast(one, scheme[ground]) for one in options) >= GRAPHICS, ground
    for sight in SIGHTS:
        seen = [as_seen(one, sight) for one in options]
        assert min(dist(*pair) for pair in combinations(seen, 2)) * 100 >= APART, sight
        assert min(dist(*pair) for pair in combinations(seen[:4], 2)) * 100 >= WELL_APART, sight


def as_seen(colour: str, sight: str) -> tuple[float, float, float]:
    """`#rrggbb` as somebody with this sight sees it, in OKLab."""
    given = [_linear(int(colour[n : n + 2], 16) / 255) for n in (1, 3, 5)]
    red, green, blue = (max(0.0, sum(m * part for m, part in zip(row, given, strict=True))) for row in SIGHTS[sight])
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
    )
