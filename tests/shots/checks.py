"""What must hold of every screen in every state; each check tells what it finds, or nothing."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

REACHED = """() => {
  const wanted = "a[href], button, input, select, textarea, summary, [tabindex]";
  const all = [...document.querySelectorAll(wanted)].filter((one) =>
    one.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && one.tabIndex >= 0 &&
    !one.disabled && !one.closest("[inert]"));
  const dialog = document.querySelector("dialog[open]");
  const inside = dialog ? all.filter((one) => dialog.contains(one)) : all;
  const groups = new Set();
  return inside.filter((one) => {
    if (one.type !== "radio") return true;
    if (groups.has(one.name)) return false;
    return groups.add(one.name);
  }).map((one) => {
    if (one.type === "radio") one = document.querySelector(`[name="${one.name}"]:checked`) ?? one;
    one.dataset.wanted = "";
    return one.outerHTML.slice(0, 120);
  });
}"""
"""Marks what the keyboard has to reach: of radio buttons that exclude each other one, and of an open dialog no more."""

FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  delete one.dataset.wanted;
  const held = one.closest("label, .choice, .option, li, fieldset") ?? one;
  const drawn = [[one], [held], [one, "::after"]].map((of) => getComputedStyle(...of));
  const ringed = drawn.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1);
  const box = one.getBoundingClientRect();
  const seen = box.bottom > 0 && box.top < innerHeight;
  return { name: one.outerHTML.slice(0, 120), ringed, seen };
}"""

NARROW = """() => {
  const faults = [];
  const { scrollWidth, clientWidth } = document.scrollingElement;
  if (scrollWidth > clientWidth) faults.push(`${scrollWidth} px in a window of ${clientWidth}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: around } = texts.currentNode;
    if (!data.trim() || around.closest(".unseen, svg")) continue;
    if (!around.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    if (lines > 3 && data.trim().length / lines < 3.5) faults.push(`a column of letters: ${data.trim().slice(0, 40)}`);
  }
  return faults;
}"""

MOVING = """() => {
  const moves = document.getAnimations().filter(({ playState }) => playState === "running");
  const named = moves.map(({ animationName, transitionProperty }) => animationName ?? transitionProperty);
  const slow = [...document.querySelectorAll("*")].filter((one) =>
    getComputedStyle(one).transitionDuration.split(",").some((text) => parseFloat(text) > 0));
  return [...named, ...slow.map((one) => `transition of ${one.outerHTML.slice(0, 80)}`)];
}"""

SIGNS = """() => {
  const faults = [];
  for (const one of document.querySelectorAll('[data-state="standing"], [data-state="kept"], [data-leads]')) {
    const told = [...one.querySelectorAll(".word, svg, .mark")].filter((sign) =>
      sign.checkVisibility({ visibilityProperty: true }) && (sign.localName === "svg" || sign.textContent.trim()));
    if (!told.length) faults.push(`only colour tells of ${one.textContent.trim().slice(0, 40)}`);
  }
  return faults;
}"""
"""Whether a vote that stands, and an option that leads, are told by more than colour."""


async def unreachable(page: Page) -> list[str]:
    """What the keyboard alone does not reach, and where its focus cannot be seen."""
    wanted: list[str] = await page.evaluate(REACHED)
    faults = []
    for _ in range(len(wanted) + 12):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(FOCUSED)
        if focused and not focused["ringed"]:
            faults.append(f"no ring around {focused['name']}")
        if focused and not focused["seen"]:
            faults.append(f"out of sight with the focus: {focused['name']}")
    left = await page.locator("[data-wanted]").evaluate_all("(all) => all.map((one) => one.outerHTML.slice(0, 120))")
    return sorted(set(faults)) + [f"never reached: {name}" for name in left]


async def narrow(page: Page, width: int, font_px: int) -> list[str]:
    """What does not fit a window of this width with that default size of text."""
    height = page.viewport_size["height"] if page.viewport_size else 700
    session = await page.context.new_cdp_session(page)
    await session.send("Page.setFontSizes", {"fontSizes": {"standard": font_px, "fixed": font_px}})
    await page.set_viewport_size({"width": width, "height": height})
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found: list[str] = await page.evaluate(NARROW)
    await session.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    await session.detach()
    return [f"{width} px, {font_px} px of text: {one}" for one in found]


async def moving(page: Page) -> list[str]:
    """What moves though less motion was asked for."""
    found: list[str] = await page.evaluate(MOVING)
    return [f"moves: {one}" for one in found]


async def coloured_only(page: Page, **media: Any) -> list[str]:
    """What only its colour tells, and where the focus is lost, in forced colours."""
    await page.emulate_media(forced_colors="active", **media)
    found: list[str] = await page.evaluate(SIGNS)
    found += await unreachable(page)
    await page.emulate_media(forced_colors="none", **media)
    return [f"forced colours: {one}" for one in found]
