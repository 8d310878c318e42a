"""A still street with everything that may happen to it, drawn again at any moment.

One `World` is one scene: a real photo's grey, cut-outs of labelled people and vehicles that drive
or walk over it, and a handful of nuisances. `draw(at_s)` is a pure function of time but for the
sensor's noise, so the moments that the background remembers are simply drawn, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# What the network looks at; cells of eight pixels are 16 in a sub stream of 640x360.
WIDTH_PX, HEIGHT_PX, CELL_PX = 320, 180, 8
# From a person 14 pixels tall in 640x360 to a bus that fills half of the picture.
SMALLEST_PX, FAR_PX, LARGEST_PX = 7, 18, 100
# Slower than this, in pixels a second, nobody can tell it from standing.
SLOWEST, FASTEST = 3.0, 130.0

Plane = NDArray[np.float32]
Grey = NDArray[np.uint8]
_COLUMNS, _ROWS = np.meshgrid(
    np.arange(WIDTH_PX, dtype=np.float32), np.arange(HEIGHT_PX, dtype=np.float32)
)


@dataclass(frozen=True, slots=True)
class Cutout:
    """One thing's grey and how much of each pixel is it, 0..1."""

    grey: Plane
    alpha: Plane


@dataclass(frozen=True, slots=True)
class Mover:
    """A cut-out on its way; `contrast` keeps it visible on any street."""

    cutout: Cutout
    x: float
    y: float
    dx: float
    dy: float
    # It stands still before and after these seconds.
    starts_s: float
    stops_s: float

    def place(self, at_s: float) -> tuple[float, float]:
        """Return where its middle is."""
        moved_s = min(max(at_s, self.starts_s), self.stops_s)
        return self.x + self.dx * moved_s, self.y + self.dy * moved_s

    def is_moving(self, at_s: float) -> bool:
        """Tell whether it moves at that moment."""
        return self.starts_s <= at_s <= self.stops_s


Nuisance = Callable[[Plane, float, np.random.Generator], Plane]


class World:
    """One scene; moments are seconds around 0, which is now."""

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

    def draw(self, at_s: float, *, averaged: int = 1) -> Plane:
        """Return the picture at that moment; noise as after averaging so many frames."""
        picture = self._street.copy()
        for mover in self._movers:
            _lay(picture, mover, at_s)
        for nuisance in self._nuisances:
            picture = nuisance(picture, at_s, self._random).astype(np.float32, copy=False)
        if self._noise > 0:
            picture = picture + grain(self._random, self._grain_px) * (
                self._noise / np.sqrt(averaged)
            )
        return np.clip(picture, 0, 255, dtype=np.float32)

    def truth(self, at_s: float, before_s: float) -> tuple[Plane, Plane]:
        """Return, per pixel, what moves now, and what it may have disturbed since before."""
        now, wake = (
            np.zeros((HEIGHT_PX, WIDTH_PX), np.float32),
            np.zeros((HEIGHT_PX, WIDTH_PX), np.float32),
        )
        for mover in self._movers:
            if mover.is_moving(at_s) or mover.is_moving(before_s):
                _stamp(wake, mover, at_s)
                _stamp(wake, mover, before_s)
            if mover.is_moving(at_s):
                _stamp(now, mover, at_s)
        return now, wake


_BANK = np.random.default_rng(7).normal(0, 1, (512, 640)).astype(np.float32)
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


def _window(mover: Mover, at_s: float) -> tuple[slice, slice, slice, slice, float, float] | None:
    height, width = mover.cutout.alpha.shape
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
    size = mover.cutout.alpha.shape[::-1]
    alpha = cv2.warpAffine(mover.cutout.alpha, shift, size)[of_rows, of_columns]
    grey = cv2.warpAffine(mover.cutout.grey, shift, size, borderMode=cv2.BORDER_REPLICATE)
    below = picture[rows, columns]
    picture[rows, columns] = below + alpha * (grey[of_rows, of_columns] - below)


def _stamp(mask: Plane, mover: Mover, at_s: float) -> None:
    window = _window(mover, at_s)
    if window is not None:
        rows, columns, of_rows, of_columns, _, _ = window
        np.maximum(
            mask[rows, columns], mover.cutout.alpha[of_rows, of_columns], out=mask[rows, columns]
        )
