"""How a stage is laid out, for tests: brought to a size, and measured for what overlaps or is cut off."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from playwright.async_api import Page, expect

from tests.support.live_page import painted

FITTED_S = 10.0
"""Until a stage has room for everything, however late a part of it comes."""
MEASURE = """() => {
  const least = 14;  // px of type
  const faults = [];
  const apart = ".unseen, .controls, .toast, .donut svg, dialog, #event-title";  // the last ends with its room
  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(apart);
  const all = [...document.querySelectorAll("body *")].filter(shown);
  const within = (box, edge) => box.left > edge.left - 1 && box.right < edge.right + 1 &&
    box.top > edge.top - 1 && box.bottom < edge.bottom + 1;
  const name = (node) => `${node.localName}#${node.id}.${node.className} '${node.textContent.trim().slice(0, 20)}'`;
  const boxes = all.flatMap((node) => {
    const texts = [...node.childNodes].filter(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
    const boxes = texts.map((text) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return { node, box: range.getBoundingClientRect() };
    });
    return node.localName === "img" ? [{ node, box: node.getBoundingClientRect() }] : boxes;
  });
  const { scrollHeight, clientWidth } = document.scrollingElement;
  const stage = document.querySelector(".stage");
  const inside = (node) => stage?.contains(node);
  const edge = stage ? parseFloat(getComputedStyle(stage).padding) : 0;
  const whole = (stage ?? document.body).getBoundingClientRect();
  const lines = { top: whole.top + edge, bottom: whole.bottom - edge };
  const ground = { ...lines, left: whole.left + edge, right: whole.right - edge };
  for (const { node, box } of boxes) {
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < least) faults.push(`${name(node)}: type of ${size} px`);
    if (!within(box, { left: 0, right: clientWidth, top: -scrollY, bottom: scrollHeight - scrollY }))
      faults.push(`${name(node)}: outside, ${JSON.stringify(box)}`);
    const { left, right } = box;
    const glyphs = { left, right, top: box.top + size / 8, bottom: box.bottom - size / 8 };
    if (inside(node) && !within(glyphs, ground)) faults.push(`${name(node)}: in the edge of the stage`);
    for (let around = node; around; around = around.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(around);
      if (around === document.body || (overflowX === "visible" && overflowY === "visible")) continue;
      const edge = around.getBoundingClientRect();
      if (!within(box, edge))
        faults.push(`${name(node)}: cut off by ${around.localName}.${around.className}`);
    }
  }
  for (const node of all)
    if (node.clientWidth && node.scrollWidth > node.clientWidth + 1)
      faults.push(`${name(node)}: ${node.scrollWidth} px in ${node.clientWidth}`);
  boxes.sort((a, b) => a.box.top - b.box.top);
  boxes.forEach((one, at) => {
    for (const other of boxes.slice(at + 1)) {
      if (other.box.top > one.box.bottom - 1) break;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      if (across > 1 && Math.min(one.box.bottom, other.box.bottom) - other.box.top > 1)
        faults.push(`${name(one.node)} is overlapped by ${name(other.node)}`);
    }
  });
  return { faults: faults.slice(0, 8), number: faults.length, texts: boxes.length };
}"""
"""Finds texts that are too small, out of reach, cut off, too wide or overlapping."""


async def laid_out(page: Page) -> None:
    """Fails if a text of the stage stays cut off, overlapped, out of reach or too small: styles that come later than
    the first paint, as those of the time that is left, have it fit once more."""
    found: dict[str, Any] = {"number": 1}
    with suppress(TimeoutError):
        async with asyncio.timeout(FITTED_S):
            while found["number"]:
                await painted(page)
                found = await page.evaluate(MEASURE)
    assert found["texts"] > 5 and not found["number"], found


async def resized(page: Page, size: tuple[int, int]) -> None:
    """Returns once the page has fitted itself to a viewport."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await painted(page)


def texts_of(number: int, text: str) -> list[str]:
    """This many options with nearly this text: no two may be the same."""
    return [f"{text[: len(text) - 3 * (len(text) > 190)]}{n or ''}" for n in range(number)]


async def idle(page: Page) -> None:
    """Advance the clock until the controls are hidden, of which none keeps the focus."""
    await page.evaluate("document.activeElement.blur()")
    await page.clock.fast_forward(5000)
    await expect(page.locator("body.idle")).to_be_attached()
