"""Killed with -9 at any moment, again and again: every promised alert arrives, in one whole chain."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import find_keys
from edge_agent.contract import Chain, Report
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

pytestmark = pytest.mark.journey

KILLS = 20
# A box that sees something a hundred times a second: the spool, the link and the publisher thread
# as the daemon has them.
BOX = """
import sys
from pathlib import Path
from edge_agent.alerts.seal import open_seal
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
folder, url, life, most = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
stop = Stop()
clock = SystemClock()
seal = open_seal(folder / "keys", site="kota", box="box-7", wall=clock.wall)
spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=32), seal)
link = Link(BrokerOptions(url=url, insecure=True), site="kota", box="box-7", head=spool.head)
loop = PublishLoop(spool, link, clock, stop)
worker = Worker("publish", loop.run, on_failure=stop.tell)
worker.start()
for count in range(most):
    name = f"life{life}-{count:05}"
    spool.append(an_alert(name, picture_bytes=8000))
    print(name, flush=True)
    loop.nudge()
    stop.wait(0.01)
while spool.state().waiting and not stop.wait(0.05):
    pass
stop.tell()
assert worker.join(5) and worker.failure is None
spool.close()
"""


def live(folder: Path, broker: Mosquitto, life: int, most: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 (ourselves)
        [sys.executable, "-c", BOX, str(folder), broker.url, str(life), str(most)],
        stdout=subprocess.PIPE,
    )


def test_twenty_kills_at_random_moments_lose_no_promised_alert(
    broker: Mosquitto, tmp_path: Path
) -> None:
    source = random.Random(9)
    promised: list[str] = []
    with Listener(broker.port) as center:
        for life in range(KILLS):
            box = live(tmp_path, broker, life, most=100_000)
            assert box.stdout is not None
            first = box.stdout.readline()
            time.sleep(source.uniform(0, 0.5))  # noqa: TID251 (the kill must come at any moment)
            box.kill()
            promised += (first + box.stdout.read()).decode().split()
            box.stdout.close()
            box.wait()
        last = live(tmp_path, broker, KILLS, most=1)
        words, _ = last.communicate(timeout=30)
        promised += words.decode().split()
        assert last.returncode == 0
        center.wait_for(lambda c: set(promised) <= set(c.ids()), 10)

    arrived = center.ids()
    pictures = {one.topic.rpartition("/")[2] for one in center.of("thumb")}
    repeated = len(arrived) - len(set(arrived))
    print(f"{len(promised)} promised, {len(set(arrived))} arrived, {repeated} twice")  # noqa: T201 (for -s)
    assert len(promised) > 5 * KILLS
    assert set(promised) <= set(arrived)
    assert set(promised) <= pictures
    assert list(dict.fromkeys(arrived)) == sorted(set(arrived), key=order)
    report = chain_of(center, tmp_path)
    assert report.is_whole, report
    assert report.messages == len(set(arrived)) == report.head[0]


def chain_of(center: Listener, folder: Path) -> Report:
    """What the center makes of every message as it came, heads and repeats among them."""
    keys = find_keys(folder / "keys")
    assert keys
    chain = Chain("kota", "box-7", [keys.signer.public])
    for one in center.of("alert"):
        chain.take(one.payload)
    for status in (json.loads(one.payload) for one in center.of("status")):
        if "head" in status:
            chain.take(status["head"].encode())
    return chain.report()


def order(name: str) -> tuple[int, str]:
    life, _, count = name.partition("-")
    return int(life.removeprefix("life")), count
