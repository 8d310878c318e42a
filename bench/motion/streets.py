"""Still streets to paint on: the median of a fixed camera's clip, so that nobody walks there."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from bench.motion.painter import HEIGHT_PX, WIDTH_PX, Picture
from tools import debian

_CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"
_NAMES = ("intel_one-by-one-person.mp4", "persontracker_cctv.mp4", "bgslib_video02.avi")
_FRAMES = 60


def streets() -> list[Picture]:
    """Return one still street for each clip that is there; vtest's always is after `make setup`."""
    files = [debian.CACHE / "vtest.avi", *(_CLIPS / name for name in _NAMES)]
    return [_median(file) for file in files if file.exists()]


def _median(file: Path) -> Picture:
    with av.open(str(file)) as container:
        pictures = [
            cv2.resize(frame.reformat(format="gray").to_ndarray(), (WIDTH_PX, HEIGHT_PX))
            for frame in container.decode(video=0)
        ]
    step = max(1, len(pictures) // _FRAMES)
    return np.asarray(np.median(np.stack(pictures[::step]), axis=0), np.uint8)
