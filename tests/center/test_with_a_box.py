"""The agent's own spool and publisher against the center: what leaves the box is in the database."""

from __future__ import annotations

import base64
import json
import random
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Self

import pytest

from edge_agent.center.database import open_database
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.receipts import Receipts
from edge_agent.domain.alert import Alert
from edge_agent.domain.sighting import Severity
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.box import BOX, SITE, a_seal, public_key
from tests.fakes.clock import FakeClock
from tests.peers.center import until
from tests.peers.mosquitto import Mosquitto
from tests.peers.reference_center import ReferenceCenter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.journey


class TickingClock(FakeClock):
    """Goes with the real one, and may be put forward."""

    ahead_s = 0.0

    def mono(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=16), a_seal(tmp_path))
    yield opened
    opened.close()


def _alert(name: str) -> Alert:
    picture = random.Random(name).randbytes(3_000)
    told = {
        "type": "intrusion",
        "time": "2026-11-18T11:06:40.000Z",
        "site": SITE,
        "box": BOX,
        "id": name,
        "revision": 0,
        "state": "new",
        "camera": "gate",
        "thumb": {"sha256": sha256(picture).hexdigest()},
    }
    body = json.dumps(told).encode()
    return Alert(
        id=name, revision=0, camera="gate", severity=Severity.HIGH, body=body, thumbnail=picture
    )


class Box:
    """The publisher of a box that waits for receipts; its minutes pass faster than ours."""

    def __init__(self, spool: Spool, broker: Mosquitto, key: str) -> None:
        self._spool = spool
        self._clock = TickingClock()
        self._stop = Stop()
        link = Link(BrokerOptions(url=broker.url, insecure=True), site=SITE, box=BOX)
        link.listen()
        receipts = Receipts(spool, self._clock, [key], site=SITE, box=BOX)
        self._loop = PublishLoop(spool, link, self._clock, self._stop, receipts, lambda _: None)
        self._worker = Worker("publish", self._loop.run, on_failure=self._stop.tell)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.tell()
        self._loop.nudge()
        assert self._worker.join(10)
        assert self._worker.failure is None

    def append(self, name: str) -> None:
        self._spool.append(_alert(name))
        self._loop.nudge()

    def is_empty(self) -> bool:
        # What a killed center has lost of the receipts is asked for after a minute.
        self._clock.ahead_s += 1
        self._loop.nudge()
        return not self._spool.state().waiting


def test_an_empty_spool_means_that_everything_is_in_the_database(
    tmp_path: Path, spool: Spool, where: str
) -> None:
    (tmp_path / "broker").mkdir()
    names = [f"visit-{n}" for n in range(60)]
    with Mosquitto(tmp_path / "broker") as broker:
        center = ReferenceCenter(tmp_path / "center", broker.url, where)
        line = f"{SITE}/{BOX} {base64.b64encode(public_key(a_seal(tmp_path))).decode()}\n"
        (tmp_path / "center" / "boxes").write_text(line)
        with Box(spool, broker, center.ask("key").stdout.split('"')[1]) as box:
            for turn in range(4):
                with center:
                    until(lambda: "connected to" in center.words(), 15, center.words)
                    for name in names[20 * turn : 20 * turn + 20]:
                        box.append(name)
                    until(lambda: turn < 3 or box.is_empty(), 60, center.words)  # noqa: B023 (at once)
                    center.kill()
                center.log_path.unlink()

    assert _pictured(where) == set(names)


def _pictured(where: str) -> set[str]:
    """Return the alerts whose picture is there, too."""
    database = open_database(where)
    told = database.read(
        lambda t: t.rows(
            "SELECT alerts.id FROM alerts JOIN pictures ON alert_id = alerts.id"
            " AND sha256 = thumb_sha256"
        )
    )
    database.close()
    return {name for (name,) in told}
