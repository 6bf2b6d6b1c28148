"""`python -m nexus.client URL CODE`: watch a poll or an event in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Sequence

from nexus.client import connect
from nexus.client.errors import ClientError
from nexus.client.event_room import EventRoom
from nexus.client.event_terminal import watch_event
from nexus.client.http import GuestPass, socket_url
from nexus.client.terminal import watch


async def _watch(base_url: str, code: str) -> None:
    async with connect(socket_url(base_url), GuestPass(base_url, code)) as nexus:
        place = await nexus.enter(code)
        if isinstance(place, EventRoom):
            await watch_event(place, sys.stdout, server_now=nexus.server_now, connected=lambda: nexus.connected)
        else:
            await watch(place, sys.stdout, server_now=nexus.server_now, connected=lambda: nexus.connected)


def code_in(text: str) -> str:
    """The code in what was typed or pasted: the code itself, or the address of one of its pages."""
    path = re.split(r"[?#]", text.strip(), maxsplit=1)[0]
    return path.rstrip("/").rpartition("/")[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Watch a poll or an event in the terminal until Ctrl-C. Returns the exit status; errors are one printed line."""
    parser = argparse.ArgumentParser(
        prog="python -m nexus.client", description="Watch a poll or an event in the terminal."
    )
    parser.add_argument("url", help="the server, like http://127.0.0.1:8000")
    parser.add_argument("code", help="the code of the poll or event, or the address of its page")
    arguments = parser.parse_args(argv)
    try:
        socket_url(arguments.url)
    except ValueError as error:
        parser.error(str(error))
    try:
        asyncio.run(_watch(arguments.url, code_in(arguments.code)))
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise the exit flushes, and fails again
    except ClientError as error:
        sys.stderr.write(f"nexus.client: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
