from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.decode_fastestdet import FastestDetDecoder
from edge_agent.inference.decode_ltrb import LtrbDecoder
from edge_agent.inference.decode_nanodet import NanodetDecoder
from edge_agent.inference.decode_yolox import YoloxDecoder
from edge_agent.inference.decoding import LABELS, logit, sigmoid, softmax
from edge_agent.inference.slots import Slot
from tests.inference.heads import EDGE_SCALE, SIDE_PX, STRIDES, Thing, card, outputs, slots

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = len(LABELS)


def real(*shape: int) -> Slot:
    return Slot((1, *shape), np.dtype(np.float32))


def edges() -> st.SearchStrategy[tuple[float, ...]]:
    steps = st.integers(0, 255).map(lambda raw: raw * EDGE_SCALE)
    return st.tuples(steps, steps, steps, steps)


@st.composite
def things(draw: st.DrawFn) -> list[Thing]:
    cells = [
        (stride, column, row)
        for stride in STRIDES
        for column in (0, 3, SIDE_PX // stride - 1)
        for row in (0, 4, SIDE_PX // stride - 1)
    ]
    chosen = draw(st.lists(st.sampled_from(cells), unique=True, max_size=6))
    return [
        Thing(*cell, draw(edges()), draw(st.sampled_from(Label)), draw(st.sampled_from((-4, 2, 6))))
        for cell in chosen
    ]


@given(things())
def test_our_head_gives_back_exactly_the_things_above_the_score(seen: list[Thing]) -> None:
    found = LtrbDecoder(card(), slots()).decode(outputs(seen))

    expected = sorted(
        rounded(LABELS.index(thing.label), thing.pixels) for thing in seen if thing.logit > 0
    )
    boxes = zip(found.labels.tolist(), found.boxes.tolist(), strict=True)
    assert sorted(rounded(label, box) for label, box in boxes) == expected


def rounded(label: int, box: Sequence[float]) -> tuple[float, ...]:
    """Edges are whole steps of 0.4 pixels; float32 misses them by a millionth, which sorts anew."""
    return (label, *(round(edge, 2) for edge in box))


def test_a_score_that_just_reaches_the_limit_counts() -> None:
    # A logit of exactly 0 means 0.5.
    seen = [Thing(8, 3, 3, (1, 1, 1, 1), logit=0.0), Thing(8, 9, 9, (1, 1, 1, 1), logit=-0.1)]

    found = LtrbDecoder(card(score=0.5), slots()).decode(outputs(seen))

    assert found.scores.tolist() == [0.5]


def test_a_label_may_have_its_own_score() -> None:
    decoder = LtrbDecoder(card(score=0.9, label_scores={Label.PERSON: 0.2}), slots())
    seen = [
        Thing(8, 3, 3, (1, 1, 1, 1), Label.PERSON, -1.0),
        Thing(8, 9, 9, (1, 1, 1, 1), Label.CAR, 2.0),
    ]

    found = decoder.decode(outputs(seen))

    assert [LABELS[label] for label in found.labels] == [Label.PERSON]


def test_a_score_that_no_byte_can_reach_finds_nothing_and_hides_nobody_else() -> None:
    # 10.7 is the largest logit of this network; 0.999999 asks for 13.8.
    decoder = LtrbDecoder(card(score=0.5, label_scores={Label.CAR: 0.999999}), slots())
    seen = [
        Thing(8, 3, 3, (1, 1, 1, 1), Label.CAR, 10.7),
        Thing(32, 9, 9, (1, 1, 1, 1), Label.BUS, 2.0),
    ]

    found = decoder.decode(outputs(seen))

    assert [LABELS[label] for label in found.labels] == [Label.BUS]


def test_a_dog_is_nothing_to_us() -> None:
    labels = (None, *LABELS[1:])
    decoder = LtrbDecoder(card(labels=labels), slots())

    found = decoder.decode(outputs([Thing(8, 3, 3, (1, 1, 1, 1), Label.PERSON)]))

    assert found.labels.size == 0


def test_outputs_of_another_family_are_refused() -> None:
    with pytest.raises(EdgeAgentError, match=r'cannot be read as "ltrb".*40x40x32') as caught:
        LtrbDecoder(card(), [real(40, 40, KINDS), real(40, 40, 32)])

    assert "model.toml" in caught.value.hint


def test_a_missing_stride_is_refused() -> None:
    with pytest.raises(EdgeAgentError, match=f"the card needs 1x40x40x{KINDS}"):
        LtrbDecoder(card(), slots()[:4])


def test_four_classes_cannot_be_told_from_four_edges() -> None:
    four = tuple(Label)[:4]
    made = [real(40, 40, 4), real(40, 40, 4)]

    with pytest.raises(EdgeAgentError, match="two of them look the same"):
        LtrbDecoder(card(labels=four, strides=(8,)), made)


def test_nanodet_reads_a_distance_as_the_mean_of_its_distribution() -> None:
    classes, distances = (
        np.zeros((1, 10, 10, KINDS), np.float32),
        np.zeros((1, 10, 10, 32), np.float32),
    )
    classes[0, 4, 6, 2] = 0.8
    # All four sharply at 1, 2, 3 steps, and one halfway between 4 and 5.
    for edge, steps in enumerate(([1], [2], [3], [4, 5])):
        distances[0, 4, 6, edge * 8 + np.array(steps)] = 40
    decoder = NanodetDecoder(card(strides=(32,)), [real(10, 10, 32), real(10, 10, KINDS)])

    found = decoder.decode([distances, classes])

    assert found.boxes.tolist() == [pytest.approx([5.5 * 32, 2.5 * 32, 9.5 * 32, 9 * 32], abs=0.01)]
    assert LABELS[found.labels[0]] is Label.CAR
    assert found.scores.tolist() == pytest.approx([0.8])


def test_fastestdet_weighs_object_against_class() -> None:
    objects, boxes, classes = (np.zeros((1, 20, 20, depth), np.float32) for depth in (1, 4, KINDS))
    objects[0, 10, 4, 0] = 0.9
    boxes[0, 10, 4] = [np.arctanh(0.5), np.arctanh(-0.25), 0.0, -np.log(3)]
    # Four times as likely as all others together.
    classes[0, 10, 4, 0] = np.log(4 * (KINDS - 1))
    made = [real(20, 20, 4), real(20, 20, KINDS), real(20, 20, 1)]
    decoder = FastestDetDecoder(card(strides=(16,)), made)

    found = decoder.decode([boxes, classes, objects])

    # Half of the picture wide, a quarter high.
    middle_x, middle_y = 4.5 * 16, 9.75 * 16
    expected = [middle_x - 80, middle_y - 40, middle_x + 80, middle_y + 40]
    assert found.boxes.tolist() == [pytest.approx(expected, abs=0.01)]
    assert found.scores.tolist() == pytest.approx([0.9**0.6 * 0.8**0.4])


def test_yolox_multiplies_object_and_class() -> None:
    objects, boxes, classes = (np.zeros((1, 40, 40, depth), np.float32) for depth in (1, 4, KINDS))
    objects[0, 7, 3, 0] = 0.9
    boxes[0, 7, 3] = [0.5, -0.5, np.log(2), np.log(6)]
    classes[0, 7, 3, 3] = 0.7
    classes[0, 7, 3, 4] = 0.2
    made = [real(40, 40, 4), real(40, 40, 1), real(40, 40, KINDS)]
    decoder = YoloxDecoder(card(strides=(8,)), made)

    found = decoder.decode([boxes, objects, classes])

    assert found.boxes.tolist() == [pytest.approx([20, 28, 36, 76], abs=0.01)]
    assert [LABELS[label] for label in found.labels] == [Label.BUS]
    assert found.scores.tolist() == pytest.approx([0.63])


def test_a_broken_yolox_does_not_overflow() -> None:
    made = [real(40, 40, 4), real(40, 40, 1), real(40, 40, KINDS)]
    decoder = YoloxDecoder(card(strides=(8,)), made)

    found = decoder.decode([np.full(slot.shape, 500, np.float32) for slot in made])

    assert np.isfinite(found.boxes).all()


@given(st.floats(0.001, 0.999))
def test_logit_is_the_inverse_of_sigmoid(score: float) -> None:
    assert sigmoid(logit(np.array([score], np.float32)))[0] == pytest.approx(score, abs=1e-4)


def test_shares_add_up_to_one_even_for_large_logits() -> None:
    shares = softmax(np.array([[1000.0, 1000.0], [-1000.0, 0.0]], np.float32))

    assert shares.tolist() == [[0.5, 0.5], [0.0, 1.0]]
