"""Everybody's answers on every set, and their marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.objects.exams import Exam, Photo
from bench.objects.eyes import LABELS, Answers, Eye
from bench.objects.marks import Sheet, everything, mark
from edge_agent.domain.sighting import Label
from training.objects.boxes import Floats
from training.objects.detections import Detections


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """One model's answers on one set."""

    exam: Exam
    answers: tuple[Answers, ...]

    def sheet(self, label: Label) -> Sheet:
        """Return the marks for one label: the better of the two ways with riders."""
        truths = [boxes_of(photo, label) for photo in self.exam.photos]
        plain = mark(truths, [only(one.plain, label) for one in self.answers], everything)
        joined = mark(truths, [only(one.joined, label) for one in self.answers], everything)
        return max(plain, joined, key=Sheet.precision)


def sit(eye: Eye, exam: Exam) -> Paper:
    """Show all photos of a set to a model, each whole."""
    return Paper(exam, tuple(eye.think(photo.frame) for photo in exam.photos))


def boxes_of(photo: Photo, label: Label) -> Floats:
    """Return the true boxes of one label."""
    return photo.boxes[photo.labels == LABELS.index(label)]


def only(found: Detections, label: Label) -> Detections:
    """Return the answers for one label."""
    return found.chosen(found.labels == LABELS.index(label))


def mean(values: Sequence[float]) -> float:
    """Return the mean of those labels that occur."""
    return float(np.nanmean(values))
