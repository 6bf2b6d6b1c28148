"""Takes pictures of states: in sizes, light and dark."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.shots.stand import Stand, State, Visit, visiting

Scheme = Literal["light", "dark"]

SIZES = ("320x640", "360x740", "768x1024", "1024x768", "1280x720", "1920x1080", "1080x1920", "3840x2160")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LONGEST = 1.6
"""How far a page that scrolls is pictured, in heights of its window."""
PHONE_PX = 480
"""Up to this width the audience's pages are pictured as their window shows them: its lower edge lies on them."""
ARRANGE_S = 60.0


@dataclass(frozen=True)
class Picture:
    """A state as it looked."""

    state: State
    language: str
    size: str
    scheme: Scheme
    path: Path


def size_of(text: str) -> tuple[int, int]:
    """The pixels of a size such as `1280x720`. Raises ValueError, which says so, for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if found is None:
        raise ValueError(f"{text!r} is not a width and a height in pixels, such as 1280x720")
    return int(found[1]), int(found[2])


async def pictures(
    stand: Stand,
    state: State,
    language: str,
    sizes: Sequence[str],
    schemes: Sequence[Scheme],
    folder: Path,
    *,
    longest: float = LONGEST,
) -> AsyncIterator[Picture]:
    """Bring a page into the state once, and take it in each size and scheme. Raises what `arrange` raises."""
    touch = state.screen == "vote"  # what a mouse points at looks otherwise
    async with visiting(stand, language, viewport=size_of(sizes[0]), has_touch=touch) as visit:
        async with asyncio.timeout(ARRANGE_S):
            await state.arrange(visit)
        for size in sizes:
            width, height = size_of(size)
            await visit.page.set_viewport_size({"width": width, "height": height})
            for scheme in schemes:
                await visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                name = re.sub(r"\W+", "-", f"{state.screen} {state.name} {language} {size} {scheme}")
                path = folder / f"{name}.png"
                as_seen = state.screen in ("vote", "enter") and width <= PHONE_PX
                await _take(visit, path, width, height, 1 if as_seen else longest)
                yield Picture(state, language, size, scheme, path)


async def _take(visit: Visit, path: Path, width: int, height: int, longest: float) -> None:
    await visit.settled()
    whole = await visit.page.evaluate("document.scrollingElement.scrollHeight")
    tall = min(whole, round(height * longest))
    if tall > height:  # a taller window, so that what sticks to its lower edge stays there
        await visit.page.set_viewport_size({"width": width, "height": tall})
        await visit.settled()
    await visit.page.screenshot(path=path, animations="disabled")
    if tall > height:
        await visit.page.set_viewport_size({"width": width, "height": height})
