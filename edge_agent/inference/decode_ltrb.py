"""Our own head: per cell a logit for each class, and the distances to the four edges.

Outputs per stride: [1, H/s, W/s, classes] and [1, H/s, W/s, 4]. Distances are left, top, right,
bottom from the middle of the cell, in units of the stride (FCOS, arXiv 1904.01355, §3.1).
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import Candidates, Cells, Wanted, logit, sigmoid, true_places
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Slot

EDGES = 4
# Places in the tuple of depths.
_LOGITS, _EDGES = 0, 1


class LtrbDecoder:
    """Reads class logits and edge distances."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._wanted = Wanted(card)
        self._cells = Cells(card, slots, (len(card.labels), EDGES))
        self._least = self._cells.least_raw(logit(self._wanted.scores), _LOGITS)

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        wanted, cells = self._wanted, self._cells
        logits = wanted.of(cells.raw(outputs, _LOGITS))
        rows, kinds = true_places(logits >= self._least)
        scores = sigmoid(cells.real(logits[rows, kinds, None], _LOGITS, rows)[:, 0])
        # An int8 zero point can lie a step above real zero: no edge is on the wrong side.
        distances = np.maximum(cells.real(cells.raw(outputs, _EDGES)[rows], _EDGES, rows), 0.0)
        centres = cells.corners[rows] + np.float32(0.5)
        boxes = np.concatenate((centres - distances[:, :2], centres + distances[:, 2:]), axis=1)
        return Candidates(boxes * cells.strides[rows], scores, wanted.labels[kinds])
