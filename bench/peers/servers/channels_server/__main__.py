"""Runs the server, with a Redis of its own where there is a `redis-server`: its channel layer as documented."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn


@contextmanager
def redis() -> Iterator[None]:
    """A Redis on a Unix socket, named in REDIS_URL, as long as the `with` lasts."""
    program = shutil.which("redis-server")
    if program is None:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "redis.sock"
        options = ("--port", "0", "--unixsocket", str(place), "--save", "", "--dir", folder, "--loglevel", "warning")
        process = subprocess.Popen([program, *options])
        try:
            os.environ["REDIS_URL"] = f"unix://{place}"
            yield
        finally:
            process.terminate()
            process.wait(10)


def main() -> None:
    """Make the tables, and serve."""
    from django.db import connection

    from channels_server.asgi import application

    with connection.cursor() as cursor:
        cursor.execute(Path(__file__).parent.with_name("tables.sql").read_text())
    connection.close()
    uvicorn.run(application, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)


if __name__ == "__main__":
    # uvicorn hands a signal on once it has shut down, and its default would leave the Redis behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with redis():
        main()
