"""The writer of logos as a process: what it refuses, and that nothing outlives who wanted the logo."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from nexus.branding import __main__ as writer
from nexus.branding import process
from nexus.branding.process import write_logo
from nexus.errors import BadLogo, Unavailable
from tests.branding.test_picture import KINDS, REFUSED
from tests.support.waiting import until


async def test_a_picture_becomes_a_logo() -> None:
    logo = await write_logo(KINDS["jpeg"])
    assert (logo.width, logo.height) == (40, 20)
    assert logo.png.startswith(b"\x89PNG")
    assert logo.digest == sha256(logo.png).hexdigest()[:32]
    assert await write_logo(KINDS["jpeg"]) == logo


@pytest.mark.parametrize("what", ["nothing", "an SVG", "a PNG of a thousand million pixels"])
async def test_what_is_no_picture_is_refused(what: str) -> None:
    with pytest.raises(BadLogo):
        await write_logo(REFUSED[what])


def test_the_worker_knows_the_writers_word_for_a_refusal() -> None:
    assert process._REFUSED == writer.REFUSED


async def test_a_writer_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WRITE_S", 0.0)
    with pytest.raises(Unavailable):
        await write_logo(KINDS["png"])
    await until(lambda: not writers())


async def test_a_writer_ends_with_who_wanted_the_logo() -> None:
    task = asyncio.create_task(write_logo(KINDS["png"]))
    await until(lambda: bool(writers()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not writers()


def writers() -> list[str]:
    """The writers that this process has started."""
    children = Path("/proc/self/task").glob("*/children")
    pids = [pid for file in children for pid in file.read_text().split()]
    return [pid for pid in pids if b"nexus.branding" in command(pid)]


def command(pid: str) -> bytes:
    try:
        return (Path("/proc") / pid / "cmdline").read_bytes()
    except OSError:
        return b""
