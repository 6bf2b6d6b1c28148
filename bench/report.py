"""The tables of a result in Markdown, and where they stand.

    scripts/bench report bench-result.json [--write]

Prints them; with `--write` puts them into the documents of the benchmarks, each between the comments that name it.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from bench import markdown
from bench.machine import ROOT
from bench.result import Result, load

TABLES = {
    "machine": markdown.machine,
    "bounds": markdown.bounds_table,
    "side by side": markdown.side_by_side,
    "everything": markdown.everything,
    "short": markdown.short,
}


def put(text: str, result: Result) -> str:
    """`text` with each table of `result` between `<!-- bench: NAME -->` and `<!-- bench: end -->`."""
    for name, make in TABLES.items():
        between = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- bench: end -->)", re.DOTALL)
        table = f"\n{make(result)}\n\n"
        text = between.sub(lambda found, table=table: found[1] + table + found[2], text)  # type: ignore[misc]
    return text


def main() -> int:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="scripts/bench report", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("result", type=Path, help="what the suite has written")
    parser.add_argument("--write", action="store_true", help="into the documents")
    given = parser.parse_args()
    result = load(given.result)
    if not given.write:
        for name, make in TABLES.items():
            print(f"## {name}\n\n{make(result)}\n")
        return 0
    for path in (ROOT / "docs" / "benchmarks.md", ROOT / "README.md"):
        path.write_text(put(path.read_text("utf-8"), result), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
