"""One object, one box: of boxes that mean the same object the best one stays.

Three rules. Same label, overlapping: the higher score stays. Car, bus and truck in almost the
same place: one vehicle, the higher score names it. A box cut off by the edge of its crop, lying
in a whole one of the same label from another crop: the whole one stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.sighting import Label
from edge_agent.inference.decoding import LABELS, Places
from edge_agent.inference.slots import Reals

# The models hesitate between car, bus and truck; two vehicles never share this much of a picture.
SAME_VEHICLE = 0.8
# Part of a cut box inside the whole one; the rest is the models' imprecision at the edge.
INSIDE_WHOLE = 0.7
# More candidates than this in one crop are noise; it bounds the cost of a bad picture.
MOST_PER_CROP = 128

_VEHICLES = np.array([label in {Label.CAR, Label.BUS, Label.TRUCK} for label in LABELS])


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Boxes (n, 4) as fractions of the frame, and where each was found."""

    boxes: Reals
    scores: Reals
    # Places in LABELS.
    labels: Places
    # Which crop, and whether the box ends at that crop's edge inside the frame.
    crops: Places
    is_cut: NDArray[np.bool_]

    def take(self, places: Places) -> "Found":
        """Return those at the given places, in that order."""
        return Found(
            self.boxes[places],
            self.scores[places],
            self.labels[places],
            self.crops[places],
            self.is_cut[places],
        )


def join(parts: Sequence[Found]) -> Found:
    """Return the finds of several crops as one."""
    return Found(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.crops for part in parts]),
        np.concatenate([part.is_cut for part in parts]),
    )


def keep_best(found: Found, iou: float) -> Found:
    """Return one box per object, best first: no two of one label overlap more than `iou`."""
    ranked = np.argsort(-found.scores, kind="stable")[:MOST_PER_CROP]
    found = found.take(ranked)
    overlaps = _overlaps(found.boxes)
    rivals = (overlaps > iou) & (found.labels[:, None] == found.labels[None, :])
    vehicles = _VEHICLES[found.labels]
    rivals |= (overlaps > SAME_VEHICLE) & vehicles[:, None] & vehicles[None, :]
    stays = np.ones(len(found.scores), np.bool_)
    for place in range(len(stays)):
        if stays[place]:
            stays[place + 1 :] &= ~rivals[place, place + 1 :]
    return found.take(np.flatnonzero(stays))


def drop_cut(found: Found) -> Found:
    """Return all but the cut boxes that another crop shows whole."""
    if not found.is_cut.any():
        return found
    areas = _areas(found.boxes)
    inside = _shared(found.boxes) >= INSIDE_WHOLE * areas[:, None]
    inside &= found.labels[:, None] == found.labels[None, :]
    inside &= found.crops[:, None] != found.crops[None, :]
    inside &= found.is_cut[:, None] & ~found.is_cut[None, :]
    return found.take(np.flatnonzero(~inside.any(axis=1)))


def _areas(boxes: Reals) -> Reals:
    sizes: Reals = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sizes[:, 0] * sizes[:, 1]


def _shared(boxes: Reals) -> Reals:
    """Return the area that each pair has in common, (n, n)."""
    left, top, right, bottom = boxes.T
    widths = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    heights = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    shared: Reals = np.maximum(widths, 0) * np.maximum(heights, 0)
    return shared


def _overlaps(boxes: Reals) -> Reals:
    """Return intersection over union of each pair, (n, n)."""
    shared, areas = _shared(boxes), _areas(boxes)
    unions: Reals = np.add.outer(areas, areas) - shared
    overlaps: Reals = (shared / np.maximum(unions, 1e-12)).astype(np.float32)
    return overlaps
