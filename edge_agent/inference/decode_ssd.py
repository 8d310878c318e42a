"""SSD: corrections to anchors and a score for each class, as they are before TFLite's own suppression.

Outputs in this order, because two may have the same shape: corrections [1, anchors, 4] (middle y,
x, height, width), scores through the sigmoid [1, anchors, classes], anchors [anchors, 4] as
fractions of the input. Class 0 is the background (TensorFlow Object Detection API, box_coders).
"""

from collections.abc import Sequence

import numpy as np

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.decoding import Candidates, Places, Wanted, true_places
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

EDGES = 4
# faster_rcnn_box_coder's scales, in every SSD of that library: y and x, height and width.
MIDDLE_SCALE, SIZE_SCALE = 10.0, 5.0
# e^4 times an anchor is larger than any picture: a broken network must not overflow.
LARGEST_LOG = 4.0


class SsdDecoder:
    """Reads corrections, class scores and anchors."""

    def __init__(self, card: ModelCard, slots: Sequence[Slot]) -> None:
        _check(card, slots)
        self._corrections, self._scores, self._anchors = slots
        self._wanted = Wanted(card)
        self._least = self._scores.least_raw(self._wanted.scores)
        self._size_px = np.array((card.height_px, card.width_px) * 2, np.float32)

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return every class of every anchor that reaches its score."""
        corrections, scores, anchors = outputs
        classes = self._wanted.of(scores[0])
        rows, kinds = true_places(classes >= self._least)
        boxes = self._boxes(corrections[0][rows], anchors[rows])
        return Candidates(boxes, self._scores.real(classes[rows, kinds]), self._labels(kinds))

    def _boxes(self, corrections: Raw, anchors: Raw) -> Reals:
        change = self._corrections.real(corrections)
        anchor = self._anchors.real(anchors) * self._size_px
        middles = anchor[:, :2] + change[:, :2] / MIDDLE_SCALE * anchor[:, 2:]
        halves = np.exp(np.minimum(change[:, 2:] / SIZE_SCALE, LARGEST_LOG)) * anchor[:, 2:] / 2
        # From top, left, bottom, right to left, top, right, bottom.
        edges = np.concatenate((middles - halves, middles + halves), axis=1)
        boxes: Reals = edges[:, (1, 0, 3, 2)]
        return boxes

    def _labels(self, kinds: Places) -> Places:
        labels: Places = self._wanted.labels[kinds]
        return labels


def _check(card: ModelCard, slots: Sequence[Slot]) -> None:
    """Raise EdgeAgentError where the outputs are not these three."""
    shapes = [slot.shape for slot in slots]
    count = shapes[-1][0] if shapes and shapes[-1] else 0
    wanted = [(1, count, EDGES), (1, count, len(card.labels)), (count, EDGES)]
    if shapes == wanted:
        return
    found, needed = (
        ", ".join("x".join(str(size) for size in shape) for shape in some)
        for some in (shapes, wanted)
    )
    why = f"the card needs {needed}"
    raise EdgeAgentError(
        f'model "{card.name}" cannot be read as "{card.decoding}": its outputs are {found}; {why}',
        hint="correct decoding and labels in model.toml, or cut the network where its docs say",
    )
