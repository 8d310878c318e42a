"""A box that starts in 1970 sends, and tells later what time it really was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import split
from edge_agent.daemon.clock_watch import ClockWatch
from edge_agent.domain.clock import ClockStep
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.box import a_seal
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

YEAR_S = 365 * 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall=5.0)


def test_the_step_from_1970_to_now_is_told_with_both_times(clock: FakeClock) -> None:
    kept: list[ClockStep] = []
    watch = ClockWatch(clock, "this boot", kept.append)
    clock.is_synced = False
    clock.advance(10.0)
    watch.look()
    before = list(kept)

    clock.jump_wall(1_795_000_000.0)
    clock.is_synced = True
    watch.look()
    watch.look()

    assert before == []
    assert kept == [
        ClockStep(
            boot="this boot",
            mono_ms=110_000,
            was_wall=15.0,
            is_wall=1_795_000_015.0,
            is_synced=True,
            error_ms=12.5,
        )
    ]


@pytest.mark.parametrize("years", [-1, 1])
def test_a_year_in_either_direction_is_a_step(years: int) -> None:
    clock, kept = FakeClock(), []
    watch = ClockWatch(clock, "", kept.append)

    clock.jump_wall(years * YEAR_S)
    watch.look()

    [step] = kept
    assert step.is_wall - step.was_wall == pytest.approx(years * YEAR_S)


def test_a_clock_that_is_pulled_slowly_is_no_step(clock: FakeClock) -> None:
    watch = ClockWatch(clock, "", lambda _: pytest.fail("it was told"))

    clock.jump_wall(0.4)
    watch.look()


def test_a_clock_that_somebody_plays_with_fills_no_disk(clock: FakeClock) -> None:
    kept: list[ClockStep] = []
    watch = ClockWatch(clock, "", kept.append)

    for n in range(600):
        clock.jump_wall(1000.0 if n % 2 else -1000.0)
        clock.advance(1.0)
        watch.look()

    assert 1 <= len(kept) <= 10


def test_a_disk_that_refuses_is_asked_again(clock: FakeClock) -> None:
    asked: list[ClockStep] = []

    def refuse(step: ClockStep) -> None:
        asked.append(step)
        raise EdgeAgentError("the disk is full", hint="df -h")

    watch = ClockWatch(clock, "", refuse)
    clock.jump_wall(1000.0)
    watch.look()
    clock.advance(60.0)
    watch.look()

    assert len(asked) == 2
    assert asked[1].is_wall - asked[1].was_wall == pytest.approx(1000.0)


def test_the_step_is_a_record_in_the_chain(tmp_path: Path, clock: FakeClock) -> None:
    spool = open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=8), a_seal(tmp_path))
    watch = ClockWatch(clock, "this boot", spool.note_clock)

    clock.jump_wall(1_795_000_000.0)
    watch.look()
    [kept] = spool.oldest(10)
    spool.close()

    told = json.loads(split(kept.alert.body)[0])
    assert (told["type"], told["seq"], told["boot"]) == ("clock_set", 1, "this boot")
    assert told["was"] == "1970-01-01T00:00:05.000Z"
    assert told["now"] == "2026-11-18T11:06:45.000Z"
