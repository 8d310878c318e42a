"""YOLOX: per cell whether there is an object, its box, and a score for each class.

Outputs per stride: [1, H/s, W/s, 4], and through the sigmoid [1, H/s, W/s, 1] and
[1, H/s, W/s, classes]. The box is a shift of its middle in cells and the logarithm of its size in
cells; the score is object * class (Megvii-BaseDetection/YOLOX, yolox/utils/demo_utils.py).
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import Candidates, Cells, Places, Wanted, true_places
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# e^7 cells are larger than any picture: a broken network must not overflow.
LARGEST_LOG = 7.0
# Places in the tuple of depths.
_OBJECTS, _EDGES, _CLASSES = 0, 1, 2


class YoloxDecoder:
    """Reads objectness, boxes and class scores."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._wanted = Wanted(card)
        self._cells = Cells(card, slots, (1, EDGES, len(card.labels)))
        self._least = self._cells.least_raw(self._wanted.lowest, _OBJECTS)

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        wanted, cells = self._wanted, self._cells
        objects = cells.raw(outputs, _OBJECTS)
        # A class score is at most 1: whatever is not an object is done here.
        some = np.flatnonzero(objects >= self._least)
        classes = wanted.of(cells.raw(outputs, _CLASSES)[some])
        scores = cells.real(objects[some], _OBJECTS, some) * cells.real(classes, _CLASSES, some)
        rows, columns = true_places(scores >= wanted.scores)
        boxes = self._boxes(cells.raw(outputs, _EDGES), some[rows])
        return Candidates(boxes, scores[rows, columns], wanted.labels[columns])

    def _boxes(self, edges: Raw, rows: Places) -> Reals:
        cells = self._cells
        real = cells.real(edges[rows], _EDGES, rows)
        middles = cells.corners[rows] + real[:, :2]
        halves = np.exp(np.minimum(real[:, 2:], LARGEST_LOG)) / 2
        boxes: Reals = np.concatenate((middles - halves, middles + halves), axis=1)
        return boxes * cells.strides[rows]
