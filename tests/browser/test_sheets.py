"""Minified sheets: a browser reads the same rules in them."""

from __future__ import annotations

import re

import pytest

from nexus.http.framework.static import WEB
from nexus.http.pages.minified import minified
from tests.support.browser import Chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = """(texts) => texts.map((text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map(({ cssText }) => cssText);
})"""


async def test_a_browser_reads_the_same_in_a_minified_sheet(chromium: Chromium) -> None:
    sheets = sorted((WEB / "screens").rglob("*.css"))
    written = [path.read_text() for path in sheets]
    served = [minified(path.name, path.read_bytes()).decode() for path in sheets]
    page = await chromium.browser.new_page()
    before, after = [await page.evaluate(RULES, texts) for texts in (written, served)]
    await page.close()
    bare = [path.name for path, rules in zip(sheets, before, strict=True) if not rules]
    assert len(sheets) > 8 and bare == ["host.css"]  # which only imports others: a sheet made by a script reads none
    for path, old, new in zip(sheets, before, after, strict=True):
        assert [spaced(rule) for rule in new] == [spaced(rule) for rule in old], path


def spaced(rule: str) -> str:
    """A rule with one space between words and none beside signs: a custom property keeps what it was written with."""
    return re.sub(r" ?([,(){}:;]) ?", r"\1", " ".join(rule.split()))
