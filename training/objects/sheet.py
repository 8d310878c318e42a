"""A contact sheet of what the model sees, for a person to look at."""

from pathlib import Path

import cv2
import numpy as np

from training.objects.boxes import Pixels
from training.objects.detections import Detections
from training.objects.detector import Detector
from training.objects.recipe import LABELS

TILE_PX = 400
COLUMNS = 5
COLOURS = ((255, 64, 64), (64, 255, 64), (64, 160, 255), (255, 255, 64), (255, 64, 255))


def contact_sheet(detector: Detector, pictures: list[Pixels], score: float, file: Path) -> None:
    """Draw the detections on every picture and write all as one file."""
    tiles = [_drawn(one, detector.see(one, score)) for one in pictures]
    while len(tiles) % COLUMNS:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[n : n + COLUMNS]) for n in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(file), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def _drawn(picture: Pixels, found: Detections) -> Pixels:
    scale = TILE_PX / max(picture.shape[:2])
    drawn = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    for box, score, label in zip(found.boxes, found.scores, found.labels, strict=True):
        left, top, right, bottom = (round(float(side) * scale) for side in box)
        colour = COLOURS[label]
        cv2.rectangle(drawn, (left, top), (right, bottom), colour, 1)
        text = f"{LABELS[label]} {score:.2f}"
        cv2.putText(drawn, text, (left, max(top - 3, 9)), cv2.FONT_HERSHEY_SIMPLEX, 0.35, colour, 1)
    tile = np.zeros((TILE_PX, TILE_PX, 3), np.uint8)
    tile[: drawn.shape[0], : drawn.shape[1]] = drawn[:TILE_PX, :TILE_PX]
    return tile
