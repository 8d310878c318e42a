"""Sets whose people labelled riders as persons, or only rubbish, teach no nonsense."""

import numpy as np

from training.objects import rubbish
from training.objects.corpus import PHOTOS, without_riders
from training.objects.detections import Detections
from training.objects.labels import GARBAGE
from training.objects.split import SOURCES

MOTORCYCLE = [100.0, 100.0, 160.0, 200.0]
RIDER = [110.0, 60.0, 150.0, 170.0]
PASSER_BY = [170.0, 60.0, 200.0, 205.0]


def opinion(score: float) -> Detections:
    car = [300.0, 100.0, 380.0, 160.0]
    return Detections(
        np.asarray([car, MOTORCYCLE], np.float32),
        np.asarray([0.9, score], np.float32),
        np.asarray([2, 1]),
    )


def test_a_labelled_rider_is_given_to_the_motorcycle_the_teachers_see() -> None:
    people, merged = without_riders(np.asarray([RIDER, PASSER_BY], np.float32), opinion(0.8))

    assert people.tolist() == [PASSER_BY]
    assert merged.labels.tolist() == [2, 1]
    assert merged.boxes[1].tolist() == [100, 60, 160, 200]


def test_a_ghost_of_a_motorcycle_takes_nobody() -> None:
    people, merged = without_riders(np.asarray([RIDER, PASSER_BY], np.float32), opinion(0.2))

    assert len(people) == 2
    assert merged.boxes[1].tolist() == MOTORCYCLE


def test_a_heap_is_garbage_a_bin_is_none_and_a_full_bin_is_nobody_s_guess() -> None:
    marked = np.asarray([[0, 0, 80, 40], [100, 0, 140, 60], [150, 0, 190, 60]], np.float32)

    truth = rubbish.truth(marked, np.asarray([rubbish.HEAP, 1, rubbish.FULL_BIN]), opinion(0.8))

    garbage = truth.labels == GARBAGE
    assert truth.boxes[garbage].tolist() == [[0, 0, 80, 40], [150, 0, 190, 60]]
    assert truth.weights[garbage].tolist() == [1.0, 0.0]
    assert set(truth.labels[~garbage].tolist()) == {1, 2}
    assert truth.trust[GARBAGE] == 1.0


def test_every_judged_set_says_what_its_people_marked() -> None:
    labelled = {one.name: one.labelled for one in PHOTOS}

    assert labelled["garbage"] == {GARBAGE}
    assert not any(GARBAGE in labels for name, labels in labelled.items() if name != "garbage")
    assert set(SOURCES) <= set(labelled)


def test_what_judges_never_teaches() -> None:
    folders = [folder for one in PHOTOS for folder in one.folders]

    assert not [one for one in folders if "openimages" in one or "coco" in one]
    assert "det/idn_tidar/test" not in folders
