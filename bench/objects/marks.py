"""Right and wrong answers, and what follows from them: average precision and its chance.

Answers are matched as in training/objects/precision.py, best first, each true box once, at an
overlap of one half. Here the pictures stay apart, so that chance can be judged by drawing them
again, and truth may be set aside: who is asked about small cars is not punished for a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.objects.boxes import Floats, Ints, overlap
from training.objects.detections import Detections
from training.objects.precision import MATCH

# Drawn again this often; the middle 95 % of the outcomes are the interval.
_DRAWS = 300
_SEED = 20261124
_RECALLS = np.linspace(0, 1, 101)
Flags = NDArray[np.bool_]
NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All answers for one label on one set, best first, and how many there were to find."""

    scores: Floats
    right: Flags
    # Number of the picture of each answer; true boxes of each picture.
    pictures: Ints
    present: Ints

    def precision(self, draws: Ints | None = None) -> float:
        """Average precision, COCO's 101 points; with `draws`, each picture that many times."""
        weights = np.ones(len(self.present)) if draws is None else draws.astype(float)
        total = float((self.present * weights).sum())
        if not total:
            return float("nan")
        mine = weights[self.pictures]
        hits, seen = np.cumsum(mine * self.right), np.cumsum(mine)
        curve = hits / np.maximum(seen, 1e-9)
        envelope = np.append(np.maximum.accumulate(curve[::-1])[::-1], 0.0)
        # Sums of floats miss a recall of exactly 0.37 by a hair.
        return float(envelope[np.searchsorted(hits / total, _RECALLS - 1e-9)].mean())

    def at(self, score: float) -> tuple[float, float]:
        """Return precision and recall of the answers of at least this score."""
        kept = self.right[self.scores >= score]
        found = int(kept.sum())
        return found / max(len(kept), 1), found / max(int(self.present.sum()), 1)

    def best(self, scores: Sequence[float]) -> float:
        """Return the score of these with the best harmonic mean of precision and recall."""

        def harmonic(score: float) -> float:
            precision, recall = self.at(score)
            return 2 * precision * recall / max(precision + recall, 1e-9)

        return max(scores, key=harmonic)

    def curve(self) -> tuple[Floats, Floats]:
        """Return recall and precision after each answer."""
        hits = np.cumsum(self.right)
        recall = hits / max(int(self.present.sum()), 1)
        return recall.astype(np.float32), (hits / np.arange(1, len(hits) + 1)).astype(np.float32)


def mark(
    truths: Sequence[Floats], answers: Sequence[Detections], asked: Callable[[Floats], Flags]
) -> Sheet:
    """Mark the answers for one label, picture by picture.

    Of boxes that are not `asked` for, true ones may be found and wrong ones may be told: neither
    counts, as in COCO's size classes.
    """
    scores, right, pictures, present = [], [], [], []
    for number, (boxes, found) in enumerate(zip(truths, answers, strict=True)):
        wanted = asked(boxes)
        partner = partners(boxes, found, ~wanted)
        alone = partner == NOBODY
        # The place of nobody is the last: a box more at the end stands for it.
        counts = np.where(alone, asked(found.boxes), np.append(wanted, False)[partner])
        scores.append(found.scores[counts])
        right.append(~alone[counts])
        pictures.append(np.full(int(counts.sum()), number))
        present.append(int(wanted.sum()))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return Sheet(
        np.concatenate(scores)[order],
        np.concatenate(right)[order],
        np.concatenate(pictures)[order].astype(np.int64),
        np.asarray(present, np.int64),
    )


def everything(boxes: Floats) -> Flags:
    """Ask for all boxes."""
    return np.ones(len(boxes), bool)


def partners(truth: Floats, found: Detections, hidden: Flags) -> Ints:
    """Return for each answer the place of the true box it finds; asked ones before hidden ones."""
    free = np.ones(len(truth), bool)
    partner = np.full(len(found.scores), NOBODY, np.int64)
    if not len(truth):
        return partner
    pairs = overlap(found.boxes, truth)
    for place in np.argsort(-found.scores, kind="stable"):
        for group in (free & ~hidden, free & hidden):
            row = np.where(group, pairs[place], 0.0)
            if row.max() >= MATCH:
                partner[place] = row.argmax()
                free[partner[place]] = False
                break
    return partner


def interval(one: Sheet, other: Sheet) -> tuple[float, float]:
    """Return where 95 % of the differences lie when the pictures are drawn again."""
    random = np.random.default_rng(_SEED)
    count = len(one.present)
    differences = []
    for _ in range(_DRAWS):
        draws = np.bincount(random.integers(0, count, count), minlength=count)
        differences.append(one.precision(draws) - other.precision(draws))
    low, high = np.nanpercentile(differences, (2.5, 97.5))
    return float(low), float(high)
