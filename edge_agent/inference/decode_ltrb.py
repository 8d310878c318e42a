"""Our own head: per cell a logit for each class, and the distances to the four edges.

Outputs per stride: [1, H/s, W/s, classes] and [1, H/s, W/s, 4]. Distances are left, top, right,
bottom from the middle of the cell, in units of the stride (FCOS, arXiv 1904.01355, §3.1).
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import (
    Candidates,
    Level,
    Wanted,
    find_levels,
    gather,
    logit,
    sigmoid,
)
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Slot

EDGES = 4


class LtrbDecoder:
    """Reads class logits and edge distances."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._wanted = Wanted(card)
        self._levels = find_levels(card, slots, (len(card.labels), EDGES))

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        return gather([self._decode_level(level, outputs) for level in self._levels])

    def _decode_level(self, level: Level, outputs: Sequence[Raw]) -> Candidates:
        logits, edges = (
            outputs[place].reshape(-1, outputs[place].shape[-1]) for place in level.places
        )
        logit_slot, edge_slot = (self._slots[place] for place in level.places)
        wanted = self._wanted
        some = logits[:, wanted.columns]
        cells, kinds = np.nonzero(some >= logit_slot.least_raw(logit(wanted.scores)))
        scores = sigmoid(logit_slot.real(some[cells, kinds]))
        # An int8 zero point can lie a step above real zero: no edge is on the wrong side.
        distances = np.maximum(edge_slot.real(edges[cells]), 0.0)
        centres = level.corners(cells) + np.float32(0.5)
        boxes = np.concatenate((centres - distances[:, :2], centres + distances[:, 2:]), axis=1)
        return Candidates(boxes * np.float32(level.stride), scores, wanted.labels[kinds])
