"""What is no alert: an answer to the center counts as taken only where somebody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.mqtt.message import Message
from edge_agent.runtime.stop import Stop
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.mqtt.link import Link
    from tests.peers.mosquitto import Mosquitto

ANSWER = Message(topic="city/v1/kota/box-7/up/res", payload=b"{}", content_type="x")


def said(link: Link) -> list[str]:
    taken: list[str] = []
    link.connect(1, Stop())
    link.say(ANSWER, lambda: taken.append("taken"))
    for _ in range(10):
        link.turn(0.05)
    return taken


def test_an_answer_that_nobody_gets_is_not_taken(
    broker: Mosquitto, make_link: Callable[..., Link]
) -> None:
    assert said(make_link(broker.port)) == []


def test_an_answer_that_somebody_gets_is_taken(
    broker: Mosquitto, make_link: Callable[..., Link]
) -> None:
    with Listener(broker.port):
        assert said(make_link(broker.port)) == ["taken"]
