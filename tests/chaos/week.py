"""A week without a line, in seconds: the spool fills up, gives up what its policy says, and tells."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_agent.domain.sighting import Severity
from tests.peers.flaky import Line

if TYPE_CHECKING:
    from edge_agent.contract import Report
    from tests.chaos.scene import Scene

DAYS = 7
# Of eight alerts: what a street with one grave rule sends.
_TURNS = (Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.LOW, Severity.HIGH, Severity.LOW, Severity.MEDIUM, Severity.LOW)  # fmt: skip
_WEEK_S = DAYS * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What became of a week's alerts."""

    alerts: int
    spool_bytes: int
    arrived: int
    with_picture: int
    dropped_alerts: int
    dropped_pictures: int
    high: int
    high_arrived: int
    high_with_picture: int
    # What signed records say was given up.
    told_dropped: int
    visible_twice: int
    drain_s: float
    chain: Report


def live_through(scene: Scene, alerts: int, picture_bytes: int) -> Week:
    """Let the box see so many while nothing gets through, then let the line come back."""
    scene.line.set(Line.DOWN)
    scene.box.waits_until(lambda: not scene.box.loop.state().is_connected)
    high = set()
    for number in range(alerts):
        severity = _TURNS[number % len(_TURNS)]
        scene.box.clock.wall_ahead_s += _WEEK_S / alerts
        scene.box.clock.ahead_s += _WEEK_S / alerts
        scene.box.see(1, severity=severity, picture_bytes=picture_bytes)
        if severity is Severity.HIGH:
            high.add(scene.box.promised[-1])
    full = scene.box.spool.state()
    scene.line.set(Line.UP)
    began = time.monotonic()
    scene.box.comes_back()
    hurry_until_delivered(scene)
    drain_s = time.monotonic() - began
    return _judge(scene, high, full.size_bytes, drain_s)


def _judge(scene: Scene, high: set[str], spool_bytes: int, drain_s: float) -> Week:
    names, pictures = set(scene.center.names()), scene.center.pictures()
    state = scene.box.spool.state()
    chain = scene._told()
    return Week(
        alerts=len(scene.box.promised),
        spool_bytes=spool_bytes,
        arrived=len(names),
        with_picture=len(pictures),
        dropped_alerts=state.dropped_alerts,
        dropped_pictures=state.dropped_thumbnails,
        high=len(high),
        high_arrived=len(high & names),
        high_with_picture=len(high & pictures),
        told_dropped=sum(one.last - one.first + 1 for one in chain.dropped),
        visible_twice=scene.center.visible_twice(),
        drain_s=drain_s,
        chain=chain,
    )


def hurry_until_delivered(scene: Scene, seconds: float = 120.0) -> None:
    """Skip the minutes in which a box waits before it asks a silent center again."""
    deadline = time.monotonic() + seconds
    before = -1
    while waiting := scene.box.spool.state().waiting:
        assert time.monotonic() < deadline, (scene.box.loop.state(), scene.box.spool.state())
        if waiting == before:
            scene.box.clock.ahead_s += 31.0
        before = waiting
        threading.Event().wait(0.4)
