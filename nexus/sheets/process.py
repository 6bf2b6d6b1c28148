"""The writer of workbooks, seen from the worker: started, listened to, and ended with whoever wanted the workbook."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from nexus.errors import Unavailable
from nexus.runtime.processes import program
from nexus.sheets.folders import new_folder

logger = logging.getLogger(__name__)

WRITE_S = 900.0
"""How long one workbook may take."""
PIECE_BYTES = 64 * 1024

_COMPLAINT_BYTES = 2000


@asynccontextmanager
async def written(rows: IO[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """The workbook made of `rows` (see `nexus.sheets.book`), in pieces, once it is written. The writer ends with the
    `with`, and nothing of it stays on the disk. Raises `Unavailable` where the workbook could not be written."""
    rows.flush()
    rows.seek(0)
    folder = await asyncio.to_thread(new_folder)
    try:
        with tempfile.TemporaryFile() as complaints:
            process = await _start(folder, rows, complaints)
            try:
                pieces = _pieces(process, complaints)
                # The writer says nothing before it is done: whether it can write is known from its first piece.
                yield _chained(await anext(pieces), pieces)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _start(folder: Path, rows: IO[bytes], complaints: IO[bytes]) -> Process:
    command, environment = program("nexus.sheets", str(folder), str(os.getpid()))
    return await asyncio.create_subprocess_exec(*command, stdin=rows, stdout=PIPE, stderr=complaints, env=environment)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _pieces(process: Process, complaints: IO[bytes]) -> AsyncIterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    ends_at = asyncio.get_running_loop().time() + WRITE_S
    try:
        async with asyncio.timeout_at(ends_at):
            piece = await process.stdout.read(PIECE_BYTES)
        while piece:
            yield piece
            async with asyncio.timeout_at(ends_at):
                piece = await process.stdout.read(PIECE_BYTES)
        async with asyncio.timeout_at(ends_at):
            status = await process.wait()
    except TimeoutError:
        logger.warning("a workbook was not written within %d s", WRITE_S)
        raise Unavailable("The workbook could not be written in time.") from None
    if status != 0:
        complaints.seek(0)
        said = complaints.read()[-_COMPLAINT_BYTES:].decode(errors="replace")
        logger.warning("a workbook could not be written, status %d: %s", status, said)
        raise Unavailable("The workbook could not be written.")
