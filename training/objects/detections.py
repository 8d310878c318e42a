"""What a detector saw in one picture, and how raw outputs of each family become that."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.objects.boxes import Floats, Ints, suppress
from training.objects.recipe import LABELS, STRIDES

# COCO's class numbers that we keep, in the order of our labels; a bicycle is a two-wheeler too.
COCO_TO_OURS = {0: 0, 1: 1, 3: 1, 2: 2, 5: 3, 7: 4}
COCO_KINDS = 80
# NanoDet-m's steps of 0 to 7 strides, of which an edge's distance is the mean.
STEPS = 8


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes in pixels of the picture, with a score and a label each."""

    boxes: Floats
    scores: Floats
    labels: Ints

    def chosen(self, index: NDArray[Any]) -> "Detections":
        """Return only the rows in `index` (numbers or a mask)."""
        return Detections(self.boxes[index], self.scores[index], self.labels[index])


def from_scores(boxes: Floats, scores: Floats, floor: float, nms_iou: float) -> Detections:
    """Turn one row of class scores per box into suppressed detections, at most 300 before NMS."""
    cells, labels = np.nonzero(scores > floor)
    values = scores[cells, labels]
    best = np.argsort(-values, kind="stable")[:300]
    found = Detections(boxes[cells[best]], values[best], labels[best].astype(np.int64))
    return found.chosen(suppress(found.boxes, found.scores, found.labels, nms_iou))


def to_our_labels(coco: Floats) -> Floats:
    """Keep the best COCO score for each of our labels."""
    ours = np.zeros((len(coco), len(LABELS)), np.float32)
    for theirs, label in COCO_TO_OURS.items():
        ours[:, label] = np.maximum(ours[:, label], coco[:, theirs])
    return ours


def cells(side: int) -> Floats:
    """Column and row of each cell of a square map, row by row."""
    row, column = np.mgrid[:side, :side]
    return np.stack([column.ravel(), row.ravel()], 1).astype(np.float32)


def logistic(x: Floats) -> Floats:
    """Squash logits to 0..1."""
    return np.asarray(1 / (1 + np.exp(-x)), np.float32)


def _around(centres: Floats, distances: Floats) -> Floats:
    return np.concatenate([centres - distances[:, :2], centres + distances[:, 2:]], 1)


def decode_street(maps: list[Floats], width_px: int) -> tuple[Floats, Floats]:
    """Ours: logits [s, s, labels] and left, top, right, bottom distances [s, s, 4] in strides.

    A file made from NanoDet-m's layers answers as NanoDet-m does, with our labels.
    """
    if any(one.shape[-1] == 4 * STEPS for one in maps):
        return _decode_steps(maps, width_px, len(LABELS))
    boxes, scores = [], []
    for stride in STRIDES:
        side = width_px // stride
        level = {one.shape[-1]: one for one in maps if one.shape[0] == side}
        centres = cells(side) + 0.5
        boxes.append(_around(centres, level[4].reshape(-1, 4)) * stride)
        scores.append(logistic(level[len(LABELS)].reshape(-1, len(LABELS))))
    return np.concatenate(boxes), np.concatenate(scores)


def decode_nanodet(maps: list[Floats], width_px: int) -> tuple[Floats, Floats]:
    """NanoDet-m: scores [s, s, 80] and four distributions over 0..7 strides [s, s, 32]."""
    boxes, scores = _decode_steps(maps, width_px, COCO_KINDS)
    return boxes, to_our_labels(scores)


def _decode_steps(maps: list[Floats], width_px: int, kinds: int) -> tuple[Floats, Floats]:
    boxes, scores = [], []
    for stride in STRIDES:
        side = width_px // stride
        level = {one.shape[-1]: one for one in maps if one.shape[0] == side}
        shares = np.exp(level[4 * STEPS].reshape(-1, 4, STEPS))
        distances = (shares / shares.sum(-1, keepdims=True)) @ np.arange(STEPS, dtype=np.float32)
        boxes.append(_around(cells(side) + 0.5, distances) * stride)
        scores.append(level[kinds].reshape(-1, kinds))
    return np.concatenate(boxes), np.concatenate(scores)


def decode_yolox(maps: list[Floats], width_px: int) -> tuple[Floats, Floats]:
    """YOLOX: shift and log size in strides [s, s, 4], presence [s, s, 1], scores [s, s, 80]."""
    boxes, scores = [], []
    for stride in STRIDES:
        side = width_px // stride
        level = {one.shape[-1]: one for one in maps if one.shape[0] == side}
        raw = level[4].reshape(-1, 4)
        centres, half = raw[:, :2] + cells(side), np.exp(raw[:, 2:]) / 2
        boxes.append(np.concatenate([centres - half, centres + half], 1) * stride)
        scores.append(
            to_our_labels(level[COCO_KINDS].reshape(-1, COCO_KINDS)) * level[1].reshape(-1, 1)
        )
    return np.concatenate(boxes), np.concatenate(scores)


def decode_fastestdet(maps: list[Floats], width_px: int) -> tuple[Floats, Floats]:
    """FastestDet: one map of 22x22: presence, tanh shift and logistic size, 80 class logits."""
    level = {one.shape[-1]: one for one in maps}
    side = level[4].shape[0]
    raw = level[4].reshape(-1, 4)
    centres = (np.tanh(raw[:, :2]) + cells(side)) / side
    half = logistic(raw[:, 2:]) / 2
    logits = level[COCO_KINDS].reshape(-1, COCO_KINDS)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    chances = to_our_labels(powers / powers.sum(1, keepdims=True))
    boxes = np.concatenate([centres - half, centres + half], 1) * width_px
    return boxes, level[1].reshape(-1, 1) ** 0.6 * chances**0.4
