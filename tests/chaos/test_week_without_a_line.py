"""Seven days without a line: what is given up is what the policy says, and signed records tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.week import Week, live_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chaos.scene import Scene


def judge(told: Week) -> None:
    print(told)  # noqa: T201 (for -s)
    assert told.chain.is_whole, told.chain
    assert told.arrived + told.dropped_alerts == told.alerts
    assert told.told_dropped == told.dropped_alerts
    assert told.with_picture + told.dropped_pictures == told.alerts - _dropped_with_picture(told)
    assert told.high_arrived == told.high
    assert told.visible_twice == 0


def _dropped_with_picture(told: Week) -> int:
    """Pictures go before alerts, so an alert that is dropped has lost its picture already."""
    assert told.dropped_alerts == 0 or told.dropped_pictures > told.dropped_alerts
    return 0


@pytest.mark.journey
def test_a_week_of_alerts_loses_pictures_of_low_severity_first(
    set_scene: Callable[..., Scene], memory: Path
) -> None:
    told = live_through(set_scene(memory, size_mb=8), 900, 9000)

    judge(told)
    assert told.dropped_alerts == 0
    assert told.dropped_pictures > 300
    assert told.high_with_picture == told.high


@pytest.mark.journey
def test_a_week_of_too_many_alerts_keeps_the_grave_ones_and_tells_of_the_rest(
    set_scene: Callable[..., Scene], memory: Path
) -> None:
    told = live_through(set_scene(memory, size_mb=8), 4500, 1000)

    judge(told)
    assert told.dropped_alerts > 100


@pytest.mark.soak
def test_seven_days_with_a_spool_of_64_megabytes(
    set_scene: Callable[..., Scene], memory: Path
) -> None:
    told = live_through(set_scene(memory, size_mb=64), 10_080, 12_000)

    judge(told)
    assert told.dropped_alerts == 0
    assert told.high_with_picture == told.high
