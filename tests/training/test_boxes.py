"""Rectangles: overlap, suppression, letterboxing and the network's own distances."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.objects.boxes import letterbox, overlap, suppress
from training.objects.detections import decode_street, from_scores
from training.objects.recipe import LABELS

CAR = [0.0, 0.0, 10.0, 10.0]


def test_a_box_overlaps_itself_wholly_and_a_stranger_not_at_all() -> None:
    pair = np.asarray([CAR, [20.0, 20.0, 30.0, 30.0]], np.float32)

    assert np.allclose(overlap(pair, pair), np.eye(2))


def test_the_better_of_two_equal_cars_survives_and_a_bus_is_no_rival() -> None:
    boxes = np.asarray([CAR, CAR, CAR], np.float32)

    kept = suppress(boxes, np.asarray([0.5, 0.9, 0.7], np.float32), np.asarray([2, 2, 3]), 0.5)

    assert kept.tolist() == [1, 2]


@given(width=st.integers(20, 700), height=st.integers(20, 700))
def test_letterboxing_and_back_returns_to_the_same_pixel(width: int, height: int) -> None:
    canvas, scale = letterbox(np.zeros((height, width, 3), np.uint8), 320, 320)

    grey = (canvas[..., 0] == 114).sum()
    assert abs(320 * 320 - grey - width * height * scale**2) <= 2 * 320
    assert round(max(width, height) * scale) == 320


def test_a_cell_s_distances_become_the_box_around_its_centre() -> None:
    maps = [
        np.zeros((side, side, depth), np.float32)
        for side in (40, 20, 10)
        for depth in (len(LABELS), 4)
    ]
    maps = [one - 9.0 if one.shape[-1] == 5 else one for one in maps]
    # Row 3, column 5 of stride 16: centre (88, 56); one, two, three, four strides away.
    maps[2][3, 5, 1] = 4.0
    maps[3][3, 5] = [1, 2, 3, 4]

    boxes, scores = decode_street(maps, 320)
    found = from_scores(boxes, scores, 0.5, 0.5)

    assert found.labels.tolist() == [1]
    assert found.boxes.tolist() == [[72, 24, 136, 120]]
