"""The QR code of a poll's address, drawn as SVG or PNG: dark on white, whatever the page's colours."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

BORDER = 4
"""Modules of white around the code, which readers need (ISO/IEC 18004, section 6.3.8)."""

LEAST_WIDTH_PX = 1200
"""Pixels across a PNG, at least: enough for a slide, and for print as wide as a hand."""


def _made(address: str) -> QRCode:
    import segno  # not at the top: every start would load it, and few draw a code at once

    return segno.make_qr(address, error="m", boost_error=True)


def qr_svg(address: str) -> bytes:
    """The QR code of `address`, which scales to the space it is given."""
    out = BytesIO()
    _made(address).save(
        out,
        kind="svg",
        border=BORDER,
        dark="#000",
        light="#fff",
        xmldecl=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    return out.getvalue()


def qr_png(address: str) -> bytes:
    """The QR code of `address` as a picture of whole pixels, for programs that take no SVG."""
    out, code = BytesIO(), _made(address)
    scale = -(-LEAST_WIDTH_PX // code.symbol_size(border=BORDER)[0])
    code.save(out, kind="png", border=BORDER, scale=scale, dark="#000", light="#fff")
    return out.getvalue()
