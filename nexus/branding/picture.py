"""A picture from anywhere as the PNG that pages show: the only place where pictures are decoded."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

LONGEST_PX = 1024
"""The longest side of a logo; a larger picture is scaled down."""
MOST_PIXELS = 16_000_000
"""Of the picture that comes in: more than any camera's logo needs, and little enough for the memory of a process."""
MOST_PNG_BYTES = 128 * 1024
"""Of the logo: every phone in the room loads it. A picture that takes more is scaled down until it does not."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_SMALLER = 0.75


class NoPicture(Exception):
    """What came is no whole picture of a kind that is taken, or it is too large."""


def png_of(body: bytes) -> bytes:
    """A PNG of the picture in `body`, which its content makes PNG, JPEG, WebP or GIF, whatever it is called: upright,
    its first frame, in RGB with transparency, and without anything but the pixels. Raises `NoPicture`.

    The colours are taken as sRGB.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged part that the picture can do without
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _written(_decoded(body))
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoPicture from error
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, IndexError, TypeError) as error:
        # Pillow's decoders tell of a damaged file by any of these (ImageFile.load, Image.open).
        raise NoPicture from error


def _decoded(body: bytes) -> Image.Image:
    with Image.open(BytesIO(body), formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise NoPicture
        opened.load()
        return _plain(ImageOps.exif_transpose(opened))


def _plain(image: Image.Image) -> Image.Image:
    """As RGB with transparency; 16 bits of grey are scaled, not cut."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    return image.convert("RGBA")


def _written(image: Image.Image) -> bytes:
    image.info.clear()
    image.thumbnail((LONGEST_PX, LONGEST_PX))
    while len(png := _png(image)) > MOST_PNG_BYTES:
        image.thumbnail((max(1, int(image.width * _SMALLER)), max(1, int(image.height * _SMALLER))))
    return png


def _png(image: Image.Image) -> bytes:
    """Without an alpha channel where nothing is transparent: half of the bytes of a photograph."""
    opaque = image.getchannel("A").getextrema() == (255, 255)
    file = BytesIO()
    (image.convert("RGB") if opaque else image).save(file, "PNG", optimize=True)
    return file.getvalue()
