"""Where exactly in its cells a thing is that has come into the usual picture.

Cells are coarse: a walker of 12 pixels brushes three by four of them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Plane

# Left, top, right and bottom.
Rectangle = tuple[int, int, int, int]

# Of the clearest difference in a thing's cells, so much still belongs to the thing. And what stands out by
# less than this many times the usual change has no outline that can be trusted.
_SHARE, _CLEAR_NOISES = 0.4, 3.0
# The same where grain was averaged, by so many pixels, which smears outlines and leaves little of the grain.
_SMEARED_SHARE, _CLEAR_AVERAGES, _AVERAGED_PX = 0.6, 1.2, 5


def outline(
    now: Plane, expected: Plane, cells: NDArray[np.bool_], noise: float, *, is_noisy: bool
) -> Rectangle:
    """Return the rectangle, in pixels of these pictures, of what differs in these cells.

    It is the cells' own where nothing differs by much more than the usual change, `noise`, in grey levels.
    """
    cell_px = now.shape[1] // cells.shape[1]
    left, top, width, height = cv2.boundingRect(cells.view(np.uint8))
    rows = slice(top * cell_px, min(now.shape[0], (top + height) * cell_px))
    columns = slice(left * cell_px, (left + width) * cell_px)
    measure = _averaged_change if is_noisy else _blurred_change
    difference = measure(now[rows, columns], expected[rows, columns])
    share, clear_noises = (_SMEARED_SHARE, _CLEAR_AVERAGES) if is_noisy else (_SHARE, _CLEAR_NOISES)
    inside = cv2.resize(
        cells[top : top + height, left : left + width].view(np.uint8),
        (width * cell_px, height * cell_px),
        interpolation=cv2.INTER_NEAREST,
    )
    difference[inside[: rows.stop - rows.start] == 0] = 0
    clearest = float(difference.max())
    if clearest < clear_noises * noise or clearest == 0:
        return columns.start, rows.start, columns.stop, rows.stop
    clear = (difference > share * clearest).view(np.uint8)
    x, y, wide, high = cv2.boundingRect(clear)
    return columns.start + x, rows.start + y, columns.start + x + wide, rows.start + y + high


def _blurred_change(picture: Plane, expected: Plane) -> Plane:
    """Return how far each pixel and its neighbours are from what was expected, either way."""
    return np.asarray(cv2.blur(cv2.absdiff(picture, expected), (3, 3)), np.uint8)


def _averaged_change(picture: Plane, expected: Plane) -> Plane:
    """Return how far each pixel's neighbourhood is, with its sign: of the grain little is left."""
    change = cv2.subtract(picture, expected, dtype=cv2.CV_16S)
    return np.asarray(cv2.convertScaleAbs(cv2.blur(change, (_AVERAGED_PX, _AVERAGED_PX))), np.uint8)
