"""NanoDet: per cell a score for each class, and a distribution over eight distances per edge.

Outputs per stride: [1, H/s, W/s, classes], already through the sigmoid, and [1, H/s, W/s, 4 * 8].
A distance is the mean of its distribution in units of the stride (Generalized Focal Loss,
arXiv 2006.04388, §3.2); this is how RangiLyu/nanodet v0.x decodes nanodet-m.
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.inference.decoding import Candidates, Cells, Wanted, softmax, true_places
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# reg_max + 1 in every released nanodet-m: distances of 0 to 7 strides.
STEPS = 8
# Places in the tuple of depths.
_CLASSES, _EDGES = 0, 1


class NanodetDecoder:
    """Reads class scores and distance distributions."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        self._wanted = Wanted(card)
        self._cells = Cells(card, slots, (len(card.labels), EDGES * STEPS))
        self._least = self._cells.least_raw(self._wanted.scores, _CLASSES)

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every cell that reaches its score."""
        wanted, cells = self._wanted, self._cells
        classes = wanted.of(cells.raw(outputs, _CLASSES))
        rows, kinds = true_places(classes >= self._least)
        scores = cells.real(classes[rows, kinds, None], _CLASSES, rows)[:, 0]
        edges = cells.real(cells.raw(outputs, _EDGES)[rows], _EDGES, rows)
        shares = softmax(edges.reshape(-1, EDGES, STEPS))
        distances: Reals = (shares @ np.arange(STEPS)).astype(np.float32)
        centres = cells.corners[rows] + np.float32(0.5)
        boxes = np.concatenate((centres - distances[:, :2], centres + distances[:, 2:]), axis=1)
        return Candidates(boxes * cells.strides[rows], scores, wanted.labels[kinds])
