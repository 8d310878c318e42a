"""FastestDet: one stride; per cell whether there is an object, its box, and logits of its class.

Outputs: [1, H/s, W/s, 1] through the sigmoid, [1, H/s, W/s, 4] and [1, H/s, W/s, classes] as logits.
The box is a shift of its middle by tanh cells and a size as sigmoid of the whole picture; the score
is object^0.6 * class^0.4 (dog-qiuqiu/FastestDet, example/onnx-runtime/runtime.py).
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import (
    Candidates,
    Cells,
    Places,
    Wanted,
    sigmoid,
    softmax,
    true_places,
)
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# How the authors weigh "something is here" against "and it is this".
OBJECT_POWER, CLASS_POWER = 0.6, 0.4
# Places in the tuple of depths.
_OBJECTS, _EDGES, _CLASSES = 0, 1, 2


class FastestDetDecoder:
    """Reads objectness, boxes and class logits."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._wanted = Wanted(card)
        self._size = np.array((card.width_px, card.height_px), np.float32)
        self._cells = Cells(card, slots, (1, EDGES, len(card.labels)))
        # No class can lift the score above this: whatever is not an object is done there.
        least = self._wanted.lowest ** (1 / OBJECT_POWER)
        self._least = self._cells.least_raw(least, _OBJECTS)

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        wanted, cells = self._wanted, self._cells
        objects = cells.raw(outputs, _OBJECTS)
        some = np.flatnonzero(objects >= self._least)
        there = cells.real(objects[some], _OBJECTS, some)
        classes = cells.real(cells.raw(outputs, _CLASSES)[some], _CLASSES, some)
        kinds: Reals = wanted.of(softmax(classes))
        scores = there**OBJECT_POWER * kinds**CLASS_POWER
        rows, columns = true_places(scores >= wanted.scores)
        boxes = self._boxes(cells.raw(outputs, _EDGES), some[rows])
        return Candidates(boxes, scores[rows, columns], wanted.labels[columns])

    def _boxes(self, edges: Raw, rows: Places) -> Reals:
        cells = self._cells
        real = cells.real(edges[rows], _EDGES, rows)
        middles = (cells.corners[rows] + np.tanh(real[:, :2])) * cells.strides[rows]
        halves = sigmoid(real[:, 2:]) * self._size / 2
        return np.concatenate((middles - halves, middles + halves), axis=1)
