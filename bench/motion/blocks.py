"""Where something moves, from brightness alone: what the agent had before its motion network.

The picture is shrunk to 160 pixels and compared, in blocks of 4x4, with what each block usually
looks like. What a block usually does (rain, leaves, night noise) raises its own limit; what the
whole picture does (a cloud, the camera's gain) is taken out first.

All times are frame times, never the box's clock.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame, Plane
from edge_agent.domain.geometry import Box
from edge_agent.inference.motion import Motion

LONGER_SIDE_PX = 160
# A person 24 pixels tall in 640x360 is 6 by 2 here: in blocks of 8 they would drown.
BLOCK_PX = 4
# Above this share of blocks nothing has moved: lamps, the infrared filter or the camera have.
GLOBAL_SHARE = 0.6
# Seconds that the picture may take to settle after that, learned quickly, before the old calm.
SETTLING_S, SETTLING_PACE_S = 2.0, 0.25
# Seconds after which a change that goes on must not leave us blind.
RECOVERY_S = 3.0
# Seconds in which a quiet block follows slow light, and in which a block learns its own noise.
LIGHT_PACE_S, NOISE_PACE_S = 2.0, 8.0
# Seconds after which what differs without a pause is the new usual: a parked car, a moved bin.
PARKED_S = 10.0
# How far a block's brightness must move beyond its usual noise, in grey levels of 255; a far
# person covers two blocks.
THRESHOLD, FEWEST_BLOCKS = 6.0, 2
# A block's limit is the threshold beyond this many times its usual noise; the most noise it may learn
# leaves a person of ordinary contrast visible in a busy street or in rain.
NOISE_FACTOR, MOST_NOISE = 5.0, 6.0
# A moving thing's faint rim, from this part of a block's limit, belongs to its area.
FAINT = 0.5
# A change of the mean, in grey levels, that only a switch makes between two frames.
SWITCH_STEP = 40.0
# What the camera's exposure control does on its own; beyond it the fit has gone astray.
LEAST_GAIN, MOST_GAIN = 0.6, 1.6
# Grey levels beyond which a block takes no part in finding the gain: something moves there.
OUTLIER = 24.0

Grid = NDArray[np.float32]
Mask = NDArray[np.bool_]


_WHOLE = Box(0.0, 0.0, 1.0, 1.0)
_NOTHING = Motion((), is_global=False)


class BlockMotion:
    """Compares each frame with the usual picture; ready from the second frame on.

    A global change is reported as such, and areas mean movement again three seconds later. What stays where it
    stopped is reported for `PARKED_S` seconds of frame time and then belongs to the picture.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        cv2.setNumThreads(1)
        self._threshold = threshold
        self._usual: _Usual | None = None
        self._global_since: float | None = None

    def watch(self, frame: Frame) -> Motion:
        """Return what moves in this frame; of the first frame, nothing is known yet."""
        picture = shrink(frame.luma)
        usual = self._usual
        if usual is None or usual.shape != picture.shape:
            self._usual = _Usual(picture, frame.taken_at)
            return _NOTHING
        light = usual.light(picture)
        change = usual.change(picture, light)
        limit = usual.noise * NOISE_FACTOR + self._threshold
        moving = change > limit
        if light.is_switched or np.count_nonzero(moving) > GLOBAL_SHARE * moving.size:
            usual.start_again(picture, change, frame.taken_at)
            return self._global(frame.taken_at)
        self._global_since = None
        usual.learn(picture, change, moving, frame.taken_at)
        if not moving.any():
            return _NOTHING
        faint = change > limit * FAINT
        return Motion(_areas(moving, faint, FEWEST_BLOCKS), is_global=False)

    def _global(self, taken_at: float) -> Motion:
        if self._global_since is None:
            self._global_since = taken_at
        is_lasting = taken_at - self._global_since >= RECOVERY_S
        return Motion((_WHOLE,) if is_lasting else (), is_global=True)


@dataclass(frozen=True, slots=True)
class _Light:
    """How brightness changed: now = gain * usual + shift; `step` is the change of the mean."""

    gain: float
    shift: float
    step: float

    @property
    def is_switched(self) -> bool:
        """Tell whether no sun is that fast: the usual picture follows the light in seconds."""
        return abs(self.step) > SWITCH_STEP


class _Usual:
    """The usual picture, and per block its usual noise and since when it differs."""

    def __init__(self, picture: Grid, taken_at: float) -> None:
        height, width = picture.shape
        self.shape = picture.shape
        self._grid_px = (math.ceil(width / BLOCK_PX), math.ceil(height / BLOCK_PX))
        self._picture = picture.copy()
        self._blocks = self._to_blocks(picture)
        self.noise: Grid = np.zeros_like(self._blocks)
        # When each block was last as usual.
        self._calm_at = np.full(self._blocks.shape, taken_at)
        self._seen_at = taken_at
        self._settled_at = taken_at

    def light(self, picture: Grid) -> "_Light":
        """Return what turns the usual picture's brightness into this one's, moving things aside."""
        blocks = self._to_blocks(picture)
        difference = (blocks - self._blocks).ravel()
        middle = difference.size // 2
        shift = float(np.partition(difference, middle)[middle])
        steady = np.abs(difference - shift) < OUTLIER
        before, after = self._blocks.ravel()[steady], blocks.ravel()[steady]
        if before.size * 2 < blocks.size:
            return _Light(1.0, shift, shift)
        mean_before, mean_after = float(before.mean()), float(after.mean())
        before -= mean_before
        spread = float(before @ before)
        # A picture of one brightness says nothing about gain.
        gain = float(before @ after) / spread if spread > before.size else 1.0
        gain = min(MOST_GAIN, max(LEAST_GAIN, gain))
        return _Light(gain, mean_after - gain * mean_before, mean_after - mean_before)

    def change(self, picture: Grid, light: "_Light") -> Grid:
        """Return the mean difference of each block in grey levels, the light's share taken out."""
        expected = cv2.addWeighted(self._picture, light.gain, self._picture, 0.0, light.shift)
        difference: Grid = cv2.absdiff(picture, expected).astype(np.float32, copy=False)
        return self._to_blocks(difference)

    def start_again(self, picture: Grid, change: Grid, taken_at: float) -> None:
        """Take this picture for the usual one; blocks keep what they know of their noise."""
        self._learn_noise(change, taken_at)
        self._follow(picture, None, 1.0)
        self._calm_at[:] = taken_at
        self._settled_at = taken_at + SETTLING_S

    def learn(self, picture: Grid, change: Grid, moving: Mask, taken_at: float) -> None:
        """Let quiet blocks follow the light, all blocks their noise, and parked things settle."""
        passed_s = self._learn_noise(change, taken_at)
        if taken_at < self._settled_at:
            self._follow(picture, None, _share(passed_s, SETTLING_PACE_S))
        else:
            self._follow(picture, ~moving, _share(passed_s, LIGHT_PACE_S))
        self._calm_at[~moving] = taken_at
        parked = taken_at - self._calm_at >= PARKED_S
        if parked.any():
            self._follow(picture, parked, 1.0)
            self._calm_at[parked] = taken_at

    def _learn_noise(self, change: Grid, taken_at: float) -> float:
        """Average each block's change; returns the seconds since the frame before."""
        passed_s = taken_at - self._seen_at
        self._seen_at = taken_at
        # One passing car must not deafen a block: it counts as no more than a doubled noise.
        heard = np.minimum(change, 2 * self.noise + 2)
        cv2.accumulateWeighted(heard, self.noise, _share(passed_s, NOISE_PACE_S))
        np.minimum(self.noise, MOST_NOISE, out=self.noise)
        return passed_s

    def _follow(self, picture: Grid, where: Mask | None, share: float) -> None:
        """Move the usual picture this far towards the present one, in all or in some blocks."""
        mask = None
        if where is not None and not where.all():
            width_px, height_px = self.shape[1], self.shape[0]
            mask = cv2.resize(
                where.view(np.uint8), (width_px, height_px), interpolation=cv2.INTER_NEAREST
            )
        cv2.accumulateWeighted(picture, self._picture, share, mask)
        self._blocks = self._to_blocks(self._picture)

    def _to_blocks(self, picture: Grid) -> Grid:
        blocks = cv2.resize(picture, self._grid_px, interpolation=cv2.INTER_AREA)
        return blocks.astype(np.float32, copy=False)


def shrink(luma: Plane) -> Grid:
    """Return the brightness with its longer side at 160 pixels, as mean grey levels.

    Halving first is three times as fast as one step, because OpenCV halves with SIMD.
    """
    height, width = luma.shape
    longer = max(height, width)
    factor = min(1.0, LONGER_SIDE_PX / longer)
    size = (max(BLOCK_PX, round(width * factor)), max(BLOCK_PX, round(height * factor)))
    small = np.ascontiguousarray(luma)
    while longer >= 2 * LONGER_SIDE_PX:
        longer //= 2
        half = (small.shape[1] // 2, small.shape[0] // 2)
        small = np.asarray(cv2.resize(small, half, interpolation=cv2.INTER_AREA))
    if (small.shape[1], small.shape[0]) != size:
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA))
    return small.astype(np.float32)


def _share(passed_s: float, pace_s: float) -> float:
    """Return how much of a difference is learned in this time."""
    return 1 - math.exp(-max(0.0, passed_s) / pace_s)


def _areas(moving: Mask, faint: Mask, fewest_blocks: int) -> tuple[Box, ...]:
    """Return the boxes around connected blocks of which at least one moves clearly."""
    rows, columns = moving.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(faint.astype(np.uint8))
    clear = np.bincount(labels[moving], minlength=count) > 0
    boxes = []
    for left, top, width, height, size in stats[1:][clear[1:]].tolist():
        if size >= fewest_blocks:
            right, bottom = left + width, top + height
            boxes.append(Box(left / columns, top / rows, right / columns, bottom / rows))
    return tuple(boxes)
