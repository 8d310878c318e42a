"""Killed at any moment while the line comes and goes: nothing promised is lost, nothing seen twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.kills import BROKER, PAHO, RECEIPT, Kills, kill_again_and_again

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto


def judge(told: Kills) -> None:
    print(told)  # noqa: T201 (for -s)
    assert told.promised > 3 * told.kills
    assert (told.lost, told.visible_twice, told.out_of_order) == (0, 0, 0)
    assert told.chain is not None
    assert told.chain.is_whole, told.chain
    assert told.chain.messages == told.chain.head[0] if told.chain.head else False


@pytest.mark.journey
def test_fifteen_kills_lose_no_promised_alert(broker: Mosquitto, tmp_path: Path) -> None:
    judge(kill_again_and_again(RECEIPT, 15, broker, tmp_path))


@pytest.mark.soak
def test_two_hundred_kills_lose_no_promised_alert(broker: Mosquitto, tmp_path: Path) -> None:
    judge(kill_again_and_again(RECEIPT, 200, broker, tmp_path))


@pytest.mark.soak
def test_the_broker_s_word_is_enough_as_long_as_the_broker_lives(
    broker: Mosquitto, tmp_path: Path
) -> None:
    judge(kill_again_and_again(BROKER, 50, broker, tmp_path))


@pytest.mark.soak
def test_the_same_kills_take_alerts_from_a_queue_in_memory(
    broker: Mosquitto, tmp_path: Path
) -> None:
    told = kill_again_and_again(PAHO, 20, broker, tmp_path)

    assert told.lost > 0
