"""One vote a transaction: what pgbench commits of the rows of votes, on the same PostgreSQL."""

from __future__ import annotations

import re
import subprocess
import tempfile
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from bench.generator.nexus_dialect import HotPoll
from nexus.embedded import binaries

CONNECTIONS = 16

BASELINE = """
\\set voter random(1, 1000)
\\set option :first + random(0, 1)
BEGIN;
INSERT INTO acts
VALUES (:poll, 'bench:' || :voter::int, gen_random_uuid(), 'vote', ARRAY[:option::bigint], NULL, 'changed', 1, 1,
        now());
INSERT INTO votes
VALUES (:poll, 1, 'bench:' || :voter::int, :slot::uuid, gen_random_uuid(), ARRAY[:option::bigint], now())
ON CONFLICT (poll_id, epoch, voter, slot)
DO UPDATE SET op = excluded.op, choices = excluded.choices, cast_at = excluded.cast_at;
UPDATE options SET votes_count = votes_count + 1 WHERE id = :option;
UPDATE polls SET version = version + 1 WHERE id = :poll;
END;
"""


def pgbench(database_url: str, poll: HotPoll, seconds: int) -> float:
    """Votes a second that pgbench commits, one a transaction."""
    parts = urlsplit(database_url)
    where = parse_qs(parts.query)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(BASELINE)
        script.flush()
        done = subprocess.run(
            [
                *(binaries() / "pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2"),
                *("-T", str(seconds), "-f", script.name, "-D", f"poll={poll.id}", "-D", f"first={poll.options[0]}"),
                *("-D", f"slot={UUID(int=0)}"),
                *("-h", where["host"][0], "-p", where["port"][0], "-U", parts.username or "", parts.path[1:]),
            ],
            env={"PGPASSWORD": parts.password or ""},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])
