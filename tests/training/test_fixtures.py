"""A tripod is no person, however long it stands there."""

import numpy as np

from training.objects.fixtures import without_fixtures
from training.objects.labels import Truth

TRIPOD = [100.0, 100.0, 120.0, 180.0]
VAN = [300.0, 40.0, 380.0, 100.0]


def frame(number: int) -> Truth:
    """One frame: a walker, a tripod taken for a person, a parked van."""
    walker = [10.0 + 15 * number, 50.0, 30.0 + 15 * number, 110.0]
    boxes = np.asarray([walker, TRIPOD, VAN], np.float32)
    return Truth(boxes, np.asarray([0, 0, 4]), np.ones(3, np.float32), np.ones(5, np.float32))


def test_who_never_moves_is_no_person_but_a_parked_van_stays_a_van() -> None:
    truths = without_fixtures([frame(number) for number in range(10)])

    assert [one.labels.tolist() for one in truths] == [[0, 4]] * 10


def test_a_clip_without_people_has_nothing_to_take_away() -> None:
    empty = Truth(
        np.empty((0, 4), np.float32),
        np.empty(0, np.int64),
        np.empty(0, np.float32),
        np.ones(5, np.float32),
    )

    assert without_fixtures([empty])[0].boxes.shape == (0, 4)
