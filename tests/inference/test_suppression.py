from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label
from edge_agent.inference.decoding import LABELS
from edge_agent.inference.suppression import SAME_VEHICLE, Found, drop_cut, join, keep_best

Row = tuple[tuple[float, float, float, float], float, Label, int, bool]


def found(*rows: Row) -> Found:
    """Make finds of box, score, label, crop and whether the crop cuts it."""
    boxes = np.array([row[0] for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[1] for row in rows], np.float32)
    labels = np.array([LABELS.index(row[2]) for row in rows], np.intp)
    crops = np.array([row[3] for row in rows], np.intp)
    return Found(boxes, scores, labels, crops, np.array([row[4] for row in rows], np.bool_))


def boxes_of(kept: Found) -> list[Box]:
    return [Box(*box) for box in kept.boxes.tolist()]


@st.composite
def finds(draw: st.DrawFn) -> Found:
    corner = st.integers(0, 12).map(lambda n: n / 16)
    side = st.integers(1, 8).map(lambda n: n / 16)
    rows: list[Row] = []
    for number in range(draw(st.integers(0, 14))):
        left, top, width, height = (draw(part) for part in (corner, corner, side, side))
        label = draw(st.sampled_from([Label.PERSON, Label.CAR, Label.TRUCK]))
        # Distinct scores: who wins must not depend on the order.
        score = draw(st.integers(1, 50)) / 51 + number / 10_000
        rows.append(((left, top, left + width, top + height), score, label, 0, False))
    return found(*rows)


@given(finds(), st.floats(0.2, 0.8))
def test_no_two_boxes_that_stay_mean_the_same_object(seen: Found, iou: float) -> None:
    kept = keep_best(seen, iou)

    boxes = boxes_of(kept)
    for one in range(len(boxes)):
        for other in range(one):
            overlap = boxes[one].overlap(boxes[other])
            if kept.labels[one] == kept.labels[other]:
                assert overlap <= iou + 1e-5
            elif Label.PERSON not in {LABELS[kept.labels[one]], LABELS[kept.labels[other]]}:
                assert overlap <= SAME_VEHICLE + 1e-5


@given(finds(), st.floats(0.2, 0.8))
def test_suppressing_twice_changes_nothing_more(seen: Found, iou: float) -> None:
    once = keep_best(seen, iou)

    assert keep_best(once, iou).boxes.tolist() == once.boxes.tolist()


@given(finds(), st.randoms(use_true_random=False))
def test_the_order_of_the_boxes_does_not_matter(seen: Found, random: object) -> None:
    order = list(range(len(seen.scores)))
    random.shuffle(order)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random

    shuffled = keep_best(seen.take(np.array(order, np.intp)), 0.5)

    assert shuffled.boxes.tolist() == keep_best(seen, 0.5).boxes.tolist()


@given(finds())
def test_the_best_box_always_stays(seen: Found) -> None:
    kept = keep_best(seen, 0.5)

    if len(seen.scores):
        assert kept.scores[0] == seen.scores.max()


def test_a_van_seen_as_car_and_truck_is_one_vehicle() -> None:
    seen = found(
        ((0.1, 0.1, 0.5, 0.5), 0.6, Label.CAR, 0, False),
        ((0.1, 0.1, 0.5, 0.49), 0.7, Label.TRUCK, 0, False),
    )

    assert [LABELS[label] for label in keep_best(seen, 0.5).labels] == [Label.TRUCK]


def test_a_person_in_front_of_a_car_stays() -> None:
    seen = found(
        ((0.1, 0.1, 0.5, 0.5), 0.9, Label.CAR, 0, False),
        ((0.1, 0.1, 0.5, 0.5), 0.5, Label.PERSON, 0, False),
    )

    assert len(keep_best(seen, 0.5).scores) == 2


HALF = ((0.3, 0.3, 0.5, 0.5), 0.9, Label.CAR, 0, True)
WHOLE = ((0.3, 0.3, 0.8, 0.5), 0.6, Label.CAR, 1, False)


def test_half_a_car_gives_way_to_the_whole_one_next_door() -> None:
    kept = drop_cut(found(HALF, WHOLE))

    assert boxes_of(kept) == boxes_of(found(WHOLE))


def test_half_a_car_that_nobody_saw_whole_stays() -> None:
    assert len(drop_cut(found(HALF)).scores) == 1


def test_a_person_before_a_whole_car_is_not_its_cut_half() -> None:
    person = (HALF[0], 0.9, Label.PERSON, 0, True)

    assert len(drop_cut(found(person, WHOLE)).scores) == 2


def test_two_halves_do_not_remove_each_other() -> None:
    other = (WHOLE[0], 0.6, Label.CAR, 1, True)

    assert len(drop_cut(found(HALF, other)).scores) == 2


def test_finds_of_crops_are_joined_in_order() -> None:
    assert join([found(HALF), found(), found(WHOLE)]).crops.tolist() == [0, 1]
