"""Killed with -9 at any moment, the spool keeps what it has promised."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool

if TYPE_CHECKING:
    from pathlib import Path

PROMISE = """
import sys
from pathlib import Path
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
spool = open_spool(Path(sys.argv[1]), SpoolOptions(size_mb=8))
for count in range(100_000):
    name = f"{sys.argv[2]}-{count}"
    spool.append(an_alert(name, picture_bytes=6000))
    print(name, flush=True)
    if count % 3 == 0:
        spool.done([kept.number for kept in spool.oldest(2)])
        print("delivered", flush=True)
"""


def test_twenty_kills_in_the_middle_of_appends_lose_nothing_promised(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    source = random.Random(20)
    newest = []
    for life in range(20):
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-c", PROMISE, str(path), f"life{life}"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(source.uniform(0, 0.08))  # noqa: TID251 (the kill must come at any moment)
        process.kill()
        words = (first + process.stdout.read()).decode().split()
        process.stdout.close()
        process.wait()

        spool = open_spool(path, SpoolOptions(size_mb=8))
        kept = [kept.alert.id for kept in spool.oldest(100_000)]
        spool.close()
        promised = [word for word in words if word != "delivered"]
        # Only the two oldest of all are ever delivered at once, so the newest must be there.
        assert promised
        newest.append(promised[-1])
        assert promised[-1] in kept
        assert kept == sorted(set(kept), key=kept.index)
        assert set(promised[-10:]) <= set(kept) or len(kept) < 10
    assert not list(tmp_path.glob("*corrupt*"))
