"""The power goes at any moment: what was promised is there, and no number is used twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.power import PowerCuts, cut_the_power

if TYPE_CHECKING:
    from pathlib import Path


def judge(told: PowerCuts) -> None:
    print(told)  # noqa: T201 (for -s)
    assert told.promised > 10 * told.cuts
    assert (told.lost, told.damaged, told.forked, told.stuck, told.broken) == (0, 0, 0, [], [])
    assert told.restarted == 0


@pytest.mark.journey
def test_sixty_power_cuts_lose_nothing_and_use_no_number_twice(tmp_path: Path) -> None:
    judge(cut_the_power(tmp_path, 60))


@pytest.mark.soak
def test_five_hundred_power_cuts_lose_nothing_and_use_no_number_twice(tmp_path: Path) -> None:
    judge(cut_the_power(tmp_path, 500))


def test_a_power_cut_that_takes_the_whole_spool_uses_no_number_twice(tmp_path: Path) -> None:
    told = cut_the_power(tmp_path, 40, loses_spool=True)

    print(told)  # noqa: T201 (for -s)
    assert told.lost > 0
    assert (told.forked, told.stuck, told.broken) == (0, [], [])
    assert told.restarted > 30


def test_the_same_cuts_take_alerts_from_a_spool_that_does_not_wait_for_the_disk(
    tmp_path: Path,
) -> None:
    told = cut_the_power(tmp_path, 20, synchronous="NORMAL")

    print(told)  # noqa: T201 (for -s)
    assert told.lost > 0
