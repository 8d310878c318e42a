"""What counts as truth for the street model."""

from pathlib import Path

import numpy as np

from training.objects.detections import Detections
from training.objects.labels import combined, merge_riders, read_labels

MOTORCYCLE = [100.0, 100.0, 160.0, 200.0]
RIDER = [110.0, 60.0, 150.0, 170.0]
PASSER_BY = [170.0, 60.0, 200.0, 205.0]
EVERYTHING = frozenset(range(5))


def seen(*rows: tuple[list[float], float, int]) -> Detections:
    return Detections(
        np.asarray([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.asarray([row[1] for row in rows], np.float32),
        np.asarray([row[2] for row in rows], np.int64),
    )


def test_a_rider_becomes_part_of_the_two_wheeler() -> None:
    merged = merge_riders(seen((MOTORCYCLE, 0.9, 1), (RIDER, 0.8, 0)))

    assert merged.labels.tolist() == [1]
    assert merged.boxes[0].tolist() == [100, 60, 160, 200]


def test_somebody_beside_a_motorcycle_stays_a_person() -> None:
    merged = merge_riders(seen((MOTORCYCLE, 0.9, 1), (PASSER_BY, 0.8, 0)))

    assert merged.labels.tolist() == [1, 0]


def test_the_ghost_of_a_bicycle_does_not_swallow_a_person() -> None:
    merged = merge_riders(seen((MOTORCYCLE, 0.2, 1), (RIDER, 0.8, 0)))

    assert merged.labels.tolist() == [1, 0]


def test_a_faint_rider_goes_but_does_not_move_the_box() -> None:
    merged = merge_riders(seen((MOTORCYCLE, 0.9, 1), (RIDER, 0.2, 0)))

    assert merged.boxes.tolist() == [MOTORCYCLE]


def test_what_people_labelled_stands_whatever_the_teachers_say() -> None:
    boxes = np.asarray([MOTORCYCLE], np.float32)

    truth = combined(boxes, np.asarray([1]), EVERYTHING, seen((MOTORCYCLE, 0.9, 2)))

    assert truth.labels.tolist() == [1]
    assert truth.weights.tolist() == [1]


def test_a_confident_stranger_in_a_complete_set_is_left_unjudged() -> None:
    nothing = np.empty((0, 4), np.float32)

    truth = combined(nothing, np.empty(0, np.int64), EVERYTHING, seen((PASSER_BY, 0.9, 0)))

    assert truth.weights.tolist() == [0]


def test_a_label_that_people_left_out_comes_from_the_teachers() -> None:
    boxes = np.asarray([MOTORCYCLE], np.float32)
    vehicles = EVERYTHING - {0}

    truth = combined(boxes, np.asarray([1]), vehicles, seen((PASSER_BY, 0.4, 0)))

    assert truth.labels.tolist() == [1, 0]
    assert truth.weights.tolist() == [1.0, 0.5]
    assert truth.trust[0] < truth.trust[1]


def test_labels_are_read_from_fractions_into_pixels(tmp_path: Path) -> None:
    note = tmp_path / "one.txt"
    note.write_text("2 0.5 0.5 0.5 0.5\n")

    boxes, labels = read_labels(note, 200, 100)

    assert boxes.tolist() == [[50, 25, 150, 75]]
    assert labels.tolist() == [2]


def test_a_picture_without_objects_has_an_empty_truth(tmp_path: Path) -> None:
    note = tmp_path / "none.txt"
    note.write_text("")

    boxes, labels = read_labels(note, 200, 100)

    assert boxes.shape == (0, 4)
    assert labels.shape == (0,)
