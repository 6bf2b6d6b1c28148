"""The commands that use a database, but those for accounts: the schema, and the proof that counts equal votes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from nexus.cli.databases import say, with_current_database, with_database
from nexus.domain.text import counted
from nexus.settings import Settings
from nexus.store import schema
from nexus.store.database import Database

if TYPE_CHECKING:
    from nexus.voting.recount import Differences


def migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring the database to the current schema."""

    async def work(database: Database) -> int:
        return await schema.migrate(database, say)

    before = with_database(settings, work)
    say(f"the schema is {schema.VERSION}" + (", unchanged" if before == schema.VERSION else f", it was {before}"))
    return 0


def verify(arguments: argparse.Namespace, settings: Settings) -> int:
    """Recount every vote; exit status 1 if anything disagrees and was not mended."""
    from nexus.bus.redis.bus import open_bus
    from nexus.voting.recount import Recount  # with Redis: the other commands start faster without it

    async def work(database: Database) -> Differences:
        bus = open_bus(settings.redis, "verify") if settings.redis else None
        return await Recount(database, bus, _progress).run(repair=arguments.repair)

    differences = with_current_database(settings, work)
    lines = differences.mendable + differences.lasting
    for line in lines:
        say(line)
    if not lines:
        say("counts equal votes")
        return 0
    say(f"{counted(len(lines), 'difference')}{_mended(differences) if arguments.repair else ''}")
    return 0 if arguments.repair and not differences.lasting else 1


def _mended(differences: Differences) -> str:
    if not differences.lasting:
        return ", mended"
    kept = counted(len(differences.lasting), "difference")
    return f", {len(differences.mendable)} mended; {kept} of the history or of codes can only be restored from a backup"


def _progress(line: str) -> None:
    """Show how far a long task is, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{line}")
        sys.stderr.flush()
