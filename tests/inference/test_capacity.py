from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference.capacity import bearable_looks
from edge_agent.inference.objects import Detector
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
