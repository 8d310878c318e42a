"""Two hundred boxes on one broker with TLS: all get in, all alerts arrive, all come back."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from edge_agent.runtime.backoff import Backoff
from tests.fakes.authority import Authority
from tests.fakes.box import SealedBox
from tests.peers.fleet import Fleet, Peer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

BOXES = 200


@pytest.mark.journey
def test_two_hundred_boxes_get_in_and_come_back(
    start_broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "ca")
    pair = authority.issue("127.0.0.1")
    tls = (f"cafile {authority.ca_file}", f"certfile {pair.certificate}", f"keyfile {pair.key}")
    broker = start_broker(settings=tls)
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    box = SealedBox(tmp_path)
    alert, head = box.alert(), box.head().decode()

    with Fleet(BOXES, broker.port, context, alert=alert, head=head) as fleet:
        fleet.connect_center()
        fleet.connect_all(at_once=50, within_s=30)
        first = fleet.online
        sent = fleet.publish(200, 2.0)
        fleet.run_until(lambda: len(fleet.record.delays_s) == sent, 10)
        arrived = len(fleet.record.delays_s)
        waits = {one: Backoff(0.2, 2.0) for one in fleet.boxes}

        def try_again(one: Peer) -> None:
            fleet.later(waits[one].next_s(), lambda: fleet.dial(one))

        fleet.on_lost = lambda one: None if one is fleet.center else try_again(one)
        broker.restart()
        came_back = fleet.run_until(lambda: fleet.record.lost > BOXES and fleet.online == BOXES, 30)

    assert (first, arrived) == (BOXES, sent)
    assert came_back
