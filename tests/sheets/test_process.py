"""The writer of workbooks as a process: ended with whoever wanted the workbook, and with nothing left on the disk."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest

from nexus.errors import Unavailable
from nexus.sheets.book import Book, Column, Sheet, put_book, put_rows
from nexus.sheets.folders import YOUNG_S, new_folder, sweep
from nexus.sheets.process import written
from tests.support.waiting import UNTIL_S, soon, until
from tests.support.workbooks import sheets

MANY = 300_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def rows() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        yield file


def book(rows: int) -> Book:
    return Book("Well?", [Sheet("Ballots", [Column("Ballot", "text", 20)], rows)])


def fill(file: IO[bytes], count: int) -> None:
    put_book(file, book(count))
    put_rows(file, ({0: f"b{n}"} for n in range(count)))


def writer(folder: Path) -> int:
    """The writer that works in a folder of `folder`; 0 if none does."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"nexus.sheets" in command and any(one.startswith(os.fsencode(folder)) for one in command):
            return int(entry.name)
    return 0


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def want(rows: IO[bytes]) -> None:
    async with written(rows):
        pass


async def test_a_workbook_comes_in_pieces_and_nothing_stays(folder: Path, rows: IO[bytes]) -> None:
    fill(rows, 3)
    async with written(rows) as pieces:
        content = b"".join([piece async for piece in pieces])
        assert writer(folder) == 0
    assert sheets(content)["Ballots"] == [["Ballot"], ["b0"], ["b1"], ["b2"]]
    assert left(folder) == []


async def test_rows_that_cannot_be_written_are_refused_before_anything_is_sent(folder: Path, rows: IO[bytes]) -> None:
    put_book(rows, book(1))
    put_rows(rows, [{0: "b1", 1: "one too many"}])
    with pytest.raises(Unavailable):
        await want(rows)
    assert left(folder) == []


@pytest.mark.parametrize("count", [0, 2])
async def test_fewer_rows_than_announced_or_more_are_no_workbook(rows: IO[bytes], count: int) -> None:
    put_book(rows, book(1))
    put_rows(rows, ({0: f"b{n}"} for n in range(count)))
    with pytest.raises(Unavailable):
        await want(rows)


async def test_a_writer_that_is_killed_is_a_refusal(folder: Path, rows: IO[bytes]) -> None:
    fill(rows, MANY)
    wanting = asyncio.create_task(want(rows))
    await until(lambda: writer(folder) != 0)
    os.kill(writer(folder), signal.SIGKILL)
    with pytest.raises(Unavailable):
        await soon(wanting)
    assert left(folder) == []


async def test_the_writer_ends_with_who_wanted_the_workbook_and_has_no_secrets(
    folder: Path, rows: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NEXUS_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "NEXUS_METRICS_TOKEN", "PGPASSWORD"):
        monkeypatch.setenv(name, "a secret")
    fill(rows, MANY)
    wanting = asyncio.create_task(want(rows))
    await until(lambda: writer(folder) != 0)
    assert b"a secret" not in environment_of(writer(folder))
    wanting.cancel()
    await soon(asyncio.wait([wanting]))
    assert writer(folder) == 0
    assert left(folder) == []


ORPHANING = """
import asyncio, tempfile
from nexus.sheets.book import Book, Column, Sheet, put_book, put_rows
from nexus.sheets.process import written
async def main():
    with tempfile.TemporaryFile() as rows:
        put_book(rows, Book("Well?", [Sheet("Ballots", [Column("Ballot", "text", 20)], 300_000)]))
        put_rows(rows, ({0: "b1"} for _ in range(300_000)))
        async with written(rows):
            pass
asyncio.run(main())
"""


async def test_the_writer_ends_and_clears_up_when_its_worker_is_killed(folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder)}
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", ORPHANING, env=environment)
    try:
        await until(lambda: writer(folder) != 0)
    finally:
        worker.kill()
        await worker.wait()
    await until(lambda: writer(folder) == 0)
    assert left(folder) == []


def test_a_writer_without_its_worker_writes_nothing(folder: Path) -> None:
    mine, rows = new_folder(), BytesIO()
    put_book(rows, book(1))
    put_rows(rows, [{0: "b1"}])
    command = [sys.executable, "-m", "nexus.sheets", str(mine)]
    done = subprocess.run([*command, "1"], input=rows.getvalue(), capture_output=True, timeout=UNTIL_S, check=False)
    assert (done.returncode, done.stdout, left(folder)) == (1, b"", [])


def test_what_a_crash_left_is_swept_and_nothing_else(folder: Path) -> None:
    long_ago = time.time() - 2 * YOUNG_S
    for name in ("nexus-sheet-left", "nexus-sheet-used", "nexus-sheet-young", "another"):
        (folder / name).mkdir()
        (folder / name / "rows").write_bytes(b"x")
        if name != "nexus-sheet-young":
            os.utime(folder / name, (long_ago, long_ago))
    (folder / "nexus-sheet-file").write_bytes(b"x")
    os.utime(folder / "nexus-sheet-file", (long_ago, long_ago))
    used = os.open(folder / "nexus-sheet-used", os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_EX)
    try:
        sweep(folder)
    finally:
        os.close(used)
    assert left(folder) == ["another", "nexus-sheet-file", "nexus-sheet-used", "nexus-sheet-young"]
