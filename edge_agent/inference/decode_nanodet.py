"""NanoDet: per cell a score for each class, and a distribution over eight distances per edge.

Outputs per stride: [1, H/s, W/s, classes], already through the sigmoid, and [1, H/s, W/s, 4 * 8].
A distance is the mean of its distribution in units of the stride (Generalized Focal Loss,
arXiv 2006.04388, §3.2); this is how RangiLyu/nanodet v0.x decodes nanodet-m.
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import (
    Candidates,
    Level,
    Wanted,
    find_levels,
    gather,
    softmax,
)
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# reg_max + 1 in every released nanodet-m: distances of 0 to 7 strides.
STEPS = 8


class NanodetDecoder:
    """Reads class scores and distance distributions."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._wanted = Wanted(card)
        self._levels = find_levels(card, slots, (len(card.labels), EDGES * STEPS))

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        return gather([self._decode_level(level, outputs) for level in self._levels])

    def _decode_level(self, level: Level, outputs: Sequence[Raw]) -> Candidates:
        classes, edges = (
            outputs[place].reshape(-1, outputs[place].shape[-1]) for place in level.places
        )
        class_slot, edge_slot = (self._slots[place] for place in level.places)
        wanted = self._wanted
        some = classes[:, wanted.columns]
        cells, kinds = np.nonzero(some >= class_slot.least_raw(wanted.scores))
        shares = softmax(edge_slot.real(edges[cells]).reshape(-1, EDGES, STEPS))
        distances: Reals = (shares @ np.arange(STEPS)).astype(np.float32)
        centres = level.corners(cells) + np.float32(0.5)
        boxes = np.concatenate((centres - distances[:, :2], centres + distances[:, 2:]), axis=1)
        scores = class_slot.real(some[cells, kinds])
        return Candidates(boxes * np.float32(level.stride), scores, wanted.labels[kinds])
