"""Puts several pictures on one, with captions, so that a person can look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.shots.camera import Picture, size_of

WIDTH = 1600
HIGHEST = 2000
GAP = 12
CAPTION = 22
PAPER, INK = "#808590", "#ffffff"
"""Apart from both the light and the dark pages."""


def write_sheets(pictures: Sequence[Picture], folder: Path) -> list[Path]:
    """Write the pictures of one screen, language and size as sheets into `folder`; returns where they are."""
    first = pictures[0]
    name = f"{first.state.screen}-{first.language}-{first.size}"
    written = []
    for number, rows in enumerate(_sheets(pictures), 1):
        path = folder / f"{name}-{number}.png"
        _draw(rows, _columns(first.size)).save(path)
        written.append(path)
    return written


def _columns(size: str) -> int:
    width, height = size_of(size)
    return 6 if width < height else 4


def _thumbs(pictures: Sequence[Picture]) -> Iterator[tuple[str, Image.Image]]:
    across = (WIDTH - GAP) // _columns(pictures[0].size) - GAP
    for picture in pictures:
        with Image.open(picture.path) as opened:
            small = opened.convert("RGB")
        yield (
            f"{picture.state.name} ({picture.scheme})",
            small.resize((across, round(small.height * across / small.width)), Image.Resampling.LANCZOS),
        )


def _sheets(pictures: Sequence[Picture]) -> Iterator[list[list[tuple[str, Image.Image]]]]:
    """The rows of each sheet."""
    columns, thumbs = _columns(pictures[0].size), list(_thumbs(pictures))
    rows = [thumbs[n : n + columns] for n in range(0, len(thumbs), columns)]
    sheet: list[list[tuple[str, Image.Image]]] = []
    for row in rows:
        if sheet and sum(map(_height, [*sheet, row])) > HIGHEST:
            yield sheet
            sheet = []
        sheet.append(row)
    yield sheet


def _height(row: Sequence[tuple[str, Image.Image]]) -> int:
    return max(small.height for _, small in row) + CAPTION + GAP


def _draw(rows: Sequence[Sequence[tuple[str, Image.Image]]], columns: int) -> Image.Image:
    sheet = Image.new("RGB", (WIDTH, sum(map(_height, rows)) + GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    top = GAP
    for row in rows:
        for place, (caption, small) in enumerate(row):
            left = GAP + place * ((WIDTH - GAP) // columns)
            pen.text((left, top), caption, INK, font=font)
            sheet.paste(small, (left, top + CAPTION))
        top += _height(row)
    return sheet
