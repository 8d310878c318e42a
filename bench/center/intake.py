"""How many messages a second the center stores, by engine and by messages in one transaction.

    .venv/bin/python -m bench.center.intake        # writes bench/results/center.md

Signed by the agent's own hand, verified, stored, receipts written; no broker. 100 boxes take turns.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from edge_agent.center.database import open_database
from edge_agent.center.intake import Intake
from edge_agent.center.key import make_key
from edge_agent.center.registry import Registry
from edge_agent.runtime.clock import SystemClock
from tests.center.boxes import Sender
from tests.peers.postgres import Postgres

BOXES = 100
MESSAGES = 2_000
BATCHES = (1, 10, 50, 200)
RESULT = Path(__file__).parents[1] / "results" / "center.md"


def measure(where: str, folder: Path, batch: int) -> tuple[float, float]:
    """Return messages a second, and the median transaction in milliseconds."""
    folder.mkdir()
    boxes = [Sender(folder, box=f"box-{n}") for n in range(BOXES)]
    arrivals = [boxes[n % BOXES].alert(f"{n}") for n in range(MESSAGES)]
    database = open_database(where)
    (folder / "boxes").write_text("".join(f"{one.line}\n" for one in boxes))
    Registry(folder / "boxes", database).refresh()
    intake = Intake(database, make_key(folder / "center.pem"), SystemClock())
    waits = []
    begun = time.perf_counter()
    for start in range(0, MESSAGES, batch):
        since = time.perf_counter()
        intake.take(arrivals[start : start + batch])
        waits.append(1000 * (time.perf_counter() - since))
    took = time.perf_counter() - begun
    stored = database.read(lambda t: t.row("SELECT count(*) FROM messages"))
    if stored != (MESSAGES,):
        raise SystemExit(f"only {stored} were stored")
    database.close()
    return MESSAGES / took, statistics.median(waits)


def main() -> None:
    """Measure each engine with each size of a transaction."""
    server = Postgres()
    lines = []
    try:
        server.start()
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
            for engine in ("SQLite", "PostgreSQL"):
                for batch in BATCHES:
                    folder = Path(name) / f"{engine}-{batch}"
                    where = str(Path(name) / f"{batch}.db")
                    if engine == "PostgreSQL":
                        with psycopg.connect(server.url, autocommit=True) as connection:
                            connection.execute(f"CREATE DATABASE b{batch}")
                        where = server.url.replace("/postgres?", f"/b{batch}?")
                    speed, wait = measure(where, folder, batch)
                    lines.append(f"| {engine} | {batch} | {speed:,.0f} | {wait:.1f} |")
                    print(lines[-1], flush=True)
    finally:
        server.remove()
    RESULT.write_text(
        "# What the center stores in a second\n\n"
        f"{MESSAGES:,} alerts of {BOXES} boxes in turn: verified, stored, receipts written; no broker. "
        f"SQLite {sqlite3.sqlite_version}; PostgreSQL 15, on a socket, on the same disk; one center, one thread. "
        "Made by `bench/center/intake.py`.\n\n"
        "| engine | messages in one transaction | messages a second | a transaction, median ms |\n"
        "|---|---|---|---|\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
