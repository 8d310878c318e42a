"""Stages that see what a test tells them to, and insist on being used as real ones are."""

from collections.abc import Callable, Sequence

from edge_agent.domain.alert import Alert
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.motion import Motion
from edge_agent.inference.options import MotionOptions

PERSON = Box(0.4, 0.4, 0.5, 0.8)


class FakeMotion:
    """Sees motion around the person, or none."""

    def __init__(self, areas: tuple[Box, ...] = (PERSON,)) -> None:
        self.areas = areas
        # For how long it says that everything has been changing.
        self.changing_s = 0.0
        self._last: float | None = None

    def watch(self, frame: Frame) -> Motion:
        assert self._last is None or frame.taken_at > self._last, "frames come in order, once"
        self._last = frame.taken_at
        return Motion(self.areas, is_global=self.changing_s > 0, changing_s=self.changing_s)

    def adjust(self, options: MotionOptions) -> None:
        """It sees what it is told to, whatever the options."""


class FakeObjects:
    """Sees a person at a place that depends on the time; None: nobody is there."""

    side_px = 320

    def __init__(
        self,
        where: Callable[[float], Box | None] = lambda _: PERSON,
        label: Label = Label.PERSON,
    ) -> None:
        self._where = where
        self._label = label
        self.looks: list[tuple[float, tuple[Box, ...]]] = []

    def look(self, frame: Frame, crops: Sequence[Box]) -> list[Sighting]:
        assert crops, "a look costs milliseconds: do not ask for none"
        self.looks.append((frame.taken_at, tuple(crops)))
        box = self._where(frame.taken_at)
        if box is None or not any(crop.shared(box) > box.area * 0.9 for crop in crops):
            return []
        return [Sighting(self._label, 0.8, box)]


class FakeSpool:
    """Keeps alerts in a list; refuses while `is_full`."""

    def __init__(self) -> None:
        self.kept: list[Alert] = []
        self.is_full = False

    def append(self, alert: Alert) -> None:
        if self.is_full:
            raise EdgeAgentError("the disk is full", hint="make room")
        self.kept.append(alert)
