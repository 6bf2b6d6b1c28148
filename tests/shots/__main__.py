"""Pictures of every screen in its main states, and sheets of them, in `screenshots/shots`.

    scripts/shots [--screen live] [--state open] [--size 1280x720] [--scheme dark] [--language ar]

Each option can be given several times; without one, all are taken, but the language from the right only in two sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import sys
import tempfile
from pathlib import Path

from nexus.embedded import PrivatePostgres
from tests.shots.camera import SCHEMES, SIZES, Picture, pictures, size_of
from tests.shots.publishing import publish
from tests.shots.sheets import write_sheets
from tests.shots.stand import SETTINGS, Stand, State, stand_at
from tests.shots.states import SCREENS, STATES
from tests.shots.texts import TEXTS
from tests.support.browser import SCREENSHOTS, launched
from tests.support.served import serving

FEW_SIZES = ("360x740", "1280x720")
"""For the languages after the first, if none is asked for."""


async def take(arguments: argparse.Namespace) -> int:
    """Take what is asked for; returns how many states could not be reached."""
    out: Path = arguments.out
    shutil.rmtree(out, ignore_errors=True)
    (out / "single").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, PrivatePostgres(Path(folder)) as address:
        async with (
            serving(Path(folder) / "server", address.url, **SETTINGS) as server,
            launched() as chromium,
            stand_at(server, address.url, chromium) as stand,
        ):
            if arguments.documents:
                await publish(stand, out / "single")
                return 0
            return await _take_all(arguments, stand, out)


async def _take_all(arguments: argparse.Namespace, stand: Stand, out: Path) -> int:
    missed = 0
    for language, screen in itertools.product(arguments.language or TEXTS, arguments.screen or SCREENS):
        sizes = arguments.size or (SIZES if language == next(iter(TEXTS)) or arguments.language else FEW_SIZES)
        taken: list[Picture] = []
        for state in STATES:
            if state.screen == screen and _wanted(state, arguments.state):
                try:
                    shots = pictures(stand, state, language, sizes, arguments.scheme or SCHEMES, out / "single")
                    taken += [shot async for shot in shots]
                except Exception as error:  # noqa: BLE001 - the other states are still worth looking at
                    missed += 1
                    print(f"{screen}, {state.name}: {error!r}")
        for size in sizes:
            of_size = [shot for shot in taken if shot.size == size]
            for path in write_sheets(of_size, out) if of_size else ():
                print(path, flush=True)
    return missed


def _wanted(state: State, names: list[str] | None) -> bool:
    return not names or any(name in state.name for name in names)


def parser() -> argparse.ArgumentParser:
    """What a caller may ask for."""
    about = __doc__.splitlines()[0] if __doc__ else ""
    made = argparse.ArgumentParser(prog="scripts/shots", description=about)
    made.add_argument("--screen", action="append", choices=SCREENS)
    made.add_argument("--state", action="append", help="a part of the name of a state")
    made.add_argument("--size", action="append", type=_size, help="such as 1280x720")
    made.add_argument("--scheme", action="append", choices=SCHEMES)
    made.add_argument("--language", action="append", choices=TEXTS)
    made.add_argument("--documents", action="store_true", help="make those of README.md and docs/ anew instead")
    made.add_argument("--out", type=Path, default=SCREENSHOTS / "shots", help="is emptied first")
    return made


def _size(text: str) -> str:
    try:
        size_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def main() -> int:
    """Take pictures."""
    return 1 if asyncio.run(take(parser().parse_args())) else 0


if __name__ == "__main__":
    sys.exit(main())
