"""A scenario that runs alone: the arguments that all have, and its table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench import runner
from bench.machine import ROOT, note
from bench.peers import PEERS
from bench.runner import Case
from bench.subjects import PeerServer, Subject
from bench.words import table

PEERS_FOLDER = ROOT / ".venv" / "bench-peers"


def arguments(
    name: str, about: str | None, subjects: Sequence[Subject] = (), *, peers: bool = False
) -> argparse.ArgumentParser:
    """The arguments that all scenarios have; `--subjects` where there is more than one."""
    parser = argparse.ArgumentParser(prog=f"scripts/bench {name}", description=(about or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="a file for the result, with every round")
    if subjects:
        names = ",".join(subject.name for subject in subjects)
        parser.add_argument("--subjects", default=names, help=f"some of {names}")
    if subjects or peers:
        parser.add_argument("--peers", action="store_true", help="install the peers, and measure them too")
    return parser


def chosen(subjects: Sequence[Subject], given: argparse.Namespace) -> list[Subject]:
    """The subjects that were asked for."""
    named = [subject for subject in subjects if subject.name in given.subjects.split(",")]
    return [*named, *installed_peers()] if given.peers else named


def installed_peers() -> list[Subject]:
    """The peers that can run here; says why others cannot."""
    found: list[Subject] = []
    PEERS_FOLDER.mkdir(exist_ok=True)
    for peer in PEERS:
        note(f"installing {peer.name} unless it is there")
        try:
            peer.install(PEERS_FOLDER)
        except RuntimeError as error:
            note(f"without {peer.name}: {error}")
        else:
            found.append(PeerServer(peer, PEERS_FOLDER))
    return found


def run(cases: Sequence[Case], given: argparse.Namespace) -> int:
    """Run the cases and print the table; returns the exit status."""
    result = runner.run(cases, given.rounds, given.json)
    print(table(result))
    return 1 if any(row.failures for row in result.rows) else 0
