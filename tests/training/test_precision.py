"""Average precision against cases that a person can work out."""

import math

import numpy as np
import pytest

from training.objects.precision import Tally

CAR = [0.0, 0.0, 10.0, 10.0]
FAR = [50.0, 50.0, 60.0, 60.0]


def boxes(*rows: list[float]) -> np.ndarray:
    return np.asarray(rows, np.float32).reshape(-1, 4)


def scores(*values: float) -> np.ndarray:
    return np.asarray(values, np.float32)


def test_finding_everything_and_nothing_else_is_perfect() -> None:
    tally = Tally()

    tally.add(boxes(CAR, FAR), boxes(CAR, FAR), scores(0.9, 0.8))

    assert tally.average_precision() == pytest.approx(1.0)


def test_finding_one_of_two_is_worth_about_a_half() -> None:
    tally = Tally()

    tally.add(boxes(CAR, FAR), boxes(CAR), scores(0.9))

    # 51 of the 101 recall points (0 to 0.50) have precision 1.
    assert tally.average_precision() == pytest.approx(51 / 101)


def test_a_false_alarm_before_the_hit_halves_the_precision() -> None:
    tally = Tally()

    tally.add(boxes(CAR), boxes(FAR, CAR), scores(0.9, 0.8))

    assert tally.average_precision() == pytest.approx(0.5)


def test_two_answers_for_one_car_are_one_hit_and_one_false_alarm() -> None:
    tally = Tally()

    tally.add(boxes(CAR), boxes(CAR, CAR), scores(0.9, 0.8))

    assert tally.right == [True, False]


def test_a_threshold_trades_recall_for_precision() -> None:
    tally = Tally()
    tally.add(boxes(CAR, FAR), boxes(CAR, [80, 80, 90, 90], FAR), scores(0.9, 0.5, 0.3))

    assert tally.at_score(0.6) == (1.0, 0.5)
    assert tally.at_score(0.1) == (pytest.approx(2 / 3), 1.0)


def test_nothing_to_find_has_no_precision() -> None:
    assert math.isnan(Tally().average_precision())
