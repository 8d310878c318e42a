"""A still street with everything that may happen to it, drawn at any moment.

One `World` is one scene: a real photo's grey, cut-outs of labelled people and vehicles that drive
or walk over it, and a handful of nuisances. `draw(at_s)` is a pure function of time but for the
sensor's noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# A camera's sub stream; the network looks at half of it, and its cells of 8 pixels are 16 here.
WIDTH_PX, HEIGHT_PX, CELL_PX = 640, 360, 16
# From a person far away to a bus that fills half of the picture.
SMALLEST_PX, FAR_PX, LARGEST_PX = 14, 36, 200
# Slower than this, in pixels a second, nobody can tell it from standing.
SLOWEST, FASTEST = 6.0, 260.0

# How long a scene lasts.
SCENE_S = 10.0
# Of a walker's step; two steps a second.
STEPS_PER_S = 8

Plane = NDArray[np.float32]
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Cutout:
    """One thing's grey and how much of each pixel is it, 0..1."""

    grey: Plane
    alpha: Plane


@dataclass(frozen=True, slots=True)
class Mover:
    """A cut-out on its way: it is at x, y at the moment 0; of several, each is a part of a step."""

    cutouts: tuple[Cutout, ...]
    x: float
    y: float
    dx: float
    dy: float
    # It stands still before and after these seconds.
    starts_s: float
    stops_s: float

    def cutout(self, at_s: float) -> Cutout:
        """Return what it looks like at that moment."""
        moved_s = min(max(at_s, self.starts_s), self.stops_s)
        return self.cutouts[int(moved_s * STEPS_PER_S) % len(self.cutouts)]

    def place(self, at_s: float) -> tuple[float, float]:
        """Return where its middle is."""
        moved_s = min(max(at_s, self.starts_s), self.stops_s)
        return self.x + self.dx * moved_s, self.y + self.dy * moved_s

    def is_moving(self, at_s: float) -> bool:
        """Tell whether it moves at that moment."""
        return self.starts_s <= at_s <= self.stops_s


Nuisance = Callable[[Plane, float, np.random.Generator], Plane]


class World:
    """One scene; moments are seconds from its beginning."""

    def __init__(
        self,
        street: Grey,
        movers: Sequence[Mover],
        nuisances: Sequence[Nuisance],
        noise: float,
        random: np.random.Generator,
    ) -> None:
        self._street = street.astype(np.float32)
        self._movers = movers
        self._nuisances = nuisances
        self._noise = noise
        self._random = random
        self._grain_px = float(random.uniform(0.3, 0.9))

    def draw(self, at_s: float) -> Grey:
        """Return the picture at that moment."""
        picture = self._street.copy()
        for mover in self._movers:
            _lay(picture, mover, at_s)
        for nuisance in self._nuisances:
            picture = nuisance(picture, at_s, self._random).astype(np.float32, copy=False)
        if self._noise > 0:
            picture = picture + grain(self._random, self._grain_px) * np.float32(self._noise)
        return np.clip(picture, 0, 255).astype(np.uint8)

    def truth(self, at_s: float, seen_s: Sequence[float]) -> tuple[Plane, Plane]:
        """Return, per pixel, what moves now, and what may differ since the moments seen before."""
        now, wake = _nothing(), _nothing()
        for mover in self._movers:
            if mover.is_moving(at_s):
                _stamp(now, mover, at_s)
            if any(mover.is_moving(moment) for moment in (at_s, *seen_s)):
                for moment in (at_s, *seen_s):
                    _stamp(wake, mover, moment)
        return now, wake


_BANK = np.random.default_rng(7).normal(0, 1, (1024, 1280)).astype(np.float32)
_SOFT = {}


def grain(random: np.random.Generator, grain_px: float) -> Plane:
    """Return noise of deviation one, cut at random from a sheet made once for each grain."""
    key = round(grain_px, 1)
    if key not in _SOFT:
        soft = cv2.GaussianBlur(_BANK, (0, 0), key) if key > 0.3 else _BANK  # noqa: PLR2004 (a pixel's own)
        _SOFT[key] = soft / soft.std()
    sheet = _SOFT[key]
    top = int(random.integers(0, sheet.shape[0] - HEIGHT_PX))
    left = int(random.integers(0, sheet.shape[1] - WIDTH_PX))
    cut = sheet[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    return cut[:: random.choice([-1, 1]), :: random.choice([-1, 1])]


def _nothing() -> Plane:
    return np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)


def _window(mover: Mover, at_s: float) -> tuple[slice, slice, slice, slice, float, float] | None:
    height, width = mover.cutout(at_s).alpha.shape
    x, y = mover.place(at_s)
    left, top = int(np.floor(x - width / 2)), int(np.floor(y - height / 2))
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(WIDTH_PX, left + width), min(HEIGHT_PX, top + height)
    if x0 >= x1 or y0 >= y1:
        return None
    rows, columns = slice(y0, y1), slice(x0, x1)
    of_rows, of_columns = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    return rows, columns, of_rows, of_columns, x - width / 2 - left, y - height / 2 - top


def _lay(picture: Plane, mover: Mover, at_s: float) -> None:
    window = _window(mover, at_s)
    if window is None:
        return
    rows, columns, of_rows, of_columns, dx, dy = window
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    cutout = mover.cutout(at_s)
    size = cutout.alpha.shape[::-1]
    alpha = cv2.warpAffine(cutout.alpha, shift, size)[of_rows, of_columns]
    grey = cv2.warpAffine(cutout.grey, shift, size, borderMode=cv2.BORDER_REPLICATE)
    below = picture[rows, columns]
    picture[rows, columns] = below + alpha * (grey[of_rows, of_columns] - below)


def _stamp(mask: Plane, mover: Mover, at_s: float) -> None:
    window = _window(mover, at_s)
    if window is not None:
        rows, columns, of_rows, of_columns, _, _ = window
        alpha = mover.cutout(at_s).alpha[of_rows, of_columns]
        np.maximum(mask[rows, columns], alpha, out=mask[rows, columns])
