"""Everything that a box's disk goes through, once, and aloud: for `tests.chaos.disk` to listen to.

    python -m tests.chaos.careful_life FOLDER [SYNCHRONOUS]

First start, alerts, deliveries, a refusal, receipts, a stop, a key that is rotated, and more. Each
line on stdout is a fact of that moment: `kept NUMBER PAYLOAD` when the spool has promised a message,
`leaving NUMBER` before it may be forgotten.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
from hashlib import sha256
from pathlib import Path

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.alerts.seal import open_seal
from edge_agent.contract import Range, Receipt, Stored, split
from edge_agent.runtime.clock import SystemClock
from edge_agent.spool import file
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE

SIZE_MB = 8
# Small, so that many fit between two cuts; some fill pages of their own.
_PICTURE_BYTES = (0, 600, 6000)


class Life:
    """One box; each `start` is a start of the agent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = 0
        self._count = 0

    def start(self) -> Spool:
        keys = self._folder / "keys"
        seal = open_seal(keys, site=SITE, box=BOX, wall=SystemClock().wall)
        _say("key", base64.b64encode(seal._keys.signer.public).decode())
        spool = open_spool(self._folder / "spool.db", SpoolOptions(size_mb=SIZE_MB), seal)
        self._tell(spool)
        return spool

    def see(self, spool: Spool, count: int) -> None:
        for _ in range(count):
            self._count += 1
            size = _PICTURE_BYTES[self._count % len(_PICTURE_BYTES)]
            spool.append(an_alert(f"visit-{self._count}", picture_bytes=size))
            self._tell(spool)

    def deliver(self, spool: Spool, count: int) -> None:
        numbers = [kept.number for kept in spool.oldest(count)]
        _say("leaving", *numbers)
        spool.done(numbers)
        self._tell(spool)

    def park(self, spool: Spool) -> None:
        [kept] = spool.oldest(1)
        _say("leaving", kept.number)
        spool.park(kept.number, "Not authorized")

    def confirm(self, spool: Spool, count: int) -> None:
        kept = spool.oldest(count)
        _say("leaving", *(one.number for one in kept))
        bodies = [split(one.alert.body)[0] for one in kept]
        first, last = (json.loads(bodies[at])["seq"] for at in (0, -1))
        whole = Range(first, last)
        stored = Stored(whole, sha256(bodies[-1]).hexdigest())
        told = Receipt(site=SITE, box=BOX, time="", kid="", stored=(stored,), pictures=(whole,))
        spool.confirm(told, ())
        self._tell(spool)

    def rotate(self) -> None:
        prepare_rotation(self._folder / "keys", is_lost=False)

    def _tell(self, spool: Spool) -> None:
        for kept in spool.oldest(1000, after=self._told):
            self._told = kept.number
            _say("kept", kept.number, base64.b64encode(kept.alert.body).decode())


def _say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 (what the listener compares with the disk)


def _careless(synchronous: str) -> None:
    """Open the spool as one would who has not read docs/design/0002."""
    careful = file.connect

    def connect(path: Path) -> sqlite3.Connection:
        connection = careful(path)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        return connection

    file.connect = connect


def main() -> None:
    life = Life(Path(sys.argv[1]))
    if sys.argv[2:]:
        _careless(sys.argv[2])
    for turn in range(3):
        spool = life.start()
        life.see(spool, 22)
        life.deliver(spool, 5)
        life.see(spool, 10)
        life.park(spool)
        life.deliver(spool, 3)
        life.see(spool, 12)
        life.confirm(spool, 8)
        life.see(spool, 10)
        spool.close()
        if turn:
            life.rotate()
    life.start().close()


if __name__ == "__main__":
    main()
