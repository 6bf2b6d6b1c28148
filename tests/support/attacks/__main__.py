"""Runs one attack until its standard input closes, be it with whoever started it.

Says what it has done so far, a line of JSON every SAID_S, the first once it has a connection: it is in full swing then.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from dataclasses import asdict

from tests.support.attacks.known import ATTACKS
from tests.support.attacks.line import DONE
from tests.support.attacks.target import Target

SAID_S = 0.2


async def _attack(name: str, target: Target) -> None:
    attacking = asyncio.create_task(ATTACKS[name](target))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not (attacking.done() or ended.done()):
        await asyncio.wait([attacking, ended], timeout=SAID_S, return_when=asyncio.FIRST_COMPLETED)
        if DONE.connections:
            sys.stdout.write(json.dumps(asdict(DONE)) + "\n")
            sys.stdout.flush()
    if attacking.done():
        attacking.result()
    os._exit(0)  # the kernel closes all its sockets at once, as it does for a client that dies


if __name__ == "__main__":
    told = Target.of(sys.argv[2])
    os.nice(told.niceness)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_attack(sys.argv[1], told))
