"""`python -m nexus.demo`: the demo as a separate process, ended by SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
from collections.abc import Mapping, Sequence

from nexus.client import ClientError, socket_url
from nexus.demo.demo import Demo
from nexus.demo.show import READING_S, VOTING_S

VOTERS = 200
MOST_VOTERS = 5_000
RATE = 30.0
"""Votes per second, unless given."""
MOST_SECONDS = 3_600
HIGHEST_RATE = 1_000.0
"""Votes per second, at most."""


async def _run(arguments: argparse.Namespace, base_url: str, token: str) -> None:
    chance = random.Random()  # noqa: S311 - it picks votes, not secrets
    demo = Demo(
        base_url,
        voters=arguments.voters,
        rate=arguments.rate,
        out=sys.stdout,
        chance=chance,
        voting_s=arguments.seconds,
        reading_s=min(READING_S, arguments.seconds),
    )
    running = asyncio.create_task(demo.run(token), name="demo")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run the demo until SIGTERM or Ctrl-C, and return the exit status. An error is one line on standard error."""
    arguments = _parser().parse_args(argv)
    base_url, token = environ.get("NEXUS_DEMO_URL", ""), environ.get("NEXUS_DEMO_TOKEN", "")
    try:
        if not token:
            raise ValueError("NEXUS_DEMO_TOKEN must be set; `nexus serve --demo` sets it")
        socket_url(base_url)
    except ValueError as error:
        sys.stderr.write(f"nexus.demo: {error}\n")
        return 2
    try:
        asyncio.run(_run(arguments, base_url, token))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    except ClientError as error:
        sys.stderr.write(f"nexus.demo: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nexus.demo", description="A sample event with a simulated audience."
    )
    parser.add_argument("--voters", type=_voters, default=VOTERS, help=f"how many voters ({VOTERS} by default)")
    parser.add_argument("--rate", type=_rate, default=RATE, help=f"votes per second ({RATE:g} by default)")
    parser.add_argument("--seconds", type=_seconds, default=VOTING_S, help=f"for each question ({VOTING_S} by default)")
    return parser


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_SECONDS}")
    return seconds


def _voters(text: str) -> int:
    voters = int(text)
    if not 1 <= voters <= MOST_VOTERS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_VOTERS}")
    return voters


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= HIGHEST_RATE:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most {HIGHEST_RATE:g}")
    return rate


if __name__ == "__main__":
    sys.exit(main())
