"""Judge one frame's boxes: false ones, people found, cells; and add up what a contender did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.motion.cells import CellCount, claimed, truth
from bench.motion.painter import FRAMES_PER_SECOND, Box, Moment

# Frigate's notes call a box around a person found when it is at most so many times their area.
_MOST_TIMES = 12
# Motion beside something that truly moves is no false alarm: its blur, its shadow, its wake.
_MARGIN_PX = 16
# A box of a walker's size hides in no wake; a thing that left is still news for one second.
WAKE_S = 1.0
WAKE_FRAMES = round(WAKE_S * FRAMES_PER_SECOND)


@dataclass(slots=True)
class Tally:
    """What one contender did in one condition, over all seeds."""

    frames: int = 0
    false_frames: int = 0
    person_frames: int = 0
    found: int = 0
    cpu_s: float = 0.0
    watched: int = 0
    # Of each scene: calm seconds with motion in them, from the very first frame on.
    false_calm: int = 0
    calm_frames: int = 0
    cells: CellCount = field(default_factory=CellCount)

    def join(self, other: Tally) -> None:
        """Add another scene's."""
        self.frames += other.frames
        self.false_frames += other.false_frames
        self.person_frames += other.person_frames
        self.found += other.found
        self.cpu_s += other.cpu_s
        self.watched += other.watched
        self.false_calm += other.false_calm
        self.calm_frames += other.calm_frames
        self.cells.join(other.cells)

    @property
    def false_share(self) -> float:
        """Return the part of the frames in which something was told that did not move."""
        return self.false_frames / max(1, self.frames)

    @property
    def found_share(self) -> float:
        """Return the part of the walker's frames in which they were found."""
        return self.found / max(1, self.person_frames)

    def judge(self, boxes: Sequence[Box], moments: Sequence[Moment], index: int) -> None:
        """Count what was told of one frame."""
        moment, recent = moments[index], moments[max(0, index - WAKE_FRAMES) : index + 1]
        wrong = is_false(boxes, [box for one in recent for box in one.true])
        if moment.is_calm:
            self.calm_frames += 1
            self.false_calm += wrong
        else:
            self.frames += 1
            self.false_frames += wrong
            true, judged = truth([one.cells for one in recent])
            self.cells.add(claimed(boxes), true, judged)
        if moment.person:
            self.person_frames += 1
            self.found += is_found(boxes, moment.person)


def is_false(boxes: Iterable[Box], true: Sequence[Box]) -> bool:
    """Tell whether a box lies beside everything that moves or moved a moment ago."""
    return any(not any(touch(box, other) for other in true) for box in boxes)


def is_found(boxes: Iterable[Box], person: Box) -> bool:
    """Tell whether a box says where the person is, and not just that it is somewhere."""
    most = _MOST_TIMES * _area(person)
    return any(touch(box, person, 0) and _area(box) <= most for box in boxes)


def touch(one: Box, other: Box, margin: int = _MARGIN_PX) -> bool:
    """Tell whether two boxes come that close."""
    is_beside = one[0] < other[2] + margin and one[2] > other[0] - margin
    return is_beside and one[1] < other[3] + margin and one[3] > other[1] - margin


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
