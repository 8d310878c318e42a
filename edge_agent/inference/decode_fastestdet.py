"""FastestDet: one stride; per cell whether there is an object, its box, and logits of its class.

Outputs: [1, H/s, W/s, 1] through the sigmoid, [1, H/s, W/s, 4] and [1, H/s, W/s, classes] as logits.
The box is a shift of its middle by tanh cells and a size as sigmoid of the whole picture; the score
is object^0.6 * class^0.4 (dog-qiuqiu/FastestDet, example/onnx-runtime/runtime.py).
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import (
    Candidates,
    Level,
    Places,
    Wanted,
    find_levels,
    gather,
    sigmoid,
    softmax,
)
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# How the authors weigh "something is here" against "and it is this".
OBJECT_POWER, CLASS_POWER = 0.6, 0.4


class FastestDetDecoder:
    """Reads objectness, boxes and class logits."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._wanted = Wanted(card)
        self._size = np.array((card.width_px, card.height_px), np.float32)
        self._levels = find_levels(card, slots, (1, EDGES, len(card.labels)))

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        return gather([self._decode_level(level, outputs) for level in self._levels])

    def _decode_level(self, level: Level, outputs: Sequence[Raw]) -> Candidates:
        objects, edges, classes = (
            outputs[place].reshape(-1, outputs[place].shape[-1]) for place in level.places
        )
        object_slot, edge_slot, class_slot = (self._slots[place] for place in level.places)
        wanted = self._wanted
        # No class can lift the score above this: whatever is not an object is done here.
        cells = np.flatnonzero(
            objects[:, 0] >= object_slot.least_raw(wanted.lowest ** (1 / OBJECT_POWER))
        )
        there: Reals = object_slot.real(objects[cells])
        kinds = softmax(class_slot.real(classes[cells]))[:, wanted.columns]
        scores = there**OBJECT_POWER * kinds**CLASS_POWER
        rows, columns = np.nonzero(scores >= wanted.scores)
        boxes = self._boxes(level, cells[rows], edge_slot.real(edges[cells[rows]]))
        return Candidates(boxes, scores[rows, columns], wanted.labels[columns])

    def _boxes(self, level: Level, cells: Places, edges: Reals) -> Reals:
        middles = (level.corners(cells) + np.tanh(edges[:, :2])) * np.float32(level.stride)
        halves = sigmoid(edges[:, 2:]) * self._size / 2
        return np.concatenate((middles - halves, middles + halves), axis=1)
