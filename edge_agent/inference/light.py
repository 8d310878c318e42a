"""The difference of two pictures, less what light does to many cells at once.

A beam of headlights is 95 grey levels, more than an int8 plane holds in units of the noise: who walks
through it would be in no plane at all.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Plane

# Light that changes so many cells, across and down, is taken out of a difference beyond so many units of a
# plane. Where it moves, by more than this many units since the pictures before, hardly anything is left of
# it; where it stays, as a lamp's does, the network knows it for what it is.
ROOM, MOVING_ROOM, _LIGHT_MOVES, _LIT_CELLS = 48.0, 4.0, 15.0, 5
# It is shade, which darkens what is bright by more, where that explains this part of what the light leaves
# (R squared) by itself: times one, or so far from it. A person in front of a wall makes it vanish, too.
_SHADE_EXPLAINS, _SHADE_STRAYS = 0.1, 0.3
# Every so-many-th row tells; 14,400 pixels are enough for one number.
_EVERY_ROW = 4
# The darkest that shade is told by, in grey levels.
_DARKEST = 8.0

Grid = NDArray[np.float32]
# A picture and the means of its cells.
Shown = tuple[Plane, Grid]


def differences(
    now: Shown, usual: Shown, befores: Sequence[Shown], stretch: float
) -> tuple[list[NDArray[np.int8]], NDArray[np.bool_]]:
    """Return the stretched differences of the present picture to the usual one and to those before.

    And the cells in which light moves.
    """
    picture, cells = now
    others = [usual, *befores]
    lights = [cv2.medianBlur(cells - there, _LIT_CELLS) for _, there in others]
    moved = np.max(np.abs(lights[1:]), axis=0) * stretch > _LIGHT_MOVES
    room = np.where(moved, np.float32(MOVING_ROOM / stretch), np.float32(ROOM / stretch))
    shown = [
        _difference(picture, other, light, light - np.clip(light, -room, room), stretch)
        for other, light in zip(others, lights, strict=True)
    ]
    return shown, moved


def _difference(
    now: Plane, other: Shown, light: Any, beyond: Any, stretch: float
) -> NDArray[np.int8]:
    picture, cells = other
    if not beyond.any():
        return np.asarray(cv2.addWeighted(now, stretch, picture, -stretch, 0, dtype=cv2.CV_8S))
    change = cv2.subtract(now, picture, dtype=cv2.CV_32F)
    gain = light / np.maximum(cv2.medianBlur(cells, _LIT_CELLS), np.float32(_DARKEST))
    shade = _shade(change, picture, fine(light, now), fine(gain, now))
    if shade is not None:
        change = cv2.subtract(change, shade)
    change = cv2.subtract(change, fine(beyond, now))
    return np.asarray(cv2.addWeighted(change, stretch, change, 0, 0, dtype=cv2.CV_8S))


def _shade(change: Any, other: Plane, light: Grid, gain: Grid) -> Grid | None:
    """Return what this gain does to a picture beside its light, if that is how it changed."""
    rows = slice(None, None, _EVERY_ROW)
    texture = _texture(other[rows], light[rows], gain[rows])
    left = cv2.subtract(change[rows], light[rows])
    along, size = float(np.vdot(left, texture)), float(np.vdot(texture, texture))
    if size == 0 or along * along < _SHADE_EXPLAINS * size * float(np.vdot(left, left)):
        return None
    times = along / size
    if abs(times - 1) > _SHADE_STRAYS:
        return None
    return np.asarray(_texture(other, light, gain) * np.float32(times), np.float32)


def _texture(other: Plane, light: Grid, gain: Grid) -> Any:
    return cv2.subtract(cv2.multiply(other, gain, dtype=cv2.CV_32F), light)


def fine(cells: Grid, picture: Plane) -> Grid:
    """Return a value for each pixel; the last cells reach over the lower edge."""
    height, width = picture.shape
    rows, columns = cells.shape
    fine = cv2.resize(cells, (width, rows * width // columns), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine[:height], np.float32)


def around(change: Grid, calm: NDArray[np.uint8]) -> Grid:
    """Return, for each cell, the mean change of the calm cells around it; 0 where there are none."""
    weight, size = calm.astype(np.float32), (_LIT_CELLS, _LIT_CELLS)
    near, known = cv2.blur(change * weight, size), cv2.blur(weight, size)
    return np.asarray(near / np.maximum(known, np.float32(1 / _LIT_CELLS**2)), np.float32)
