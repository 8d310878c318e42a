"""The best score for each label on labelled street photos that no weights were trained on."""

from __future__ import annotations

from bench.objects.exam_results import sit
from bench.objects.exams import STREET, exams
from bench.objects.eyes import Eye
from bench.objects.marks import Sheet
from edge_agent.domain.sighting import Label
from edge_agent.inference.model_file import ModelCard

_SCORES = tuple(round(0.05 * step, 2) for step in range(4, 17))


def best_scores(card: ModelCard) -> dict[Label, float]:
    """Return the score with the best F1 for each label, whole pictures, riders joined."""
    street = next(exam for exam in exams() if exam.name == STREET)
    paper = sit(Eye(card, card.name), street)
    return {label: _best(paper.sheet(label)) for label in Label}


def _best(sheet: Sheet) -> float:
    return max(_SCORES, key=lambda score: _f1(*sheet.at(score)))


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
