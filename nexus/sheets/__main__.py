"""The writer: reads a book and its rows from its input, and writes the workbook to its output.

    python -m nexus.sheets FOLDER WORKER < rows > workbook.xlsx

Everything on the way is in FOLDER, which it removes. It ends when its parent is no longer the process WORKER.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nexus.sheets.book import Row, read_book
from nexus.sheets.folders import claim, sweep
from nexus.sheets.workbook import write

NICENESS = 19
"""Votes and screens come first."""
CPU_S = 600
"""Of processor time; half a million ballots take about 10 s."""
FILE_BYTES = 2**31
"""The largest file it may make."""
_LOOK_ROWS = 1000


class Orphaned(Exception):
    """The worker that wanted the workbook is gone."""


def main() -> int:
    """Write the workbook; 0 if it is complete."""
    folder, worker = Path(sys.argv[1]), int(sys.argv[2])
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    try:
        with claim(folder):
            sweep(folder.parent)
            book, rows = read_book(sys.stdin.buffer)
            path = folder / "workbook.xlsx"
            write(book, _while_wanted(rows, worker), path)
            with path.open("rb") as made:
                shutil.copyfileobj(made, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _while_wanted(rows: Iterable[Row], worker: int) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number % _LOOK_ROWS == 0 and os.getppid() != worker:
            raise Orphaned
        yield row


if __name__ == "__main__":
    with contextlib.suppress(Orphaned, BrokenPipeError):
        sys.exit(main())
    os._exit(1)  # without a last attempt to write what nobody reads
