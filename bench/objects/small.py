"""Small things under overhead cameras: what is found whole, on tiles, and where motion points.

A still picture has no motion. So we ask what each model would find if the motion stage had found
everything that people labelled: areas on its grid of 16 pixels, shifted and grown a little, go to
the agent's own lookout, frame after frame until nobody waits for a look. Once as if nobody had
been seen before, and once as if each were followed already, so that the lookout knows its height.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.objects.exam_results import boxes_of, only
from bench.objects.exams import Exam, Photo
from bench.objects.eyes import LABELS, WHOLE, Eye
from bench.objects.marks import Flags, Sheet, mark
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Expected, Label, Track
from edge_agent.domain.zone import Watch
from edge_agent.inference.lookout import Lookout
from edge_agent.inference.motion import Motion
from edge_agent.inference.options import ObjectOptions
from training.objects.boxes import Floats
from training.objects.detections import Detections

# Heights in pixels of the camera's picture, upper ends excluded.
BINS: dict[str, tuple[float, float]] = {
    "all": (0, 1e9),
    "under 16": (0, 16),
    "16-32": (16, 32),
    "32-64": (32, 64),
    "over 64": (64, 1e9),
    "under 32": (0, 32),
}
# Enough of them are small there; persons are not labelled, buses and trucks are few.
ASKED = (Label.TWO_WHEELER, Label.CAR)
_GRID_PX = 16
# Part of its size by which motion or a track misses a thing: its shadow, its wake, its still half.
_JITTER = 0.25
# Neighbouring tiles share this part, so that nothing small is cut by both.
_SHARED = 0.25
_SEED = 20261124
# Frames that show the same, five a second; most pictures are done after two.
_MOST_FRAMES, _FRAME_S = 10, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a model found in one way of looking, and how many looks a picture took."""

    answers: tuple[Detections, ...]
    looks: float

    def sheet(self, exam: Exam, label: Label, heights: tuple[float, float]) -> Sheet:
        """Return the marks for things of these heights; all others are left out."""
        truths = [boxes_of(photo, label) for photo in exam.photos]
        found = [only(one, label) for one in self.answers]
        return mark(truths, found, lambda boxes: _is_tall(boxes, heights))


Way = Callable[[Photo, int], Sequence[Box]]


def look(eye: Eye, exam: Exam, way: Way) -> Looked:
    """Show a set to a model in one way; a COCO model's riders are joined to their machines."""
    crops = [way(photo, eye.side_px) for photo in exam.photos]
    pairs = zip(exam.photos, crops, strict=True)
    answers = tuple(eye.think(photo.frame, parts).joined for photo, parts in pairs)
    return Looked(answers, float(np.mean([len(parts) for parts in crops])))


def whole(_photo: Photo, _side_px: int) -> Sequence[Box]:
    """Look once at the whole picture."""
    return (WHOLE,)


def tiles(photo: Photo, side_px: int) -> Sequence[Box]:
    """Look at overlapping squares in the camera's own pixels, and once at the whole."""
    return (WHOLE, *_tiles(photo, side_px))


def enlarged(photo: Photo, side_px: int) -> Sequence[Box]:
    """Look at overlapping squares enlarged twice, and once at the whole."""
    return (WHOLE, *_tiles(photo, side_px // 2))


def motion(photo: Photo, side_px: int) -> Sequence[Box]:
    """Look where motion would point if it had found all that is labelled, as the agent chooses."""
    return _chosen(photo, side_px, [])


def followed(photo: Photo, side_px: int) -> Sequence[Box]:
    """Look as the agent chooses once it follows everything: it knows how tall each one is."""
    labels = [LABELS[place] for place in photo.labels]
    pairs = zip(labels, _missed_a_little(photo, 0.0), strict=True)
    return _chosen(photo, side_px, [_track(number, *pair) for number, pair in enumerate(pairs)])


WAYS: dict[str, Way] = {
    "whole": whole,
    "motion": motion,
    "followed": followed,
    "tiles": tiles,
    "enlarged": enlarged,
}


def _chosen(photo: Photo, side_px: int, known: Sequence[Expected]) -> Sequence[Box]:
    """Return all crops that the agent's lookout chooses, frame after frame, sweeps apart."""
    most = ObjectOptions().crops_per_frame
    lookout = Lookout(side_px=side_px, looks_per_frame=most, watch=Watch())
    moves = Motion(tuple(_missed_a_little(photo, _JITTER)), is_global=False)
    crops: dict[Box, None] = {}
    for number in range(_MOST_FRAMES):
        frame = replace(photo.frame, taken_at=number * _FRAME_S)
        plan = lookout.choose(frame, moves, known)
        crops.update(dict.fromkeys(plan.crops))
        if number and not plan.refused:
            break
    return tuple(crops)


def _missed_a_little(photo: Photo, grown: float) -> list[Box]:
    """Return the true boxes as motion or a track would give them, not quite in place."""
    frame = photo.frame
    random = np.random.default_rng([_SEED, *photo.file.stem.encode()])
    size = np.asarray([frame.width_px, frame.height_px] * 2, np.float32)
    boxes = [_shifted(box, grown, random) for box in photo.boxes]
    return [Box(*(box / size).tolist()).clipped() for box in boxes]


def _shifted(box: Floats, grown: float, random: np.random.Generator) -> Floats:
    """Return a box that misses its thing a little; where it is grown, on motion's blocks."""
    sides = np.tile(box[2:] - box[:2], 2)
    moved = box + np.tile(random.uniform(-_JITTER, _JITTER, 2), 2) * sides
    outwards = np.asarray([-1, -1, 1, 1]) * random.uniform(0, _JITTER, 4) * sides
    if not grown:
        return np.asarray(moved, np.float32)
    blocks = (moved + outwards) / _GRID_PX
    edges = np.concatenate([np.floor(blocks[:2]), np.ceil(blocks[2:])]) * _GRID_PX
    return np.asarray(edges, np.float32)


def _track(number: int, label: Label, box: Box) -> Expected:
    track = Track(
        id=number,
        label=label,
        score=1.0,
        box=box,
        first_seen=0.0,
        last_seen=0.0,
        is_confirmed=True,
    )
    return Expected(track, is_due=True)


def _tiles(photo: Photo, side_px: int) -> list[Box]:
    width_px, height_px = photo.frame.width_px, photo.frame.height_px
    return [
        Box(
            left / width_px,
            top / height_px,
            min(1.0, (left + side_px) / width_px),
            min(1.0, (top + side_px) / height_px),
        )
        for top in _starts(height_px, side_px)
        for left in _starts(width_px, side_px)
    ]


def _starts(length_px: int, side_px: int) -> list[int]:
    """Return where tiles begin, evenly, so that neighbours share enough."""
    room = max(0, length_px - side_px)
    steps = int(np.ceil(room / (side_px * (1 - _SHARED))))
    return [round(room * step / max(steps, 1)) // 2 * 2 for step in range(steps + 1)]


def _is_tall(boxes: Floats, heights: tuple[float, float]) -> Flags:
    tall = boxes[:, 3] - boxes[:, 1]
    return np.asarray((tall >= heights[0]) & (tall < heights[1]))
