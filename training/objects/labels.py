"""What counts as truth: people's labels first, the teachers' opinions where people said nothing.

A rider belongs to the two-wheeler. A teacher's opinion keeps its score as the weight of the label.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.objects.boxes import Floats, Ints, area, overlap, shared_area
from training.objects.detections import Detections
from training.objects.recipe import LABELS

PERSON, TWO_WHEELER = LABELS.index("person"), LABELS.index("two_wheeler")
GARBAGE = LABELS.index("garbage")
# A fainter two-wheeler is often a ghost, and a ghost would swallow the person next to it.
RIDDEN_SCORE = 0.35
# Part of the person inside the two-wheeler from which they sit on it; measured on idn_tidar.
SEATED_SHARE = 0.5
# Above: a label. Between: nobody knows, no loss there. Below: nothing there.
BELIEVED, DOUBTED = 0.35, 0.15
# Teachers are shy about small people: their 0.8 is our certainty.
CERTAIN = 0.8
# A teacher this sure of something that people did not label is not called wrong.
PERHAPS_FORGOTTEN = 0.4
# A teacher's box that overlaps a person's box this much shows the same thing.
SAME_THING = 0.4
# More than this part inside is inside.
MOSTLY = 0.5
# Two vehicles that overlap this much are one, called by two names.
ONE_VEHICLE = 0.6


@dataclass(frozen=True, slots=True)
class Truth:
    """Labelled boxes of one picture; weight 0 means: do not judge that label there."""

    boxes: Floats
    labels: Ints
    weights: Floats
    # How much each label's absence is to be trusted in this picture.
    trust: Floats


def read_labels(file: Path, width_px: int, height_px: int) -> tuple[Floats, Ints]:
    """Read YOLO text labels (class, centre and size as fractions) into pixel boxes."""
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
    values = np.asarray(rows, np.float32).reshape(-1, 5)
    centres, half = values[:, 1:3], values[:, 3:5] / 2
    size = np.asarray([width_px, height_px] * 2, np.float32)
    boxes = np.clip(np.concatenate([centres - half, centres + half], 1), 0, 1) * size
    return boxes.astype(np.float32), values[:, 0].astype(np.int64)


def seated(persons: Floats, machines: Floats) -> np.ndarray:
    """Tell for every pair whether the person sits on the machine."""
    share = shared_area(persons, machines) / np.maximum(area(persons)[:, None], 1e-6)
    middle = (persons[:, 0] + persons[:, 2])[:, None] / 2
    within = (middle > machines[None, :, 0]) & (middle < machines[None, :, 2])
    feet, top, bottom = persons[:, 3][:, None], machines[None, :, 1], machines[None, :, 3]
    low = feet < bottom + 0.15 * (bottom - top)
    above = persons[:, 1][:, None] < top + 0.35 * (bottom - top)
    return np.asarray((share > SEATED_SHARE) & within & low & above)


def merge_riders(found: Detections) -> Detections:
    """Grow each two-wheeler around its riders and drop them as persons."""
    people = np.flatnonzero(found.labels == PERSON)
    machines = np.flatnonzero((found.labels == TWO_WHEELER) & (found.scores >= RIDDEN_SCORE))
    if not people.size or not machines.size:
        return found
    sits = seated(found.boxes[people], found.boxes[machines])
    boxes = found.boxes.copy()
    keep = np.ones(len(boxes), bool)
    for person, row in zip(people, sits, strict=True):
        if not row.any():
            continue
        shared = shared_area(found.boxes[person][None], found.boxes[machines])[0]
        mount = machines[int(np.where(row, shared, -1).argmax())]
        # A passer-by of score 0.1 must not move a labelled machine.
        if found.scores[person] >= RIDDEN_SCORE:
            boxes[mount, :2] = np.minimum(boxes[mount, :2], found.boxes[person, :2])
            boxes[mount, 2:] = np.maximum(boxes[mount, 2:], found.boxes[person, 2:])
        keep[person] = False
    return Detections(boxes, found.scores, found.labels).chosen(keep)


def believed(found: Detections) -> tuple[Floats, Ints, Floats]:
    """Labels made of a teacher's opinion: its boxes, labels and weights."""
    kept = found.chosen(found.scores >= DOUBTED)
    weights = np.where(kept.scores >= BELIEVED, np.minimum(kept.scores / CERTAIN, 1.0), 0.0)
    weights[_second_opinions(kept.boxes, kept.labels)] = 0.0
    return kept.boxes, kept.labels, weights.astype(np.float32)


def _second_opinions(boxes: Floats, labels: Ints) -> NDArray[np.bool_]:
    """Mark vehicles that a better-scored box (they come sorted) calls by another name."""
    vehicle = labels != PERSON
    pairs = np.triu(overlap(boxes, boxes) > ONE_VEHICLE, 1) & vehicle[:, None] & vehicle[None]
    return np.asarray(pairs.any(0))


def taught(found: Detections) -> Truth:
    """Truth of a picture that no person labelled."""
    boxes, labels, weights = believed(merge_riders(found))
    return Truth(boxes, labels, weights, np.full(len(LABELS), 0.6, np.float32))


def combined(boxes: Floats, labels: Ints, labelled: frozenset[int], found: Detections) -> Truth:
    """Join people's labels with the teachers' opinion on the labels people left out."""
    machines = boxes[labels == TWO_WHEELER]
    merged = merge_riders(found)
    riding = (merged.labels == PERSON) & _mostly_inside(merged.boxes, machines)
    free = merged.chosen(~riding & (_closest(merged.boxes, boxes) < SAME_THING))
    known = np.isin(free.labels, list(labelled))
    # Where people labelled everything, a confident stranger is only left unjudged.
    free = free.chosen(~known | (free.scores >= PERHAPS_FORGOTTEN))
    extra_boxes, extra_labels, extra_weights = believed(free)
    extra_weights[np.isin(extra_labels, list(labelled))] = 0.0
    trust = np.full(len(LABELS), 0.6, np.float32)
    trust[list(labelled)] = 1.0
    return Truth(
        np.concatenate([boxes, extra_boxes]),
        np.concatenate([labels, extra_labels]),
        np.concatenate([np.ones(len(boxes), np.float32), extra_weights]),
        trust,
    )


def _mostly_inside(inner: Floats, outer: Floats) -> np.ndarray:
    if not len(outer):
        return np.zeros(len(inner), bool)
    share = shared_area(inner, outer) / np.maximum(area(inner)[:, None], 1e-6)
    return np.asarray(share.max(1) > MOSTLY)


def _closest(boxes: Floats, others: Floats) -> Floats:
    if not len(others):
        return np.zeros(len(boxes), np.float32)
    return np.asarray(overlap(boxes, others).max(1), np.float32)
