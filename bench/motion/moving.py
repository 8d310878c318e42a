"""Which of the teacher's boxes truly move: boxes linked over frames, and how fast their middle goes.

Three answers for a place: something moves there for sure, nobody knows, or nothing moves there.
People who stand are "nobody knows": they may move an arm. So is whatever the teacher doubts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.motion.painter import FRAMES_PER_SECOND

# From here on a box counts at all, and from here on the teacher is believed (its median).
_DOUBTED, _BELIEVED = 0.15, 0.4
# A sure thing is seen this often; a flicker of the teacher's lasts a frame or two.
_FEWEST_FRAMES = 4
# The middle of a box trembles by some pixels; over this long that is 2 pixels a second.
_SPAN_FRAMES = 3
# Pixels and own sizes a second: somebody far who walks towards the camera goes 4, a tremble 2.
_FAST_PX_PER_S, _FAST_SIZES_PER_S = 8.0, 0.15
# A link reaches over two missed frames, to a box whose middle is at most so many sizes away.
_MOST_GAP, _REACH = 3, 0.8

Rectangle = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Truth:
    """Boxes of one frame, in pixels."""

    moving: tuple[Rectangle, ...]
    unsure: tuple[Rectangle, ...]


@dataclass(slots=True, eq=False)
class _Track:
    frames: list[int] = field(default_factory=list)
    boxes: list[Rectangle] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def is_moving(self, step: int) -> bool:
        """Tell whether the middle moves around this sighting."""
        first, last = max(0, step - _SPAN_FRAMES), min(len(self.frames) - 1, step + _SPAN_FRAMES)
        passed_s = (self.frames[last] - self.frames[first]) / FRAMES_PER_SECOND
        if passed_s <= 0:
            return False
        way = _middle(self.boxes[last]) - _middle(self.boxes[first])
        size = _size(self.boxes[step])
        pace = float(np.hypot(*way)) / passed_s
        return pace >= max(_FAST_PX_PER_S, _FAST_SIZES_PER_S * size)

    @property
    def is_sure(self) -> bool:
        """Tell whether the teacher believes in this thing."""
        return len(self.frames) >= _FEWEST_FRAMES and float(np.median(self.scores)) >= _BELIEVED


def judge(boxes: Sequence[Rectangle], scores: Sequence[NDArray[np.float32]]) -> list[Truth]:
    """Return what moves in each frame, from the teacher's boxes and scores of all frames."""
    moving: list[list[Rectangle]] = [[] for _ in boxes]
    unsure: list[list[Rectangle]] = [[] for _ in boxes]
    for track in _linked(boxes, scores):
        for step, (frame, box) in enumerate(zip(track.frames, track.boxes, strict=True)):
            is_known = track.is_sure and track.is_moving(step)
            (moving if is_known else unsure)[frame].append(box)
        _bridge(track, unsure)
    return [Truth(tuple(one), tuple(other)) for one, other in zip(moving, unsure, strict=True)]


def _bridge(track: _Track, unsure: list[list[Rectangle]]) -> None:
    """Where the teacher lost something for a moment, nobody knows."""
    for step in range(1, len(track.frames)):
        before, after = track.frames[step - 1], track.frames[step]
        for frame in range(before + 1, after):
            share = np.float32((frame - before) / (after - before))
            unsure[frame].append(track.boxes[step - 1] * (1 - share) + track.boxes[step] * share)


def _linked(boxes: Sequence[Rectangle], scores: Sequence[NDArray[np.float32]]) -> list[_Track]:
    tracks: list[_Track] = []
    for frame, (rows, sure) in enumerate(zip(boxes, scores, strict=True)):
        free = [one for one in tracks if frame - one.frames[-1] <= _MOST_GAP]
        for row in np.argsort(-sure):
            if sure[row] < _DOUBTED:
                break
            track = _closest(free, rows[row])
            if track is None:
                track = _Track()
                tracks.append(track)
            else:
                free.remove(track)
            track.frames.append(frame)
            track.boxes.append(rows[row])
            track.scores.append(float(sure[row]))
    return tracks


def _closest(tracks: Sequence[_Track], box: Rectangle) -> _Track | None:
    """Return the track that this box goes on, by its middle where its pace would put it."""
    best, least = None, _REACH * _size(box)
    for track in tracks:
        last = track.boxes[-1]
        ahead = _middle(last)
        if len(track.boxes) > 1 and track.frames[-1] - track.frames[-2] == 1:
            ahead = 2 * ahead - _middle(track.boxes[-2])
        ratio = _size(last) / max(1.0, _size(box))
        away = float(np.hypot(*(_middle(box) - ahead)))
        if away < least and 0.5 < ratio < 2.0:  # noqa: PLR2004 (half or double: another thing)
            best, least = track, away
    return best


def _middle(box: Rectangle) -> Rectangle:
    return np.asarray((box[:2] + box[2:]) / 2, np.float32)


def _size(box: Rectangle) -> float:
    return float(np.sqrt(max(1.0, (box[2] - box[0]) * (box[3] - box[1]))))
