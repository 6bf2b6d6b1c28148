"""The writer of logos, seen from the worker."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import PIPE
from hashlib import sha256

from nexus.domain.brand import Logo
from nexus.errors import BadLogo, Unavailable
from nexus.runtime.processes import program

logger = logging.getLogger(__name__)

WRITE_S = 20.0
"""How long one logo may take."""

# The writer's own word for what is no picture (`nexus.branding.__main__`), which is not loaded here.
_REFUSED = 3
_COMPLAINT_CHARACTERS = 500
# A PNG begins with a signature and its header: width and height are right behind it (PNG, section 11.2.1).
_SIZE = slice(16, 24)


async def write_logo(picture: bytes) -> Logo:
    """The logo made of `picture`. Raises `BadLogo` where that is no picture, `Unavailable` where it could not be
    written; the process has ended in any case."""
    command, environment = program("nexus.branding")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment)
    try:
        async with asyncio.timeout(WRITE_S):
            png, complaints = await process.communicate(picture)
    except TimeoutError:
        raise Unavailable("The logo could not be written in time.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == _REFUSED:
        raise BadLogo
    if process.returncode != 0:
        said = complaints.decode(errors="replace")[-_COMPLAINT_CHARACTERS:]
        logger.warning("a logo could not be written, status %d: %s", process.returncode, said)
        raise BadLogo  # whatever it is, it has taken more time or memory than a picture may
    return _logo(png)


def _logo(png: bytes) -> Logo:
    size = png[_SIZE]
    width, height = int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")
    return Logo(sha256(png).hexdigest()[:32], png, width, height)
