"""Logos: whatever picture comes in, a plain PNG comes out, or it is refused; nothing else of the file is kept."""

import random
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from nexus.branding.picture import LONGEST_PX, MOST_PNG_BYTES, NoPicture, png_of

RED, CLEAR = (200, 10, 20, 255), (0, 0, 0, 0)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def red(mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    return Image.new("RGBA", size, RED).convert(mode)


def made(body: bytes) -> Image.Image:
    """The logo of `body`, read again."""
    image = Image.open(BytesIO(png_of(body)))
    image.load()
    assert image.format == "PNG"
    return image


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = image.convert("RGBA").getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= 12 for one, other in zip(found, colour, strict=True))


KINDS = {
    "png": saved(red(), "PNG"),
    "png with a palette": saved(red("P"), "PNG"),
    "png of one bit": saved(Image.new("1", (40, 20), 1), "PNG"),
    "jpeg": saved(red(), "JPEG"),
    "progressive jpeg": saved(red(), "JPEG", progressive=True),
    "jpeg in CMYK": saved(red().convert("CMYK"), "JPEG"),
    "jpeg in grey": saved(red("L"), "JPEG"),
    "webp": saved(red(), "WEBP"),
    "webp without loss": saved(red("RGBA"), "WEBP", lossless=True),
    "gif": saved(red("P"), "GIF"),
    "animated gif": saved(red(), "GIF", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")] * 3),
    "animated webp": saved(red(), "WEBP", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")] * 3),
    "animated png": saved(red(), "PNG", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")] * 3),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_png_of_one_frame(kind: str) -> None:
    image = made(KINDS[kind])
    assert image.size == (40, 20)
    assert getattr(image, "n_frames", 1) == 1
    if kind not in ("png of one bit", "jpeg in grey"):
        assert near(image, (10, 10), RED), image.convert("RGBA").getpixel((10, 10))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparency_stays(kind: str) -> None:
    image = Image.new("RGBA", (8, 8), CLEAR)
    image.paste(RED, (0, 0, 4, 8))
    kept = made(saved(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert near(kept, (1, 1), RED)
    assert kept.convert("RGBA").getpixel((7, 7))[3] == 0  # type: ignore[index]


def test_grey_of_sixteen_bits_is_scaled() -> None:
    image = Image.new("I;16", (4, 4), 0x8000)
    assert near(made(saved(image, "PNG")), (1, 1), (128, 128, 128, 255))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = made(saved(red(size=(40, 20)), "JPEG", exif=exif))
    assert image.size == ((40, 20) if orientation < 5 else (20, 40))


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "home address"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "home address")
    text.add_itxt("XML:com.adobe.xmp", "home address")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for body in (
        saved(red(), "JPEG", exif=exif, comment=b"home address", icc_profile=profile),
        saved(red(), "PNG", pnginfo=text, exif=exif, icc_profile=profile, dpi=(300, 300)),
        saved(red(), "WEBP", exif=exif, xmp=b"home address", icc_profile=profile),
        saved(red("P"), "GIF", comment=b"home address"),
    ):
        png = png_of(body)
        assert chunks(png) <= {b"IHDR", b"IDAT", b"IEND"}
        assert b"home address" not in png


def chunks(png: bytes) -> set[bytes]:
    found, place = set(), 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        found.add(png[place + 4 : place + 8])
        place += 12 + length
    return found


def test_what_stands_behind_a_picture_is_gone() -> None:
    assert b"<script>" not in png_of(KINDS["png"] + b"<script>alert(1)</script>")


@pytest.mark.parametrize("size", [(3000, 1500), (1500, 3000), (4000, 1)])
def test_a_large_picture_is_scaled(size: tuple[int, int]) -> None:
    image = made(saved(red(size=size), "PNG"))
    assert max(image.size) == LONGEST_PX


def test_a_logo_stays_small_enough_for_phones() -> None:
    noise = Image.frombytes("RGB", (900, 900), random.Random(7).randbytes(900 * 900 * 3))
    png = png_of(saved(noise, "JPEG", quality=20))
    assert len(png) <= MOST_PNG_BYTES
    assert min(made(png).size) > 100


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it has many pixels, in few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 20_000_000, zip=True)
    return saved(red(), "PNG", pnginfo=info)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "nothing": b"",
    "text": b"<!doctype html><script>alert(1)</script>",
    "an SVG": SVG,
    "an SVG behind a declaration": b'<?xml version="1.0"?>\n' + SVG,
    "a BMP": saved(red(), "BMP"),
    "a TIFF": saved(red(), "TIFF"),
    "an ICO": saved(red("RGBA", (16, 16)), "ICO"),
    "a PDF": saved(red(), "PDF"),
    "a JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 40,
    "a PNG of a hundred million pixels": bomb(10_000, 10_000),
    "a PNG of a thousand million pixels": bomb(60_000, 60_000),
    "a PNG of a large text": text_bomb(),
    "half a PNG": saved(Image.effect_noise((200, 200), 90), "PNG")[:9000],
    "half a JPEG": saved(Image.effect_noise((200, 200), 90), "JPEG")[:2000],
    "half a WebP": saved(Image.effect_noise((200, 200), 90).convert("RGB"), "WEBP")[:2000],
    "a quarter of a GIF": KINDS["gif"][:20],
    "a PNG's signature": b"\x89PNG\r\n\x1a\n",
    "a JPEG's beginning": b"\xff\xd8\xff\xe0",
    "a large GIF in few bytes": b"GIF89a\xff\xff\xff\xff\x80\0\0"
    + b"\0\0\0\xff\xff\xff"
    + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;",
}


@pytest.mark.parametrize("what", REFUSED)
def test_anything_else_is_refused(what: str) -> None:
    with pytest.raises(NoPicture):
        png_of(REFUSED[what])


def test_a_damaged_picture_is_refused_or_becomes_a_png() -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for name, body in KINDS.items():
        for _ in range(25):
            damaged = bytearray(body)
            for _ in range(chance.randint(1, 8)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            try:
                image = made(bytes(damaged))
            except NoPicture:
                continue
            assert max(image.size) <= LONGEST_PX, (seed, name)
