"""Real clips of fixed cameras, five frames a second, cut to 16:9 and 640x360.

No masks come with them. What each one can judge, and what not, was settled by looking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.motion.painter import FRAMES_PER_SECOND, HEIGHT_PX, WIDTH_PX, Picture
from tools import debian

CLIPS = debian.REPOSITORY.parent / "shared" / "data" / "clips"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One camera's clip, and what it can judge."""

    name: str
    file: Path
    # Seconds in which somebody is there, noted by people; the teacher is not asked then.
    visits_s: tuple[tuple[float, float], ...] = ()
    # Whether all that moves is known, so that other motion is false.
    judges_false: bool = True
    ends_s: float = 1e9
    remark: str = ""


# Looked at and left out: google_traffic_frames.mp4 lasts 0.6 s and intel_person-bicycle-car.gif
# 3 s; in bgslib_video.avi cars seen from above, which no teacher knows, pass nearly all the time.
ALL = (
    Clip(
        name="one by one",
        file=CLIPS / "intel_one-by-one-person.mp4",
        visits_s=((6, 19.5), (23, 44.5), (50.5, 69.5), (74.5, 86.5), (92, 119.5), (123.5, 136)),
        remark="a room, six visits noted by people; between them nothing moves",
    ),
    Clip(
        name="cars from above",
        file=CLIPS / "intel_car-detection.mp4",
        visits_s=((4.3, 8.7), (14.3, 19.1), (25.0, 27.7)),
        remark="three passages noted by people; the exposure hunts after each",
    ),
    Clip(
        name="vtest",
        file=debian.CACHE / "vtest.avi",
        remark="walkers on a campus; whoever stands is not judged, nor are the tripods",
    ),
    Clip(
        name="lobby",
        file=CLIPS / "persontracker_cctv.mp4",
        # Then the clip fades into its own beginning.
        ends_s=18.0,
        remark="a crowd of whom most stand: few places are judged",
    ),
    Clip(
        name="square",
        file=CLIPS / "persontracker_people.mp4",
        remark="a crowd; one box around two neighbours costs whoever draws it",
    ),
    Clip(
        name="highway",
        file=CLIPS / "bgslib_video02.avi",
        judges_false=False,
        # Then somebody's alarm is written over the picture.
        ends_s=20.2,
        remark="the teacher misses its lorries and the man on the verge: false is not judged",
    ),
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame: brightness at 640x360, and the same view in its own size and colours."""

    at_s: float
    picture: Picture
    colours: NDArray[np.uint8]


def shots(clip: Clip) -> Iterator[Shot]:
    """Yield five frames a second."""
    due, began = 0.0, None
    with av.open(str(clip.file)) as container:
        for frame in container.decode(video=0):
            time_s = float(frame.time or 0.0)
            began = time_s if began is None else began
            at_s = time_s - began
            if at_s >= clip.ends_s:
                return
            if at_s + 1e-6 >= due:
                due += 1 / FRAMES_PER_SECOND
                colours = _wide(frame.to_ndarray(format="rgb24"))
                luma = _wide(frame.reformat(format="gray").to_ndarray())
                yield Shot(at_s, _fitted(luma), colours)


def _wide(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut the middle to 16:9."""
    height, width = picture.shape[:2]
    rows = min(height, width * HEIGHT_PX // WIDTH_PX)
    top = (height - rows) // 2
    return np.ascontiguousarray(picture[top : top + rows])


def _fitted(luma: NDArray[np.uint8]) -> Picture:
    way = cv2.INTER_AREA if luma.shape[1] > WIDTH_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, (WIDTH_PX, HEIGHT_PX), interpolation=way), np.uint8)
