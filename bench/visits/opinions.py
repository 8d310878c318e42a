"""What the teachers see in every analysed frame of a clip; asked once, kept outside the tree.

YOLOX-nano looks at the whole frame and at enlarged tiles, both also mirrored, so it sees people whom
a 320 px network cannot: 30 inferences a frame, ten minutes for all clips.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.visits.clips import SHARED, Clip
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from tools import debian
from training.objects.boxes import Pixels
from training.objects.detections import Detections
from training.objects.labels import merge_riders
from training.objects.teachers import Teachers

_CACHE = debian.CACHE / "visits"
# Count up when the teachers, or what is asked of them, change.
_EDITION = 1


@dataclass(frozen=True, slots=True)
class Opinion:
    """The teachers' word on one frame; boxes are fractions of it, riders belong to the machine."""

    taken_at: float
    found: Detections


def opinions(clip: Clip) -> list[Opinion]:
    """Return the teachers' word on every analysed frame, asking only where nobody has yet."""
    kept = _file(clip)
    if not kept.is_file():
        _CACHE.mkdir(exist_ok=True)
        _write(kept, _ask(clip))
    return _read(kept)


def _ask(clip: Clip) -> list[Opinion]:
    teachers = Teachers(SHARED / "models", threads=1)
    return [
        Opinion(frame.taken_at, _fractions(merge_riders(teachers.frame(rgb(frame))), frame))
        for frame in clip.frames()
    ]


def rgb(frame: Frame) -> Pixels:
    """Return the frame as the teachers and people like to see it."""
    whole = frame.cut(Box(0.0, 0.0, 1.0, 1.0))
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YUV2RGB_I420), np.uint8)


def _fractions(found: Detections, frame: Frame) -> Detections:
    size: NDArray[np.float32] = np.asarray([frame.width_px, frame.height_px] * 2, np.float32)
    return Detections(found.boxes / size, found.scores, found.labels)


def _file(clip: Clip) -> Path:
    with clip.file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    return _CACHE / f"{digest}-{clip.begins_s:.0f}-{clip.ends_s:.0f}-{_EDITION}.npz"


def _write(kept: Path, all_of_them: list[Opinion]) -> None:
    counts = np.asarray([len(one.found.scores) for one in all_of_them], np.int64)
    partly = kept.with_suffix(".part.npz")
    np.savez_compressed(
        partly,
        times=np.asarray([one.taken_at for one in all_of_them]),
        counts=counts,
        boxes=np.concatenate([one.found.boxes for one in all_of_them]),
        scores=np.concatenate([one.found.scores for one in all_of_them]),
        labels=np.concatenate([one.found.labels for one in all_of_them]),
    )
    partly.rename(kept)


def _read(kept: Path) -> list[Opinion]:
    with np.load(kept) as file:
        ends = np.cumsum(file["counts"])
        parts = [np.split(file[name], ends[:-1]) for name in ("boxes", "scores", "labels")]
        times = file["times"].tolist()
    return [
        Opinion(time, Detections(boxes, scores, labels))
        for time, boxes, scores, labels in zip(times, *parts, strict=True)
    ]
