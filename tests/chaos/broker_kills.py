"""Kill the broker again and again while a center comes and goes, and see whose word can be trusted."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.box import BOX, SITE
from tests.fakes.center_key import CenterKey
from tests.peers.durable_center import DurableCenter
from tests.peers.publishing_box import PublishingBox

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.contract import Report
    from tests.peers.mosquitto import Mosquitto

# mosquitto saves at each change: what our documents ask of a broker whose word is to count.
SAVING = ("autosave_interval 1", "autosave_on_changes true")
_ALERTS_A_KILL = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerKills:
    """What one box and center came to, over all kills."""

    trusts: str
    kills: int
    promised: int
    lost: int
    repeated: int
    visible_twice: int
    chain: Report


def kill_the_broker(
    broker: Mosquitto, folder: Path, kills: int, *, receipts: bool, seed: int = 3
) -> BrokerKills:
    """Kill it in mid stream so many times, the center away for a part of each."""
    source, key = random.Random(seed), CenterKey()
    with (
        DurableCenter(folder / "center.db", broker.port, key, says_receipts=receipts) as center,
        PublishingBox(folder / "box", broker.url, key.text if receipts else "") as box,
    ):
        for _ in range(kills):
            center.go_away()
            _sleep(source.uniform(0, 0.3))
            box.see(_ALERTS_A_KILL, every_s=0.01, picture_bytes=2000)
            if source.random() < 0.5:
                center.come_back()
            _sleep(source.uniform(0, 0.3))
            broker.kill()
            center.come_back()
            _sleep(source.uniform(0, 0.2))
            broker.start()
            # Both come back, and a part of what waits gets through, before the next kill.
            box.comes_back()
            _sleep(source.uniform(0.2, 0.8))
        box.delivers_all()
        _settle(center)
        return BrokerKills(
            trusts="center's receipt" if receipts else "broker's PUBACK",
            kills=kills,
            promised=len(box.promised),
            lost=len(set(box.promised) - set(center.names())),
            repeated=center.came.repeats,
            visible_twice=center.visible_twice(),
            chain=center.report(SITE, BOX, [box.key]),
        )


def _settle(center: DurableCenter) -> None:
    before = -1
    while center.came.alerts != before:
        before = center.came.alerts
        _sleep(0.7)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 (the kill must come at any moment)
