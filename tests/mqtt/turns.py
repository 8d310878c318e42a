"""Drive a link until something is known."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from edge_agent.wire.answers import LinkLostError

if TYPE_CHECKING:
    from edge_agent.mqtt.link import Link
    from edge_agent.mqtt.outcome import Outcome


def outcomes(link: Link, count: int, seconds: float = 5.0) -> list[Outcome]:
    told: list[Outcome] = []
    deadline = time.monotonic() + seconds
    while len(told) < count:
        assert time.monotonic() < deadline, told
        told += link.turn(0.1)
    return told


def loss(link: Link, seconds: float = 5.0) -> LinkLostError:
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            link.turn(0.1)
    except LinkLostError as lost:
        return lost
    pytest.fail("the connection still holds")
