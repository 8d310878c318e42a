"""Box, broker and `edge-agent center run` are killed in turn: its database has every alert once, and no gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.center.conftest import postgres, postgres_url
from tests.chaos.real_center import Kills, kill_each_in_turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

# pytest finds fixtures by the name of the module.
__all__ = ["postgres", "postgres_url"]


def judge(told: Kills, rounds: int) -> None:
    print(told)  # noqa: T201 (for -s)
    assert dict(told.kills) == dict.fromkeys(("box", "broker", "center"), rounds)
    assert told.promised > 10 * rounds
    assert (told.lost, told.without_picture, told.twice) == (0, 0, 0)
    assert told.whole_upto == told.newest >= told.promised
    assert "none" in told.alarms
    assert told.verified.startswith("0\n"), told.verified
    assert f"complete up to {told.newest}" in told.verified


@pytest.mark.journey
def test_six_kills_in_turn_leave_every_alert_once_and_no_gap(
    start_broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    judge(kill_each_in_turn(start_broker(), tmp_path, str(tmp_path / "center.db"), 2), 2)


@pytest.mark.soak
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_hundred_and_twenty_kills_in_turn_leave_every_alert_once_and_no_gap(
    engine: str,
    start_broker: Callable[..., Mosquitto],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    where = str(tmp_path / "center.db")
    if engine == "postgres":
        where = request.getfixturevalue("postgres_url")
    judge(kill_each_in_turn(start_broker(), tmp_path, where, 40), 40)
