"""Two permissive detectors that label what people did not: YOLOX-nano and NanoDet-m.

Small people in wide frames are found on overlapping tiles, each enlarged to the teacher's input.
"""

from pathlib import Path

import numpy as np

from training.objects.boxes import Floats, Pixels, overlap
from training.objects.detections import Detections
from training.objects.detector import Detector

# NanoDet scores run higher than its precision deserves beside YOLOX's.
NANODET_WORTH = 0.85
TILE_PX = 288
TILE_STEP_PX = 192
# Two opinions that overlap this much are about the same thing.
SAME = 0.55
# A box that touches a tile's inner edge is a cut one; its neighbour tile has it whole.
EDGE_PX = 4.0
FLOOR = 0.1


class Teachers:
    """The two teachers together; every picture is also shown mirrored."""

    def __init__(self, models: Path, threads: int = 2) -> None:
        self.yolox = Detector(models / "yolox_nano_416_dr.tflite", threads)
        self.nanodet = Detector(models / "nanodet_m_320_int8.tflite", threads)

    def photo(self, picture: Pixels) -> Detections:
        """Opinion on a picture that fits the teachers' input."""
        second = self.nanodet.see(picture, FLOOR)
        doubtful = Detections(second.boxes, second.scores * NANODET_WORTH, second.labels)
        return fused([*_both_ways(self.yolox, picture), doubtful])

    def frame(self, picture: Pixels) -> Detections:
        """Opinion on a camera's frame, looked at whole and tile by tile."""
        height, width = picture.shape[:2]
        opinions = _both_ways(self.yolox, picture)
        for top in _starts(height):
            for left in _starts(width):
                tile = picture[top : top + TILE_PX, left : left + TILE_PX]
                for seen in _both_ways(self.yolox, np.ascontiguousarray(tile)):
                    opinions.append(_placed(seen, (left, top), picture.shape[:2]))
        return fused(opinions)


def fused(opinions: list[Detections]) -> Detections:
    """Average the boxes of opinions that agree; the best score stands."""
    boxes = np.concatenate([one.boxes for one in opinions])
    scores = np.concatenate([one.scores for one in opinions])
    labels = np.concatenate([one.labels for one in opinions])
    kept: list[tuple[Floats, float, int]] = []
    order = np.argsort(-scores, kind="stable")
    while order.size:
        best, mine = order[0], labels[order] == labels[order[0]]
        same = mine & (overlap(boxes[best][None], boxes[order])[0] >= SAME)
        same[0] = True
        group = order[same]
        mean = np.average(boxes[group], axis=0, weights=scores[group])
        kept.append((mean.astype(np.float32), float(scores[best]), int(labels[best])))
        order = order[~same]
    return Detections(
        np.asarray([one[0] for one in kept], np.float32).reshape(-1, 4),
        np.asarray([one[1] for one in kept], np.float32),
        np.asarray([one[2] for one in kept], np.int64),
    )


def _both_ways(teacher: Detector, picture: Pixels) -> list[Detections]:
    mirrored = teacher.see(np.ascontiguousarray(picture[:, ::-1]), FLOOR)
    boxes = mirrored.boxes.copy()
    boxes[:, [0, 2]] = picture.shape[1] - boxes[:, [2, 0]]
    return [teacher.see(picture, FLOOR), Detections(boxes, mirrored.scores, mirrored.labels)]


def _starts(length: int) -> list[int]:
    last = max(length - TILE_PX, 0)
    return sorted({*range(0, last, TILE_STEP_PX), last})


def _placed(seen: Detections, corner: tuple[int, int], shape: tuple[int, int]) -> Detections:
    left, top = corner
    height, width = shape
    x, y = min(TILE_PX, width), min(TILE_PX, height)
    cut = (left > 0) & (seen.boxes[:, 0] < EDGE_PX)
    cut |= (top > 0) & (seen.boxes[:, 1] < EDGE_PX)
    cut |= (left + x < width) & (seen.boxes[:, 2] > x - EDGE_PX)
    cut |= (top + y < height) & (seen.boxes[:, 3] > y - EDGE_PX)
    whole = seen.chosen(~cut)
    shift = np.asarray([left, top, left, top], np.float32)
    return Detections(whole.boxes + shift, whole.scores, whole.labels)
