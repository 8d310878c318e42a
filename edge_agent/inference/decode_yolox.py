"""YOLOX: per cell whether there is an object, its box, and a score for each class.

Outputs per stride: [1, H/s, W/s, 4], and through the sigmoid [1, H/s, W/s, 1] and
[1, H/s, W/s, classes]. The box is a shift of its middle in cells and the logarithm of its size in
cells; the score is object * class (Megvii-BaseDetection/YOLOX, yolox/utils/demo_utils.py).
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
)
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# e^7 cells are larger than any picture: a broken network must not overflow.
LARGEST_LOG = 7.0


class YoloxDecoder:
    """Reads objectness, boxes and class scores."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._wanted = Wanted(card)
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
        # A class score is at most 1: whatever is not an object is done here.
        cells = np.flatnonzero(objects[:, 0] >= object_slot.least_raw(wanted.lowest))
        kinds = class_slot.real(classes[cells][:, wanted.columns])
        scores = object_slot.real(objects[cells]) * kinds
        rows, columns = np.nonzero(scores >= wanted.scores)
        boxes = _boxes(level, cells[rows], edge_slot.real(edges[cells[rows]]))
        return Candidates(boxes, scores[rows, columns], wanted.labels[columns])


def _boxes(level: Level, cells: Places, edges: Reals) -> Reals:
    middles = level.corners(cells) + edges[:, :2]
    halves = np.exp(np.minimum(edges[:, 2:], LARGEST_LOG)) / 2
    boxes: Reals = np.concatenate((middles - halves, middles + halves), axis=1)
    return boxes * np.float32(level.stride)
