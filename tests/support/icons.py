"""The icons of the web app manifest, drawn from `icon.svg` by a browser; run as a module, this writes them."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

from playwright.async_api import Browser

from nexus.http.framework.static import WEB
from tests.support.browser import launched

SCREENS = WEB / "screens"
SAFE = 0.8
"""The part of a maskable icon's width that no mask cuts (W3C, Web Application Manifest, "Icon masks")."""


class Icon(NamedTuple):
    """One picture: its size in pixels, and whether it fills its square, for those who cut its corners themselves."""

    size: int
    full: bool


ICONS = {
    "icons/192.png": Icon(192, full=False),
    "icons/512.png": Icon(512, full=False),
    "icons/maskable.png": Icon(512, full=True),
    "icons/apple.png": Icon(180, full=True),
}


def drawing(icon: Icon) -> str:
    """The picture as SVG, as large as it is to be."""
    svg = (SCREENS / "icon.svg").read_text().replace("<svg ", f'<svg width="{icon.size}" height="{icon.size}" ')
    if not icon.full:
        return svg
    found = re.fullmatch(r"(<svg [^>]*>)(<rect [^>]*?) rx=\"7\"([^>]*/>)(.*)(</svg>)\s*", svg)
    assert found is not None, "icon.svg is a rounded square, and what stands on it"
    edge = 16 * (1 - SAFE)
    inner = f'<g transform="translate({edge:g} {edge:g}) scale({SAFE})">{found[4]}</g>'
    return f"{found[1]}{found[2]}{found[3]}{inner}{found[5]}"


async def draw(browser: Browser, icon: Icon) -> bytes:
    """The picture as PNG."""
    page = await browser.new_page(viewport={"width": icon.size, "height": icon.size})
    try:
        await page.set_content(f"<style>body {{ margin: 0; line-height: 0 }}</style>{drawing(icon)}")
        return await page.screenshot(omit_background=True)
    finally:
        await page.close()


async def _write() -> None:
    async with launched() as chromium:
        for name, icon in ICONS.items():
            (SCREENS / name).write_bytes(await draw(chromium.browser, icon))


if __name__ == "__main__":
    asyncio.run(_write())
