"""How the object bench counts: right, wrong, missed, confused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.objects.confusion import Told, matrix
from bench.objects.exams import Photo
from bench.objects.marks import Sheet, everything, interval, mark, partners
from edge_agent.domain.sighting import Label
from tests.fakes.frames import grey_frame
from training.objects.boxes import Floats
from training.objects.detections import Detections
from training.objects.precision import judge

CAR, BUS = (list(Label).index(label) for label in (Label.CAR, Label.BUS))


def boxes(*sides: tuple[float, float, float, float]) -> Floats:
    return np.asarray(sides, np.float32).reshape(-1, 4)


def answers(found: Floats, *scores: float, label: int = CAR) -> Detections:
    kinds = np.full(len(found), label, np.int64)
    return Detections(found, np.asarray(scores, np.float32), kinds)


def is_small(some: Floats) -> np.ndarray:
    return np.asarray(some[:, 3] - some[:, 1] < 20)


@st.composite
def rectangles(draw: st.DrawFn) -> Floats:
    corners = draw(st.lists(st.tuples(*[st.integers(0, 4)] * 2), max_size=5))
    return boxes(*((10.0 * x, 10.0 * y, 10.0 * x + 12, 10.0 * y + 16) for x, y in corners))


@st.composite
def papers(draw: st.DrawFn) -> tuple[list[Floats], list[Detections]]:
    truths, told = [], []
    for _ in range(draw(st.integers(1, 4))):
        truths.append(draw(rectangles()))
        found = draw(rectangles())
        scores = draw(
            st.lists(st.integers(1, 999), min_size=len(found), max_size=len(found), unique=True)
        )
        told.append(answers(found, *(score / 1000 for score in scores)))
    return truths, told


@given(papers())
def test_the_bench_marks_as_the_training_does(paper: tuple[list[Floats], list[Detections]]) -> None:
    truths, told = paper
    kinds = [np.full(len(one), CAR, np.int64) for one in truths]

    theirs = judge(list(zip(truths, kinds, strict=True)), told, len(Label))[CAR]
    ours = mark(truths, told, everything)

    # Answers of two photos with the same score may stand either way round.
    if len(set(ours.scores.tolist())) == len(ours.scores):
        assert ours.precision() == pytest.approx(theirs.average_precision(), nan_ok=True)
    for score in (0.2, 0.5, 0.8):
        assert ours.at(score) == pytest.approx(theirs.at_score(score))


def test_a_car_told_twice_is_found_once_and_wrong_once() -> None:
    car = boxes((0, 0, 40, 20))

    sheet = mark([car], [answers(np.concatenate([car, car]), 0.9, 0.8)], everything)

    assert sheet.right.tolist() == [True, False]


def test_who_is_asked_about_small_cars_is_not_punished_for_a_large_one() -> None:
    truth = boxes((0, 0, 20, 10), (100, 0, 200, 80))
    told = answers(boxes((0, 0, 20, 10), (100, 0, 200, 80), (300, 0, 400, 80)), 0.5, 0.9, 0.8)

    sheet = mark([truth], [told], is_small)

    assert sheet.present.tolist() == [1]
    assert sheet.right.tolist() == [True]
    assert sheet.precision() == 1.0


def test_a_small_ghost_counts_against_who_is_asked_about_small_cars() -> None:
    told = answers(boxes((300, 0, 310, 10), (0, 0, 20, 10)), 0.9, 0.5)

    sheet = mark([boxes((0, 0, 20, 10))], [told], is_small)

    assert sheet.right.tolist() == [False, True]


def test_a_photo_drawn_twice_counts_twice() -> None:
    right, wrong = boxes((0, 0, 20, 10)), boxes((50, 50, 70, 60))
    sheet = mark([right, right], [answers(right, 0.9), answers(wrong, 0.8)], everything)

    assert sheet.precision(np.asarray([2, 0])) == 1.0
    assert sheet.precision(np.asarray([0, 2])) == 0.0


def test_a_model_that_is_right_everywhere_leads_for_sure() -> None:
    truths = [boxes((0, 0, 20, 10))] * 20
    right = mark(truths, [answers(one, 0.9) for one in truths], everything)
    wrong = mark(truths, [answers(one + 50, 0.9) for one in truths], everything)

    assert interval(right, wrong) == (1.0, 1.0)
    assert interval(right, right) == (0.0, 0.0)


def test_the_best_score_keeps_what_is_right_and_drops_what_is_wrong() -> None:
    sheet = Sheet(
        np.asarray([0.9, 0.8, 0.4, 0.3], np.float32),
        np.asarray([True, True, False, False]),
        np.zeros(4, np.int64),
        np.asarray([2]),
    )

    assert sheet.best((0.2, 0.35, 0.5, 0.85)) == 0.5


def told_of(photo_boxes: Floats, labels: list[int], found: Detections, photo: Photo) -> Told:
    nobody = np.zeros(len(photo_boxes), bool)
    assert photo.labels.tolist() == labels
    return Told(photo, found, partners(photo_boxes, found, nobody))


def test_a_bus_called_a_car_a_ghost_and_a_missed_car_each_have_their_place() -> None:
    truth = boxes((0, 0, 40, 20), (100, 100, 140, 120))
    photo = Photo(Path("street.jpg"), grey_frame(), truth, np.asarray([BUS, CAR], np.int64))
    found = answers(boxes((0, 0, 40, 20), (300, 200, 340, 220)), 0.9, 0.7)

    told = told_of(truth, [BUS, CAR], found, photo)
    rows = matrix([told], (Label.CAR, Label.BUS))

    assert rows == [[0, 0, 1], [1, 0, 0], [1, 0, 0]]
    assert told.missed().tolist() == [1]
    assert [told.excuse(n) for n in (0, 1)] == ["is a bus", "nothing labelled"]
