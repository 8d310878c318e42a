"""The agent's own eyes on the second runtime: `python -m tests.inference.second_runtime FRAMES.npz`.

Runs in an environment of its own, which has neither PyAV nor pytest, and prints as JSON which
runtime it found and what it saw in each frame.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference.motion_file import open_motion
from edge_agent.inference.objects import open_detector
from edge_agent.inference.options import MotionOptions, ObjectOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

# The whole picture, and a half of it where a crop is shrunk less.
PARTS = (Box(0.0, 0.0, 1.0, 1.0), Box(0.0, 0.2, 0.5, 0.9))


def see(frames: Sequence[Frame]) -> dict[str, Any]:
    """Return what is seen in each frame: objects best first, and the areas that move."""
    detector, motion = open_detector(ObjectOptions()), open_motion(MotionOptions())
    moved = [motion.watch(frame) for frame in frames]
    seen = [detector.look(frame, PARTS) for frame in frames]
    runtimes = {"ai_edge_litert", "tflite_runtime"} & set(sys.modules)
    return {
        "runtime": runtimes.pop(),
        "objects": [
            [[one.label.value, one.score, *_sides(one.box)] for one in each] for each in seen
        ],
        "areas": [[_sides(area) for area in one.areas] for one in moved],
    }


def _sides(box: Box) -> list[float]:
    return [float(side) for side in (box.left, box.top, box.right, box.bottom)]


def _frames(file: str) -> list[Frame]:
    with np.load(file) as planes:
        lumas, blues, reds = (planes[name] for name in ("luma", "blue", "red"))
    return [
        Frame(
            taken_at=number / 5,
            camera_wall=None,
            received_wall=0.0,
            luma=luma,
            chroma_blue=blue,
            chroma_red=red,
        )
        for number, (luma, blue, red) in enumerate(zip(lumas, blues, reds, strict=True))
    ]


if __name__ == "__main__":
    print(json.dumps(see(_frames(sys.argv[1]))))  # noqa: T201 (our words to the parent)
