"""The broker is killed in mid stream: its word was worth nothing, the center's receipt is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.broker_kills import SAVING, BrokerKills, kill_the_broker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

BROKERS = {"remembers nothing": {}, "saves": {"persistence": True, "settings": SAVING}}


def judge(told: BrokerKills) -> None:
    print(told)  # noqa: T201 (for -s)
    assert (told.lost, told.visible_twice) == (0, 0)
    assert told.chain.is_whole, told.chain


@pytest.mark.journey
def test_with_receipts_four_kills_lose_nothing(
    start_broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    judge(kill_the_broker(start_broker(), tmp_path, 4, receipts=True))


@pytest.mark.soak
@pytest.mark.parametrize("kind", BROKERS)
def test_with_receipts_twenty_kills_lose_nothing(
    kind: str, start_broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    judge(kill_the_broker(start_broker(**BROKERS[kind]), tmp_path, 20, receipts=True))


@pytest.mark.soak
def test_a_broker_that_remembers_nothing_takes_alerts_with_it(
    start_broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    told = kill_the_broker(start_broker(), tmp_path, 20, receipts=False)

    assert told.lost > 0
    # It was an honest box: the center sees from the chain that something is missing.
    assert told.chain.missing
