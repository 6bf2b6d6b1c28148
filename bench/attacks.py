"""What voters feel while somebody attacks the server, and what it costs: the table of docs/reliability.md, "Attacks".

    scripts/bench attacks [NAME …] [--result attacks-result.jsonl] [--write]

Each attack has a server and a PostgreSQL of its own, and adds a line to the result; the table has the worst of all
runs on the server that an attack was last run on. With `--write` it goes into the document, without an attack where no
name is given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.machine import ROOT, facts
from bench.markdown import rows
from nexus.embedded import PrivatePostgres
from nexus.store.database import Database
from tests.support.attack_scene import PAUSE_S, VOTERS, Felt, Spans, feel, fill, target_of
from tests.support.attacks.known import ATTACKS, load_of
from tests.support.fault_crowd import Crowd, Polls, assert_book_holds
from tests.support.served import Server, serving

MOST_MS = 150.0
TIMES = 4
"""What is promised: the others' ack p99 stays under MOST_MS, and under so many times its value before."""
DOCUMENT = ROOT / "docs" / "reliability.md"
_BETWEEN = re.compile(r"(<!-- attacks: table -->\n).*?(<!-- attacks: end -->)", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """One attack, felt once; `wrong` is what was lost or doubled, or else not as promised, and empty if nothing was."""

    felt: Felt
    wrong: str
    date: str
    commit: str


async def run(name: str, spans: Spans) -> Run:
    """Attack a server of its own once."""
    known = facts()
    with tempfile.TemporaryDirectory() as folder, PrivatePostgres(Path(folder) / "data") as address:
        async with serving(Path(folder), address.url, fresh=True, allowed=[""]) as server:
            polls = await Polls.make(server)
            target = await target_of(server, polls)
            await fill(server, name)
            async with Crowd([server], polls, voters=VOTERS, pause_s=PAUSE_S) as crowd:
                felt = await feel(server, crowd, name, target, spans)
            wrong = await _wrong(server, crowd, address.url)
    return Run(felt, wrong, known["date"], _server_commit())


def _server_commit() -> str:
    """The last commit that changed the server, whatever has changed in its tests since."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%h", "--", "nexus", "schema.sql"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout.strip()


async def _wrong(server: Server, crowd: Crowd, database_url: str) -> str:
    """What is not as it was acknowledged."""
    database = Database(database_url, size=1)
    await database.connect()
    try:
        await assert_book_holds(database, crowd)
        await server.until_ready(10)
    except AssertionError as error:
        return str(error)
    finally:
        await database.close()
    verified = await server.command("verify")
    return "" if verified.returncode == 0 else verified.stdout + verified.stderr


def load(path: Path) -> list[Run]:
    """The runs of a result."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return [Run(Felt(**line.pop("felt")), **line) for line in lines]


def table(runs: Sequence[Run]) -> str:
    """Every attack in a row, the worst of its runs."""
    head = [
        "attack",
        "connections, MiB sent",
        "promised",
        "ack p99 before → during → after (ms)",
        "memory before → peak → after (MiB)",
        "worker's share of a core",
    ]
    body = [_row(name, _newest(name, runs)) for name in ATTACKS]
    return rows([*head, "told to retry", "lost or doubled", "", "runs"], [row for row in body if row])


def _newest(name: str, runs: Sequence[Run]) -> list[Run]:
    """The runs of an attack on the server that it was run on last."""
    own = [one for one in runs if one.felt.attack == name]
    return [one for one in own if one.commit == own[-1].commit]


def _row(name: str, runs: Sequence[Run]) -> list[str]:
    if not runs:
        return []
    worst = max(runs, key=lambda one: one.felt.during_ms).felt
    bound = min(MOST_MS, TIMES * worst.before_ms)
    wrong = sum(bool(one.wrong) for one in runs)
    met = worst.during_ms <= bound and not wrong
    return [
        f"**{name}**: {load_of(name)}",
        f"{worst.connections:,}, {worst.sent_mib:,.0f}",
        f"≤ {bound:,.0f} ms",
        f"{worst.before_ms:,.0f} → {worst.during_ms:,.0f} → {worst.after_ms:,.0f}",
        f"{worst.before_mib:,.0f} → {worst.peak_mib:,.0f} → {worst.after_mib:,.0f}",
        f"{worst.cpu:.0%}",
        f"{worst.retries:,}",
        f"in {wrong} of {len(runs)} runs" if wrong else "nothing",
        "met" if met else "**not met**",
        f"{len(runs)} on `{runs[-1].commit}`",
    ]


def written(text: str, runs: Sequence[Run]) -> str:
    """`text` with the table, and of what and when it is, between its two comments."""
    known = facts()
    what = f"{runs[0].date} to {runs[-1].date}: {known['cores']} cores ({known['processor']}), "
    what += f"{known['memory']} of memory, Linux {known['kernel']}, Python {known['python']}."
    return _BETWEEN.sub(lambda found: f"{found[1]}\n{what}\n\n{table(runs)}\n\n{found[2]}", text)


def main() -> int:
    """Attack, and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench attacks", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ATTACKS)}; `all`")
    parser.add_argument("--seconds", type=float, nargs=3, default=[10, 10, 10], metavar=("BEFORE", "DURING", "AFTER"))
    parser.add_argument("--result", type=Path, default=Path("attacks-result.jsonl"), help="gets a line for each attack")
    parser.add_argument("--write", action="store_true", help="the table into docs/reliability.md")
    given = parser.parse_args()
    names = list(ATTACKS) if given.names == ["all"] else given.names
    if unknown := [name for name in names if name not in ATTACKS]:
        parser.error(f"no such attack: {', '.join(unknown)}")
    for name in names:
        seen = asyncio.run(run(name, Spans(*given.seconds)))
        with given.result.open("a", encoding="utf-8") as result:
            result.write(json.dumps(asdict(seen)) + "\n")
        print(f"{seen.felt}{seen.wrong and ' WRONG: ' + seen.wrong}", flush=True)
    runs = load(given.result)
    print(table(runs))
    if given.write and runs:
        DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), runs), "utf-8")
    return 1 if any(one.wrong for one in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
