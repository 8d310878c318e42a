"""Truth and claims cell by cell: 16 pixels of 640x360, as an operator's grid would show them.

A cell is judged only where truth is sure: the rim of a moving thing and its wake are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 40, 23
_WIDTH_PX, _HEIGHT_PX = 640, 360
# From this part of a cell under a box it is claimed: half a cell to each side of a corner.
CLAIMED = 0.25
# From this part of a cell under a walker's outline something moves in it: 20 of 256 pixels.
MOVING = 0.08
# A moving thing's shadow, blur and blocks of the codec reach one cell further.
_RIM = np.ones((3, 3), np.uint8)

Cover = NDArray[np.float32]
Cells = NDArray[np.bool_]
Box = tuple[int, int, int, int]


@dataclass(slots=True)
class CellCount:
    """Cells that were claimed rightly and wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, claimed: Cells, true: Cells, judged: Cells) -> None:
        """Count one frame."""
        self.right += int(np.count_nonzero(claimed & true))
        self.wrong += int(np.count_nonzero(claimed & judged & ~true))
        self.missed += int(np.count_nonzero(true & ~claimed))

    def join(self, other: CellCount) -> None:
        """Add another count."""
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed

    @property
    def measure(self) -> float:
        """Return F1; 0 where nothing was claimed rightly."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    @property
    def precision(self) -> float:
        """Return the part of the claimed cells in which something moves."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Return the part of the cells with movement that were claimed."""
        return self.right / max(1, self.right + self.missed)


def no_cover() -> Cover:
    """Return a grid in which nothing moves."""
    return np.zeros((ROWS, COLUMNS), np.float32)


def cover(mask: Cover) -> Cover:
    """Return which part of each cell the mask covers."""
    return np.asarray(cv2.resize(mask, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32)


def cover_of(boxes: Iterable[Sequence[float]]) -> Cover:
    """Return which part of each cell lies under a box."""
    mask, found = np.zeros((_HEIGHT_PX, _WIDTH_PX), np.float32), False
    for left, top, right, bottom in boxes:
        found = True
        mask[max(0, round(top)) : round(bottom), max(0, round(left)) : round(right)] = 1.0
    return cover(mask) if found else no_cover()


def claimed(boxes: Iterable[Sequence[float]]) -> Cells:
    """Return the cells that these boxes claim."""
    return np.asarray(cover_of(boxes) >= CLAIMED)


def widened(cells: Cells) -> Cells:
    """Return the cells and their neighbours."""
    return np.asarray(cv2.dilate(cells.astype(np.uint8), _RIM) > 0)


def truth(covers: Sequence[Cover]) -> tuple[Cells, Cells]:
    """Return where something moves and which cells are judged; the last cover is the present one.

    Those before it are its wake: what they touched a moment ago is not judged.
    """
    true = np.asarray(covers[-1] >= MOVING)
    touched = np.asarray(np.max(np.stack(covers), axis=0) > 0)
    return true, true | ~widened(touched)
