"""Colours that people can read: from the one that an organisation chose, those that a page needs, light and dark.

The hue is kept, and the lightness moved only as far as the contrast takes it (WCAG 2.2, 1.4.3). Lightness, chroma and
hue are those of OKLCH (CSS Color 4, section 9.3), in which equal steps look equal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

TEXT_CONTRAST = 4.5
"""The least ratio of a text to what is behind it (WCAG 2.2, 1.4.3)."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")
# How fine lightness is searched: a step that nobody sees.
_STEP = 0.004
_CHROMA_HALVINGS = 16


class Scheme(NamedTuple):
    """What of nexus/web/screens/tokens.css an accent has to stand out from; a test holds the two to each other."""

    ink: str
    grounds: tuple[str, ...]
    """Behind texts in the accent: `--paper`, `--card` and `--raised`."""
    tint: tuple[float, float]
    """The lightness and the most chroma of a ground tinted with the accent."""
    bar: tuple[float, float]
    """Those of a fill behind text."""
    on_accent: tuple[float, float]
    """Those of what is written on the accent."""
    darker: bool
    """Whether an accent that can't be read gets darker here, or lighter."""


LIGHT = Scheme("#14142b", ("#f4f4f9", "#ffffff"), (0.955, 0.03), (0.88, 0.07), (1.0, 0.0), darker=True)
DARK = Scheme("#f2f2f9", ("#0d0e17", "#181a27", "#212436"), (0.29, 0.06), (0.39, 0.1), (0.2, 0.05), darker=False)


class Accents(msgspec.Struct, frozen=True):
    """The colours of one scheme, as `#rrggbb`; every text on them has a contrast of `TEXT_CONTRAST` or more."""

    accent: str
    """For texts, lines and filled buttons."""
    on_accent: str
    """What is written on it."""
    accent_ground: str
    """A ground tinted with it, for text in the accent or in ink."""
    bar: str
    """A fill behind text in ink."""


class AccentPair(msgspec.Struct, frozen=True):
    """The colours made of one accent, for light and for dark pages."""

    light: Accents
    dark: Accents


def is_colour(text: str) -> bool:
    """Whether `text` is a colour as Nexus keeps it: `#rrggbb` in lower case."""
    return _COLOUR.fullmatch(text) is not None


def accents(colour: str) -> AccentPair:
    """The colours of an accent `#rrggbb`: the accent itself wherever it can be read, else the nearest of its hue."""
    return AccentPair(_accents(colour, LIGHT), _accents(colour, DARK))


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def hue(colour: str) -> float | None:
    """The hue in degrees; None for a grey, which has none that anybody sees."""
    lightness, chroma, degrees = _to_oklch(colour)
    return degrees if chroma > 0.02 and 0.0 < lightness < 1.0 else None


def _accents(colour: str, scheme: Scheme) -> Accents:
    lightness, chroma, degrees = _to_oklch(colour)
    tint = _of(scheme.tint, chroma, degrees)
    accent = _readable(colour, (lightness, chroma, degrees), (*scheme.grounds, tint), darker=scheme.darker)
    on_accent = _of(scheme.on_accent, chroma, degrees)
    return Accents(accent, on_accent, tint, _of(scheme.bar, chroma, degrees))


def _of(wanted: tuple[float, float], chroma: float, degrees: float) -> str:
    return _from_oklch(wanted[0], min(chroma, wanted[1]), degrees)


def _readable(colour: str, place: tuple[float, float, float], grounds: Sequence[str], *, darker: bool) -> str:
    """The colour, or the nearest of its hue that can be read on all `grounds`: at the end of the way is black or white,
    which can."""
    lightness, chroma, degrees = place
    found = colour
    while min(contrast(found, ground) for ground in grounds) < TEXT_CONTRAST:
        lightness += -_STEP if darker else _STEP
        found = _from_oklch(min(1.0, max(0.0, lightness)), chroma, degrees)
    return found


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    """Light of each primary, from 0 to 1."""
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _to_oklch(colour: str) -> tuple[float, float, float]:
    """Lightness, chroma and hue in degrees."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _from_oklch(lightness: float, chroma: float, degrees: float) -> str:
    """The colour, with as much of the chroma as a screen can show at this lightness."""
    least, most = 0.0, chroma
    if not _shown(_light_of(lightness, most, degrees)):
        for _ in range(_CHROMA_HALVINGS):
            middle = (least + most) / 2
            least, most = (middle, most) if _shown(_light_of(lightness, middle, degrees)) else (least, middle)
        most = least
    return "#" + "".join(f"{_encoded(part):02x}" for part in _light_of(lightness, most, degrees))


def _light_of(lightness: float, chroma: float, degrees: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(degrees)), chroma * math.sin(math.radians(degrees))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _shown(light: tuple[float, float, float]) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in light)


def _encoded(part: float) -> int:
    part = min(1.0, max(0.0, part))
    return round(255 * (part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055))
