"""What labelled photos say of a score: the highest that is as good as the best, or the lowest sure one."""

from __future__ import annotations

import numpy as np

from bench.objects.marks import Sheet
from bench.visits.photos import highest_as_good, lowest_sure


def sheet(present: int, *answers: tuple[float, bool]) -> Sheet:
    """Return the marks of one photo with so many true boxes."""
    scores, right = zip(*sorted(answers, reverse=True), strict=True)
    pictures = np.zeros(len(scores), np.int64)
    return Sheet(np.asarray(scores, np.float32), np.asarray(right), pictures, np.asarray([present]))


def test_of_scores_as_good_as_the_best_the_highest_is_taken() -> None:
    many = [(0.72, True)] * 150

    # F1 at .70: 150 of 200 found, none wrong: .857; at .50 one more is found: .860.
    assert highest_as_good(sheet(200, *many, (0.52, True))) == 0.7


def test_a_score_that_is_better_by_more_is_taken() -> None:
    many = [(0.72, True)] * 150

    assert highest_as_good(sheet(200, *many, *[(0.52, True)] * 30)) == 0.5


def test_garbage_is_told_from_where_nine_of_ten_boxes_are_right() -> None:
    answers = [(0.62, True)] * 9 + [(0.52, False)] + [(0.42, False)] * 5

    assert lowest_sure(sheet(20, *answers)) == 0.45


def test_a_model_that_is_never_sure_gets_the_highest_score() -> None:
    assert lowest_sure(sheet(20, (0.82, False), (0.42, True))) == 0.8
