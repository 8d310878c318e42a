"""How many threads a look needs on this box, and how many looks a second it can bear: tried before it starts."""

import os
from collections.abc import Callable

import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference.objects import Detector
from edge_agent.inference.options import ObjectOptions
from edge_agent.inference.runtime import shares_cores

# The rest of the processor is for decoding, motion, alerts and the system.
LOOKS_SHARE = 0.5
# The quickest of these counts: others were held up by whatever else the box does.
_TRIALS = 8
# Of one look; what a box has not is not tried.
THREADS = (1, 2, 4)
_SIZE_PX = (640, 360)
# A clock that stands still tells nothing; no box we know is quicker.
_LEAST_S = 1e-4


def at_once(threads: int) -> int:
    """Return how many looks can run at the same time where each uses so many threads."""
    return max(1, (os.cpu_count() or 1) // threads)


def thread_choices() -> list[int]:
    """Return with how many threads a look may be tried here."""
    most = (os.cpu_count() or 1) if shares_cores() else 1
    return [count for count in THREADS if count <= most]


def suited_threads(
    make: Callable[[int], Detector], options: ObjectOptions, mono: Callable[[], float]
) -> int:
    """Return the fewest threads with which the looks of a frame are done before the next one.

    Where none are quick enough, those that are quickest. `make` opens a detector with so many.
    """
    pause_s = 1 / options.frames_per_second
    quickest: dict[int, float] = {}
    for threads in thread_choices():
        look = trial_look(make(threads))
        quickest[threads] = min(_seconds(look, mono) for _ in range(_TRIALS))
        if options.crops_per_frame * quickest[threads] <= pause_s:
            return threads
    return min(quickest, key=lambda threads: quickest[threads])


def bearable_looks(detector: Detector, mono: Callable[[], float], cores: int) -> int:
    """Return the looks a second that keep half of this box's cores busy; at least one.

    `cores` is how many looks can run at the same time.
    """
    look = trial_look(detector)
    quickest_s = min(_seconds(look, mono) for _ in range(_TRIALS))
    return max(1, int(LOOKS_SHARE * cores / max(_LEAST_S, quickest_s)))


def trial_look(detector: Detector) -> Callable[[], object]:
    """Return a look like any other, at a crop of an empty picture."""
    frame, part = _grey(), Box(0.0, 0.0, 0.5, 320 / 360)
    return lambda: detector.look(frame, [part])


def _seconds(look: Callable[[], object], mono: Callable[[], float]) -> float:
    began = mono()
    look()
    return mono() - began


def _grey() -> Frame:
    width, height = _SIZE_PX
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    return Frame(
        taken_at=0.0,
        camera_wall=None,
        received_wall=0.0,
        luma=np.full((height, width), 128, np.uint8),
        chroma_blue=chroma,
        chroma_red=chroma,
    )
