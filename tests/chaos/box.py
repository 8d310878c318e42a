"""A box that sees something again and again, in a process that may be killed: spool, link, publisher.

    python -m tests.chaos.box FOLDER URL LIFE MOST [CENTER_KEY]

Prints the name of each alert that it has promised to keep. With a key it waits for receipts.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edge_agent.alerts.seal import open_seal
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.receipts import Receipts
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE

# A hundred alerts a second: ten busy streets.
_EVERY_S = 0.01
_PICTURE_BYTES = 8000


def main() -> None:
    folder, url, life, most = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    stop, clock = Stop(), SystemClock()
    seal = open_seal(folder / "keys", site=SITE, box=BOX, wall=clock.wall)
    spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=64), seal)
    options = BrokerOptions(url=url, insecure=True, keepalive_s=5, acknowledge_s=3.0)
    link = Link(options, site=SITE, box=BOX, head=spool.head)
    receipts = None
    if keys := sys.argv[5:]:
        receipts = Receipts(spool, clock, keys, site=SITE, box=BOX)
        link.listen()
    loop = PublishLoop(spool, link, clock, stop, receipts)
    worker = Worker("publish", loop.run, on_failure=stop.tell)
    worker.start()
    for count in range(most):
        name = f"life{life}-{count:05}"
        spool.append(an_alert(name, picture_bytes=_PICTURE_BYTES))
        print(name, flush=True)  # noqa: T201 (the promise)
        loop.nudge()
        stop.wait(_EVERY_S)
    while spool.state().waiting and not stop.wait(0.05):
        pass
    stop.tell()
    loop.nudge()
    assert worker.join(5)
    assert worker.failure is None
    spool.close()


if __name__ == "__main__":
    main()
