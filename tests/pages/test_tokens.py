"""The design tokens: what the sheets use exists, has its value in one place, and has the contrast that it promises."""

import re
from pathlib import Path

import pytest

from nexus.http.framework.static import WEB

SHEETS = sorted((WEB / "screens").rglob("*.css"))
TOKENS = (WEB / "screens" / "tokens.css").read_text()
_BLOCK = re.compile(r"(?m)^( *)(:root[^{]*) \{\n(.*?)^\1\}", re.DOTALL)
_VALUE = re.compile(r"(?m)^\s*(--[\w-]+): ([^;]+);")

TEXT, GRAPHICS = 4.5, 3.0
"""The least contrast of text, and of what has to be seen (WCAG 2.2, 1.4.3 and 1.4.11)."""
ON_GROUNDS = {"--ink": TEXT, "--faint": TEXT, "--accent": TEXT, "--edge": GRAPHICS}
PAIRS = (
    *(("--good", "--good-ground"), ("--warn", "--warn-ground"), ("--bad", "--bad-ground")),
    *(("--on-accent", "--accent"), ("--accent", "--accent-ground"), ("--ink", "--bar"), ("--ink", "--accent-ground")),
)


def blocks() -> dict[str, dict[str, str]]:
    """The values by the selector that they stand below."""
    return {selector: dict(_VALUE.findall(body)) for _, selector, body in _BLOCK.findall(TOKENS)}


LIGHT = blocks()[":root"]
DARK = {**LIGHT, **blocks()[':root:not([data-theme="light"])']}


def test_dark_by_choice_is_dark_by_the_system() -> None:
    assert blocks()[':root[data-theme="dark"]'] == blocks()[':root:not([data-theme="light"])']


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.relative_to(WEB).as_posix())
def test_every_property_that_a_sheet_uses_has_a_value(sheet: Path) -> None:
    text = sheet.read_text()
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
