"""A teacher's dense answer to exactly the picture that the network is shown.

NanoDet-m has the same strides and cells as ours. What it thinks of each cell, for all eighty
kinds of COCO, is taught to an extra layer on top of what our heads read; the layer is thrown away
afterwards. Our own labels say what is where, the echo says what looks alike: our few thousand
pictures cannot.
"""

from pathlib import Path

import cv2
import numpy as np

from training.objects.boxes import Floats, Pixels
from training.objects.detections import COCO_KINDS
from training.objects.detector import Detector
from training.objects.recipe import STRIDES

RAMP = np.arange(256, dtype=np.uint8)


class Echo:
    """Asks NanoDet-m about batches of square pictures; it sees each at its own 320 pixels."""

    def __init__(self, models: Path) -> None:
        self._teacher = Detector(models / "nanodet_m_320_int8.tflite", 1)
        # What each of the 256 values of blue, green and red becomes: prepared once, not per pixel.
        ramp = np.repeat(RAMP[:, None, None], 3, 2)
        self._table = self._teacher.prepared(ramp)[0, :, 0]

    def answers(self, pictures: Pixels) -> list[Floats]:
        """Scores [n, s, s, 80] at each stride of pictures of this size."""
        sides = [pictures.shape[1] // stride for stride in STRIDES]
        found = [np.empty((len(pictures), side, side, COCO_KINDS), np.float32) for side in sides]
        for index, picture in enumerate(pictures):
            for level, scores in enumerate(self._scores(picture)):
                # Cells keep their place: both maps span the whole picture.
                found[level][index] = cv2.resize(scores, (sides[level], sides[level]))
        return found

    def _scores(self, picture: Pixels) -> list[Floats]:
        side = self._teacher.side_px
        self._teacher.run(self._tensor(cv2.resize(picture, (side, side))))
        scores = [one for one in self._teacher.outputs() if one.shape[-1] == COCO_KINDS]
        return sorted(scores, key=len, reverse=True)

    def _tensor(self, picture: Pixels) -> np.ndarray:
        # The table's columns are blue, green, red; the picture's are the other way round.
        channels = [self._table[picture[..., 2 - n], n] for n in range(3)]
        return np.stack(channels, -1)[None]
