"""Average precision at an overlap of one half, COCO's 101 points, one label at a time."""

from dataclasses import dataclass, field

import numpy as np

from training.objects.boxes import Floats, Ints, overlap
from training.objects.detections import Detections

MATCH = 0.5


@dataclass(slots=True)
class Tally:
    """Every answer for one label so far: its score, and whether it was right."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    present: int = 0

    def add(self, truth: Floats, boxes: Floats, scores: Floats) -> None:
        """Match the answers of one picture, best first; a true box is found once."""
        self.present += len(truth)
        free = np.ones(len(truth), bool)
        pairs = overlap(boxes, truth)
        for index in np.argsort(-scores, kind="stable"):
            row = np.where(free, pairs[index], 0.0) if len(truth) else np.zeros(1)
            hit = bool(row.max() >= MATCH)
            if hit:
                free[int(row.argmax())] = False
            self.scores.append(float(scores[index]))
            self.right.append(hit)

    def average_precision(self) -> float:
        """Area under precision against recall; nan when nothing was there to find."""
        if not self.present:
            return float("nan")
        recall, precision = self._curve()
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
        return float(np.append(envelope, 0.0)[at].mean())

    def at_score(self, score: float) -> tuple[float, float]:
        """Return precision and recall when answers below the score are dropped."""
        kept = np.asarray(self.scores) >= score
        hits = int(np.asarray(self.right, bool)[kept].sum())
        return hits / max(int(kept.sum()), 1), hits / max(self.present, 1)

    def _curve(self) -> tuple[Floats, Floats]:
        order = np.argsort(-np.asarray(self.scores), kind="stable")
        hits = np.cumsum(np.asarray(self.right, bool)[order])
        seen = np.arange(1, len(hits) + 1)
        return np.asarray(hits / self.present, np.float32), np.asarray(hits / seen, np.float32)


def judge(truth: list[tuple[Floats, Ints]], seen: list[Detections], labels: int) -> list[Tally]:
    """Tally all pictures, label by label."""
    tallies = [Tally() for _ in range(labels)]
    for (boxes, kinds), found in zip(truth, seen, strict=True):
        for label, tally in enumerate(tallies):
            mine = found.labels == label
            tally.add(boxes[kinds == label], found.boxes[mine], found.scores[mine])
    return tallies
