"""The icons of the web app manifest are what `icon.svg` shows."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.support.browser import Chromium
from tests.support.icons import ICONS, SCREENS, draw
from tests.support.thorough import SLOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPARE = """async (sources) => {
  const [one, other] = await Promise.all(sources.map(async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const { width, height } = image;
    const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, width, height).data;
  }));
  return one.reduce((sum, part, at) => sum + Math.abs(part - other[at]), 0) / one.length;
}"""
"""How much two pictures differ, on average, of 255."""


@SLOW
@pytest.mark.parametrize("name", ICONS)
async def test_an_icon_shows_what_the_drawing_shows(chromium: Chromium, name: str) -> None:
    kept, drawn = (SCREENS / name).read_bytes(), await draw(chromium.browser, ICONS[name])
    page = await chromium.browser.new_page()
    try:
        difference = await page.evaluate(COMPARE, [b64encode(kept).decode(), b64encode(drawn).decode()])
    finally:
        await page.close()
    assert difference < 2
