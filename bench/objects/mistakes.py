"""The worst mistakes, label by label: the surest wrong answers and the largest things missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from bench.objects import drawing
from bench.objects.confusion import Told
from bench.objects.eyes import LABELS
from edge_agent.domain.sighting import Label
from training.objects.boxes import Floats, Pixels, area

# So many of each kind in a row, at most one of a photo.
_EACH = 4
_TILE_PX = 156
# A tile shows this many times the box, and at least so many pixels of the photo.
_AROUND, _LEAST_PX = 2.2, 72


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong answer, or one thing that was missed; `weight` says how bad it is."""

    told: Told
    box: Floats
    weight: float
    lines: tuple[str, str]
    colour: tuple[int, int, int]


def sheet(told: Sequence[Told], labelled: Sequence[Label]) -> Pixels:
    """Return a row for each label: the surest wrong answers, then the largest misses."""
    rows = []
    for label in labelled:
        place = LABELS.index(label)
        wrong = _worst(_wrong(one, place) for one in told)
        missed = _worst(_missed(one, place) for one in told)
        rows.append([_heading(label), *_tiles(wrong), *_tiles(missed)])
    return drawing.grid(rows)


def _wrong(told: Told, label: int) -> list[Mistake]:
    found = told.found
    answers = [n for n in np.flatnonzero(found.labels == label) if told.is_wrong(int(n))]
    return [
        Mistake(
            told,
            found.boxes[n],
            float(found.scores[n]),
            (f"{LABELS[label]} {found.scores[n]:.2f}", told.excuse(int(n))),
            drawing.WRONG,
        )
        for n in answers
    ]


def _missed(told: Told, label: int) -> list[Mistake]:
    photo = told.photo
    places = [n for n in told.missed() if photo.labels[n] == label]
    sizes = area(photo.boxes)
    return [
        Mistake(
            told,
            photo.boxes[n],
            float(sizes[n]),
            (f"missed {LABELS[label]}", f"{_height(photo.boxes[n]):.0f} px tall"),
            drawing.MISSED,
        )
        for n in places
    ]


def _worst(found: Iterable[list[Mistake]]) -> list[Mistake]:
    each = [max(some, key=lambda one: one.weight) for some in found if some]
    return sorted(each, key=lambda one: -one.weight)[:_EACH]


def _tiles(mistakes: Sequence[Mistake]) -> list[Pixels]:
    """Return the tiles of one kind, with black ones where there are no more mistakes."""
    black = np.zeros((_TILE_PX, _TILE_PX, 3), np.uint8)
    return [*map(_tile, mistakes), *[black] * (_EACH - len(mistakes))]


def _tile(mistake: Mistake) -> Pixels:
    """Return the place of the mistake, with the truth around it."""
    pixels = mistake.told.photo.pixels
    left, top, side = _square(mistake.box, pixels.shape)
    part = pixels[top : top + side, left : left + side]
    zoom = _TILE_PX / max(part.shape[:2])
    tile = np.zeros((_TILE_PX, _TILE_PX, 3), np.uint8)
    enlarged = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    tile[: enlarged.shape[0], : enlarged.shape[1]] = enlarged[:_TILE_PX, :_TILE_PX]
    shift = np.asarray([left, top] * 2, np.float32)
    for box in mistake.told.photo.boxes:
        drawing.outline(tile, (box - shift) * zoom, drawing.TRUE)
    drawing.outline(tile, (mistake.box - shift) * zoom, mistake.colour)
    return drawing.captioned(tile, mistake.lines)


def _square(box: Floats, shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width = shape[:2]
    longer = float(max(box[2] - box[0], box[3] - box[1]))
    side = int(min(max(longer * _AROUND, _LEAST_PX), max(width, height)))
    left = (box[0] + box[2] - side) / 2
    top = (box[1] + box[3] - side) / 2
    return (
        int(min(max(0, left), max(0, width - side))),
        int(min(max(0, top), max(0, height - side))),
        side,
    )


def _heading(label: Label) -> Pixels:
    strip = np.zeros((_TILE_PX, 84, 3), np.uint8)
    for number, line in enumerate((label, "4 wrong,", "4 missed")):
        drawing.words(strip, line, (2, 60 + 20 * number))
    return strip


def _height(box: Floats) -> float:
    return float(box[3] - box[1])
