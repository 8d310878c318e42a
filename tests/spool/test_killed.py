"""Killed with -9 at any moment, the spool keeps what it has promised, in one whole chain."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from edge_agent.contract import Chain
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.box import BOX, SITE, a_seal, public_key

if TYPE_CHECKING:
    from pathlib import Path

PROMISE = """
import sys
from pathlib import Path
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import a_seal
path = Path(sys.argv[1])
spool = open_spool(path, SpoolOptions(size_mb=8), a_seal(path.parent))
for count in range(100_000):
    name = f"{sys.argv[2]}-{count}"
    spool.append(an_alert(name, picture_bytes=6000))
    print(name, flush=True)
    if count % 3 == 0:
        batch = spool.oldest(2)
        for kept in batch:
            print("delivered", kept.alert.body.hex(), flush=True)
        spool.done([kept.number for kept in batch])
"""


def test_twenty_kills_in_the_middle_of_appends_lose_nothing_promised(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    source = random.Random(20)
    newest = []
    delivered: list[bytes] = []
    for life in range(20):
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-c", PROMISE, str(path), f"life{life}"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(source.uniform(0, 0.08))  # noqa: TID251 (the kill must come at any moment)
        process.kill()
        # What follows the last line end was torn by the kill.
        lines = (first + process.stdout.read()).decode().split("\n")[:-1]
        process.stdout.close()
        process.wait()

        seal = a_seal(tmp_path)
        spool = open_spool(path, SpoolOptions(size_mb=8), seal)
        waiting = spool.oldest(100_000)
        kept = [kept.alert.id for kept in waiting]
        head = spool.head()
        spool.close()
        delivered += [bytes.fromhex(line[10:]) for line in lines if line.startswith("delivered")]
        chain = Chain(SITE, BOX, [public_key(seal)])
        for payload in (*delivered, *(one.alert.body for one in waiting), head.encode()):
            chain.take(payload)
        assert chain.report().is_whole, (life, chain.report())
        promised = [line for line in lines if not line.startswith("delivered")]
        # Only the two oldest of all are ever delivered at once, so the newest must be there.
        assert promised
        newest.append(promised[-1])
        assert promised[-1] in kept
        assert kept == sorted(set(kept), key=kept.index)
        assert set(promised[-10:]) <= set(kept) or len(kept) < 10
    assert not list(tmp_path.glob("*corrupt*"))
