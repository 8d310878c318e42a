"""The best score for each label on labelled photos that no weights were trained on."""

from __future__ import annotations

from bench.objects.exam_results import sit
from bench.objects.exams import RUBBISH, STREET, TRAFFIC, exams
from bench.objects.eyes import Eye
from bench.objects.marks import Sheet
from edge_agent.domain.sighting import Label
from edge_agent.inference.model_file import ModelCard

_SCORES = tuple(round(0.05 * step, 2) for step in range(4, 17))
# Less F1 than this between two scores is noise: a label has some 70 boxes on the street photos.
_ALIKE = 0.01
# Part of the boxes of garbage that are right: nobody is to be sent out for a wall.
_SURE = 0.9


def best_scores(card: ModelCard) -> dict[Label, float]:
    """Return a score for each label that the model knows: whole pictures, riders joined.

    It is the highest whose F1 on street photos is as good as the best. No clip shows garbage, so that
    its photos have the only word: there it is the least score at which hardly a box is wrong.
    """
    by_name, eye = {exam.name: exam for exam in exams()}, Eye(card, card.name)
    street = sit(eye, by_name[STREET])
    best = {
        label: highest_as_good(street.sheet(label)) for label in TRAFFIC if label in card.labels
    }
    if Label.GARBAGE in card.labels:
        best[Label.GARBAGE] = lowest_sure(sit(eye, by_name[RUBBISH]).sheet(Label.GARBAGE))
    return best


def highest_as_good(sheet: Sheet) -> float:
    """Return the highest score whose F1 cannot be told from the best one."""
    by_score = {score: _f1(*sheet.at(score)) for score in _SCORES}
    good = max(by_score.values()) - _ALIKE
    return max(score for score, f1 in by_score.items() if f1 >= good)


def lowest_sure(sheet: Sheet) -> float:
    """Return the lowest score at which nine of ten boxes are right; without one, the highest."""
    return next((score for score in _SCORES if sheet.at(score)[0] >= _SURE), _SCORES[-1])


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
