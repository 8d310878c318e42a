"""Boxes and words on pictures, and pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.objects.boxes import Floats, Pixels

# Blue, green, red. Truth is green; what is wrong is orange, what was missed yellow.
TRUE, WRONG, MISSED = (80, 220, 80), (0, 120, 255), (0, 255, 255)
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_FONT, _LINE_PX = cv2.FONT_HERSHEY_SIMPLEX, 14
# Sharp enough to judge by, small enough to publish.
_QUALITIES = (82, 74, 66, 58, 50)
_MOST_BYTES = 400_000
# An outline thicker than this would hide a distant person.
_THICKEST_PX = 2


def outline(picture: Pixels, box: Sequence[float] | Floats, colour: tuple[int, int, int]) -> None:
    """Draw a box, in pixels, dark around its line so that it shows on everything."""
    left, top, right, bottom = (round(float(side)) for side in box)
    cv2.rectangle(picture, (left, top), (right, bottom), _BLACK, _THICKEST_PX + 1)
    cv2.rectangle(picture, (left, top), (right, bottom), colour, 1)


def words(picture: Pixels, text: str, place: tuple[int, int], scale: float = 0.36) -> None:
    """Write one line on a dark ground; `place` is its lower left corner."""
    (wide, tall), _ = cv2.getTextSize(text, _FONT, scale, 1)
    left, bottom = place[0], max(place[1], tall + 3)
    cv2.rectangle(picture, (left, bottom - tall - 3), (left + wide + 2, bottom + 2), _BLACK, -1)
    cv2.putText(picture, text, (left + 1, bottom), _FONT, scale, _WHITE, 1, cv2.LINE_AA)


def captioned(picture: Pixels, lines: Sequence[str]) -> Pixels:
    """Return the picture with lines of text below it."""
    strip = np.zeros((_LINE_PX * len(lines) + 4, picture.shape[1], 3), np.uint8)
    for number, line in enumerate(lines):
        place = (2, _LINE_PX * (number + 1) - 3)
        cv2.putText(strip, line, place, _FONT, 0.36, _WHITE, 1, cv2.LINE_AA)
    return np.vstack([picture, strip])


def grid(rows: Sequence[Sequence[Pixels]]) -> Pixels:
    """Return pictures in rows, each at its own size, on black."""
    lines = [_beside(row) for row in rows if row]
    width = max(line.shape[1] for line in lines)
    return np.vstack([_padded(line, line.shape[0], width) for line in lines])


def save(picture: Pixels, file: Path) -> None:
    """Write a JPEG that is small enough to publish."""
    for quality in _QUALITIES:
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if coded.nbytes <= _MOST_BYTES:
            break
    file.write_bytes(coded.tobytes())


def _beside(row: Sequence[Pixels]) -> Pixels:
    height = max(one.shape[0] for one in row)
    return np.hstack([_padded(one, height, one.shape[1] + 4) for one in row])


def _padded(picture: Pixels, height: int, width: int) -> Pixels:
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas
