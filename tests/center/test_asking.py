"""What a command holds while it waits for its answer, over a real broker; the box is played."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.asking import Known, Question, Said, ask
from edge_agent.center.post import Box
from edge_agent.center.settings import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.center_key import CenterKey as AKey
from tests.peers.listener import Listener
from tests.peers.mosquitto import Mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_agent.center.key import CenterKey

NAMED, ONE, OTHER = (b"\xff\xd8" + bytes([n]) * 1_000 for n in range(3))
LARGEST, TOO_LARGE = b"l" * 524_288, b"l" * 524_289


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as running:
        yield running


def _answer(listener: Listener, key: AKey, pictures: list[bytes], named: bytes) -> None:
    """Be the box: send these pictures, then an answer that names one of them."""
    listener.wait_for(lambda heard: bool(heard.of("cmd")))
    asked = json.loads(listener.of("cmd")[0].payload.partition(b"\n")[0])
    for picture in pictures:
        listener.publish(f"city/v1/test/box/up/snapshot/gate/{asked['id']}", picture)
    told = {"id": asked["id"], "verb": "snapshot", "result": "done", "reason": ""}
    whose = {"type": "response", "time": "", "site": "test", "box": "box"}
    data = {"sha256": sha256(named).hexdigest()}
    listener.publish("city/v1/test/box/up/res", key.letter(**told, **whose, data=data))


@pytest.mark.parametrize(
    ("pictures", "named", "is_shown"),
    [
        ([NAMED], NAMED, True),
        ([ONE, OTHER, ONE, NAMED, NAMED, OTHER], NAMED, True),
        ([LARGEST], LARGEST, True),
        ([TOO_LARGE], TOO_LARGE, False),
        ([NAMED, TOO_LARGE, ONE, TOO_LARGE], NAMED, True),
        ([NAMED, ONE, OTHER], NAMED, False),
    ],
    ids=["one", "again", "largest", "too large", "between too large ones", "before two others"],
)
def test_of_the_pictures_of_a_command_the_newest_two_are_held(
    broker: Mosquitto, key: CenterKey, pictures: list[bytes], named: bytes, *, is_shown: bool
) -> None:
    box_key, stop = AKey(), Stop()
    options = BrokerOptions(url=broker.url, insecure=True)
    known = Known(Box("test", "box"), (box_key.public,), None)
    question = Question(verb="snapshot", within_s=20.0)
    said: list[Said] = []

    def wait_for_it() -> None:
        said.extend(ask(options, key, known, question, SystemClock()))

    with Listener(broker.port) as listener:
        asking = Worker("asking", wait_for_it, on_failure=stop.tell)
        asking.start()
        _answer(listener, box_key, pictures, named)
        assert asking.join(20)

    assert [one.picture for one in said] == [named if is_shown else b""]
