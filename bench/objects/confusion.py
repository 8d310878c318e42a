"""What is taken for what at the scores of the card, "nothing" included on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.objects.exams import Exam, Photo
from bench.objects.eyes import LABELS, Eye
from bench.objects.marks import NOBODY, partners
from edge_agent.domain.sighting import Label
from training.objects.boxes import Ints, overlap
from training.objects.detections import Detections

NOTHING = "nothing"
# Nearer than this an answer means the thing, only its box is poor.
_NEAR = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One photo, what the agent tells of it, and which true box each answer means."""

    photo: Photo
    found: Detections
    # Places of true boxes, whatever their label; NOBODY where there is none.
    partner: Ints

    def missed(self) -> Ints:
        """Return the true boxes that no answer finds, not even under another label."""
        return np.setdiff1d(np.arange(len(self.photo.boxes)), self.partner)

    def is_wrong(self, answer: int) -> bool:
        """Tell whether an answer names nothing, or names it wrongly."""
        partner = self.partner[answer]
        return partner == NOBODY or self.photo.labels[partner] != self.found.labels[answer]

    def excuse(self, answer: int) -> str:
        """Return what is really there, in words."""
        partner = int(self.partner[answer])
        if partner != NOBODY:
            return f"is a {LABELS[self.photo.labels[partner]]}"
        shares = overlap(self.found.boxes[answer][None], self.photo.boxes)
        if not shares.size or shares.max() < _NEAR:
            return "nothing labelled"
        return f"poor box of a {LABELS[self.photo.labels[int(shares.argmax())]]}"


def tell(eye: Eye, exam: Exam) -> list[Told]:
    """Let the agent tell of each photo; labels that people did not mark there are not asked."""
    asked = [LABELS.index(label) for label in exam.labelled]
    told = []
    for photo in exam.photos:
        found = eye.tell(photo.frame)
        found = found.chosen(np.isin(found.labels, asked))
        nobody_is_hidden = np.zeros(len(photo.boxes), bool)
        told.append(Told(photo, found, partners(photo.boxes, found, nobody_is_hidden)))
    return told


def matrix(told: list[Told], labelled: tuple[Label, ...]) -> list[list[int]]:
    """Count: a row for each true label and one for nothing, a column for each told one and none."""
    names = [LABELS.index(label) for label in labelled]
    counts = np.zeros((len(LABELS) + 1, len(LABELS) + 1), int)
    for one in told:
        truth = np.append(one.photo.labels, len(LABELS))
        np.add.at(counts, (truth[one.partner], one.found.labels), 1)
        np.add.at(counts, (one.photo.labels[one.missed()], len(LABELS)), 1)
    kept = [*names, len(LABELS)]
    return [[int(count) for count in row] for row in counts[np.ix_(kept, kept)]]
