from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference import capacity
from edge_agent.inference.capacity import bearable_looks, suited_threads
from edge_agent.inference.objects import Detector
from edge_agent.inference.options import ObjectOptions
from tests.fakes.clock import FakeClock


class SlowModel:
    """Takes a time of its own for each look; the first ones are slower."""

    side_px = 320

    def __init__(self, clock: FakeClock, seconds: Sequence[float]) -> None:
        self._clock = clock
        self._seconds = list(seconds)

    def look(self, frame: Frame, crops: Sequence[Box]) -> list[object]:
        assert len(crops) == 1
        assert frame.luma.shape == (360, 640)
        self._clock.advance(self._seconds.pop(0) if len(self._seconds) > 1 else self._seconds[0])
        return []


@pytest.mark.parametrize(
    ("seconds", "cores", "looks"),
    [([0.025], 4, 80), ([0.5, 0.02, 0.05], 2, 50), ([3.0], 1, 1)],
    ids=["a weak box", "busy at first", "hopeless"],
)
def test_half_of_the_processor_may_look(seconds: list[float], cores: int, looks: int) -> None:
    clock = FakeClock()
    model = cast("Detector", SlowModel(clock, seconds))

    assert bearable_looks(model, clock.mono, cores) == pytest.approx(looks, abs=1)


@pytest.mark.parametrize(
    ("seconds", "cores", "shares", "threads", "tried"),
    [
        ({1: 0.005, 2: 0.003, 4: 0.002}, 4, True, 1, [1]),
        ({1: 0.090, 2: 0.049, 4: 0.030}, 4, True, 2, [1, 2]),
        ({1: 0.120, 2: 0.070, 4: 0.045}, 4, True, 4, [1, 2, 4]),
        ({1: 0.120, 2: 0.070, 4: 0.080}, 4, True, 2, [1, 2, 4]),
        ({1: 0.120, 2: 0.070, 4: 0.045}, 2, True, 2, [1, 2]),
        ({1: 0.120, 2: 0.010}, 4, False, 1, [1]),
    ],
    ids=["quick", "two do", "four do", "none does", "two cores", "threads that spin"],
)
def test_the_fewest_threads_that_keep_up_are_taken(
    seconds: dict[int, float],
    cores: int,
    *,
    shares: bool,
    threads: int,
    tried: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four looks five times a second: one may take 50 ms."""
    monkeypatch.setattr(capacity.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(capacity, "shares_cores", lambda: shares)
    clock, asked = FakeClock(), []

    def make(count: int) -> Detector:
        asked.append(count)
        return cast("Detector", SlowModel(clock, [0.5, seconds[count]]))

    assert suited_threads(make, ObjectOptions(), clock.mono) == threads
    assert asked == tried
