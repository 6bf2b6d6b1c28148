"""The QR code of a poll's address, drawn as SVG."""

from __future__ import annotations

from io import BytesIO

BORDER = 4
"""Modules of white around the code, which readers need (ISO/IEC 18004, section 6.3.8)."""


def qr_svg(address: str) -> bytes:
    """The QR code of `address`, which scales to the space it is given: dark on white, whatever the page's colours."""
    import segno  # not at the top: every start would load it, and few draw a code at once

    out = BytesIO()
    code = segno.make_qr(address, error="m", boost_error=True)
    code.save(
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
