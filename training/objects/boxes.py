"""Rectangles as arrays [left, top, right, bottom] in pixels: overlap, suppression, letterboxing."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.objects.recipe import GREY

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Pixels = NDArray[np.uint8]


def area(boxes: Floats) -> Floats:
    """Area of each box; an inside-out box has none."""
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def shared_area(first: Floats, second: Floats) -> Floats:
    """Area common to every pair, one row per box of `first`."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def overlap(first: Floats, second: Floats) -> Floats:
    """Intersection over union of every pair."""
    shared = shared_area(first, second)
    union = area(first)[:, None] + area(second)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-6), np.float32)


def suppress(boxes: Floats, scores: Floats, labels: Ints, limit: float) -> Ints:
    """Return the indices of the survivors, best first; only equal labels suppress each other."""
    # Moving each label to a country of its own makes one pass do for all.
    apart = boxes + (labels[:, None] * 10_000).astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        order = rest[overlap(apart[best : best + 1], apart[rest])[0] <= limit]
    return np.asarray(kept, np.int64)


def letterbox(picture: Pixels, width_px: int, height_px: int) -> tuple[Pixels, float]:
    """Fit the picture into the top left of a grey canvas; return it and the scale used."""
    height, width = picture.shape[:2]
    scale = min(width_px / width, height_px / height)
    new_width, new_height = round(width * scale), round(height * scale)
    canvas = np.full((height_px, width_px, 3), GREY, np.uint8)
    resized = cv2.resize(picture, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    canvas[:new_height, :new_width] = resized
    return canvas, scale
