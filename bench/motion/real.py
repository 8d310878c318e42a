"""Run every contender over the real clips, where truth is known; see `clips.py` and `moving.py`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from bench.motion import cells, moving, teacher
from bench.motion.cells import CellCount, Cells
from bench.motion.clips import ALL, Clip, Shot, shots
from bench.motion.contenders import AS_SHIPPED, ENTRIES
from bench.motion.painter import HEIGHT_PX, WIDTH_PX, Box
from bench.motion.score import WAKE_FRAMES, is_found

# Visits are noted to half a second; who has left is still news for one.
_BEFORE_S, _AFTER_S = 0.5, 1.5
# Who comes in is seen by the teacher once they are whole: two cells from the edge.
RIM_PX = 32


@dataclass(slots=True)
class Tally:
    """What one contender did with one clip.

    `false_of` counts frames in which something can be false: part of the picture is judged still.
    """

    frames: int = 0
    false_of: int = 0
    false_frames: int = 0
    things: int = 0
    found: int = 0
    cells: CellCount = field(default_factory=CellCount)
    cpu_s: float = 0.0

    @property
    def false_share(self) -> float:
        """Return the part of the judged frames in which something was told that did not move."""
        return self.false_frames / max(1, self.false_of)

    @property
    def found_share(self) -> float:
        """Return the part of the moving things, frame by frame, that were found."""
        return self.found / max(1, self.things)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one frame."""

    # Boxes of what moves, and cells: where it does, and which cells are judged at all.
    moving: tuple[Box, ...]
    true: Cells
    judged: Cells


@dataclass(slots=True)
class ClipSheet:
    """One clip's results, by contender; why it was left out, otherwise."""

    remark: str
    judges_false: bool = True
    has_cells: bool = False
    seconds: float = 0.0
    # The teacher's moving boxes, frame by frame.
    things: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    absent: str = ""

    def words(self) -> str:
        """Return what this clip is."""
        if self.absent:
            return self.absent
        things = f", {self.things} moving boxes" if self.has_cells else ""
        return f"{self.seconds:.0f} s{things}; {self.remark}"


def measure() -> dict[str, ClipSheet]:
    """Return what everybody did with each clip that is here."""
    # As in the agent, where every camera has a thread of its own.
    cv2.setNumThreads(1)
    return {clip.name: look_at(clip) for clip in ALL}


def look_at(clip: Clip) -> ClipSheet:
    """Return what everybody did with one clip; why it judges nobody, where it does not."""
    sheet = ClipSheet(
        remark=clip.remark, judges_false=clip.judges_false, has_cells=not clip.visits_s
    )
    if not clip.file.exists():
        sheet.absent = "not on this machine"
        return sheet
    if sheet.has_cells and not teacher.is_there():
        sheet.absent = "left out, for the teacher is not on this machine"
        return sheet
    frames = list(shots(clip))
    sheet.seconds = frames[-1].at_s
    known = truth(clip, len(frames)) if sheet.has_cells else None
    for name in ENTRIES:
        told, cpu_s = watched(name, frames)
        if known is None:
            tally = by_visits(clip, frames, told)
        else:
            tally = by_teacher(known, told, judges_false=clip.judges_false)
            sheet.things = tally.things
        tally.cpu_s, tally.frames = cpu_s, len(frames)
        sheet.tallies[name] = tally
    return sheet


def watched(name: str, frames: Sequence[Shot]) -> tuple[list[list[Box]], float]:
    """Return what a contender says of each frame, and the CPU seconds that it took."""
    contender = ENTRIES[name].make(AS_SHIPPED)
    began = time.process_time()
    told = [contender.watch(shot.picture, shot.at_s) for shot in frames]
    return told, time.process_time() - began


def by_visits(clip: Clip, frames: Sequence[Shot], told: Sequence[Sequence[Box]]) -> Tally:
    """Count motion while nobody is there, and the frames of visits in which there is some."""
    tally = Tally()
    for shot, boxes in zip(frames, told, strict=True):
        if any(began <= shot.at_s < ended for began, ended in clip.visits_s):
            tally.things += 1
            tally.found += bool(boxes)
        elif not any(
            began - _BEFORE_S <= shot.at_s < ended + _AFTER_S for began, ended in clip.visits_s
        ):
            tally.false_of += 1
            tally.false_frames += bool(boxes)
    return tally


def by_teacher(
    known: Sequence[Known], told: Sequence[Sequence[Box]], *, judges_false: bool
) -> Tally:
    """Count what the teacher's moving boxes say."""
    tally = Tally()
    for one, boxes in zip(known, told, strict=True):
        tally.false_of += judges_false
        tally.false_frames += judges_false and any(_is_false(box, one) for box in boxes)
        tally.things += len(one.moving)
        tally.found += sum(is_found(boxes, thing) for thing in one.moving)
        tally.cells.add(cells.claimed(boxes), one.true, one.judged)
    return tally


def _is_false(box: Box, known: Known) -> bool:
    """Tell whether all that this box claims is known to be still."""
    here = cells.cover_of([box]) > 0
    return not np.any(here & (known.true | ~known.judged))


def truth(clip: Clip, length: int) -> list[Known]:
    """Return what is known of each frame of a clip."""
    seen = teacher.look(clip)[:length]
    answers = moving.judge([one.boxes for one in seen], [one.scores for one in seen])
    covers = [cells.cover_of(one.moving) for one in answers]
    known = []
    for index, answer in enumerate(answers):
        boxes = tuple(box for box in map(_whole, answer.moving) if not _at_rim(box))
        true = (covers[index] >= cells.CLAIMED) & _INSIDE
        wake = np.max(np.stack(covers[max(0, index - WAKE_FRAMES) : index + 1]), axis=0) > 0
        unsure = cells.widened(wake | (cells.cover_of(answer.unsure) > 0))
        known.append(Known(boxes, true, (true | ~unsure) & _INSIDE))
    return known


def _at_rim(box: Box) -> bool:
    return (
        box[0] < RIM_PX
        or box[1] < RIM_PX
        or box[2] > WIDTH_PX - RIM_PX
        or box[3] > HEIGHT_PX - RIM_PX
    )


def _inside() -> Cells:
    inside = np.zeros((cells.ROWS, cells.COLUMNS), bool)
    inside[2:-2, 2:-2] = True
    return inside


_INSIDE = _inside()


def _whole(box: moving.Rectangle) -> Box:
    left, top, right, bottom = (round(float(edge)) for edge in box)
    return left, top, right, bottom
