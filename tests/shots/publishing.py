"""The pictures of README.md and docs/styleguide.md, made anew: `scripts/shots --documents`."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.async_api import expect

from tests.shots.camera import SCHEMES, Picture, pictures, size_of
from tests.shots.sheets import write_sheets
from tests.shots.stand import Stand, State, visiting
from tests.shots.states import STATES
from tests.support.audience_acts import vote
from tests.support.checkout import ROOT
from tests.support.live_page import TOUCH_MS
from tests.support.values import Json

IMAGES = ROOT / "docs" / "images"
README = (
    ("vote", "event: a question", "390x760", "vote"),
    ("live", "event, a question", "1280x720", "live"),
    ("host", "event that runs", "1280x800", "host"),
    ("host", "live control", "390x760", "control"),
)
"""Screen, state and size of each of README's pictures, and the name of its files."""
SHEETS = (
    ("vote", "360x740", "", "states-vote"),
    ("live", "1280x720", "", "states-live"),
    ("host", "1280x720", "", "states-host"),
    ("vote", "360x740", "event", "events-vote"),
    ("live", "1280x720", "event", "events-live"),
    ("host", "1280x720", "event", "events-host"),
    ("host", "360x740", "live control", "events-control"),
)
"""Screen, size and name of each picture of many states: those whose name begins so, or of a poll."""
OF_EVENTS = ("event", "live control", "new event", "history of an event", "question of an event", "polls of an event")
"""How the names of states begin that show an event."""
FRAMES = 36
FRAME_MS = 110
BALLOTS = (1, 0, 1, 2, 1, 1, 0, 3, 1, 1, 4, 1)
"""What the audience of the moving picture votes, one after another."""


def found(screen: str, name: str) -> State:
    """The state of this name."""
    return next(state for state in STATES if (state.screen, state.name) == (screen, name))


async def publish(stand: Stand, folder: Path) -> None:
    """Write all pictures of the documents into docs/images; `folder` is for what they are made of."""
    IMAGES.mkdir(exist_ok=True)
    for screen, name, size, file in README:
        async for shot in pictures(stand, found(screen, name), "en", [size], SCHEMES, folder, longest=1):
            _write(shot.path, IMAGES / f"{file}-{shot.scheme}.png")
    await _moving(stand, IMAGES / "arriving.webp")
    for screen, size, begins, file in SHEETS:
        taken: list[Picture] = []
        for state in STATES:
            if state.screen == screen and _belongs(state.name, begins):
                taken += [shot async for shot in pictures(stand, state, "en", [size], ["light"], folder)]
        _join(write_sheets(taken, folder), IMAGES / f"{file}.webp")


def _belongs(name: str, begins: str) -> bool:
    return name.startswith(begins) if begins else not name.startswith(OF_EVENTS)


def _write(source: Path, target: Path) -> None:
    with Image.open(source) as opened:
        opened.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    _tell(target)


def _tell(target: Path) -> None:
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} KB")


def _join(sheets: Sequence[Path], target: Path) -> None:
    """Put sheets below each other, small enough for a document."""
    opened = [Image.open(path) for path in sheets]
    whole = Image.new("RGB", (opened[0].width, sum(one.height for one in opened)))
    top = 0
    for one in opened:
        whole.paste(one, (0, top))
        top += one.height
    whole.save(target, quality=80, method=6)
    _tell(target)


async def _moving(stand: Stand, target: Path) -> None:
    """A stage on which votes arrive."""
    width, height = size_of("960x540")
    async with visiting(stand, viewport=(width, height), reduced_motion="no-preference") as visit:
        poll = await visit.poll("arriving", 5, votes=(6, 4, 3, 2, 1))
        await visit.enter(f"/live/{poll['code']}")
        await expect(visit.page.locator("body.idle")).to_be_attached(timeout=TOUCH_MS)  # nobody is at the controls
        voting = asyncio.create_task(_vote(stand, poll))
        frames = []
        for _ in range(FRAMES):
            begun = asyncio.get_running_loop().time()
            frames.append(Image.open(io.BytesIO(await visit.page.screenshot())).convert("RGB"))
            await asyncio.sleep(max(0.0, begun + FRAME_MS / 1000 - asyncio.get_running_loop().time()))
        await voting
    small = [frame.resize((800, 450), Image.Resampling.LANCZOS) for frame in frames]
    times = [FRAME_MS] * (len(small) - 1) + [1500]
    small[0].save(target, save_all=True, append_images=small[1:], duration=times, loop=0, quality=70, method=6)
    _tell(target)


async def _vote(stand: Stand, poll: Json) -> None:
    for n, place in enumerate(BALLOTS):
        await asyncio.sleep(FRAMES * FRAME_MS / 1000 / (len(BALLOTS) + 3))
        await stand.audience.voter(500 + n).act(vote(poll, place))
