"""A box that watches nothing: spool, link and publisher thread as the daemon has them, in this process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from edge_agent.alerts.box_key import find_keys
from edge_agent.alerts.seal import open_seal
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.receipts import Receipts
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE
from tests.fakes.clock import HurriedClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class PublishingBox:
    """Give it the center's key, and it waits for receipts; without, the broker's word is enough."""

    def __init__(
        self,
        folder: Path,
        url: str,
        center_key: str = "",
        *,
        size_mb: int = 64,
        **options: object,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.clock = HurriedClock()
        self._stop = Stop()
        seal = open_seal(folder / "keys", site=SITE, box=BOX, wall=self.clock.wall)
        self.spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=size_mb), seal)
        given = BrokerOptions(url=url, insecure=True, **options)
        self.link = Link(given, site=SITE, box=BOX, will_delay_s=0, head=self.spool.head)
        receipts = None
        if center_key:
            receipts = Receipts(self.spool, self.clock, [center_key], site=SITE, box=BOX)
            self.link.listen()
        self.loop = PublishLoop(self.spool, self.link, self.clock, self._stop, receipts)
        self._worker = Worker("publish", self.loop.run, on_failure=self._stop.tell)
        self.promised: list[str] = []

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.tell()
        self.loop.nudge()
        assert self._worker.join(5), "the publisher is wedged"
        assert self._worker.failure is None, self._worker.failure
        self.spool.close()

    @property
    def key(self) -> bytes:
        keys = find_keys(self._folder / "keys")
        assert keys
        return keys.signer.public

    def see(self, count: int, *, every_s: float = 0.0, **alert: object) -> None:
        """Promise so many more alerts."""
        for _ in range(count):
            name = f"visit-{len(self.promised):05}"
            self.spool.append(an_alert(name, **alert))
            self.promised.append(name)
            self.loop.nudge()
            if every_s:
                self._stop.wait(every_s)

    def waits_until(self, holds: Callable[[], object], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, (self.loop.state(), self.spool.state())
            threading.Event().wait(0.02)

    def comes_back(self, seconds: float = 30.0) -> None:
        """Wait for a connection; the waits between two tries are skipped."""

        def is_connected() -> bool:
            is_there = self.loop.state().is_connected
            self.clock.ahead_s += 0.0 if is_there else 1.0
            return is_there

        self.waits_until(is_connected, seconds)

    def delivers_all(self, seconds: float = 60.0) -> None:
        self.waits_until(lambda: not self.spool.state().waiting, seconds)
