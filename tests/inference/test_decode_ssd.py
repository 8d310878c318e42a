"""SSD's corrections to anchors become boxes; written as the inverse of decoding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.decode_ssd import SsdDecoder
from edge_agent.inference.decoding import LABELS
from edge_agent.inference.slots import Slot
from tests.inference.heads import card

SIDE_PX = 256
STEP = 1 / 256
ANCHORS = np.array([[64, 64, 32, 64], [128, 192, 64, 32], [192, 64, 128, 128]], np.uint8)
CARD = card(
    decoding="ssd",
    width_px=SIDE_PX,
    height_px=SIDE_PX,
    labels=(None, Label.CAR, Label.BUS, Label.CAR),
    score=0.3,
)
SLOTS = (
    Slot((1, 3, 4), np.dtype(np.uint8), 0.03, 117),
    Slot((1, 3, 4), np.dtype(np.uint8), STEP, 0),
    Slot((3, 4), np.dtype(np.uint8), STEP, 0),
)


def said(row: int, box: tuple[float, float, float, float], column: int, score: float) -> list:
    """Return what a network says that sees this one box: middle y, x, height, width, 0..1."""
    anchor = ANCHORS[row] * STEP
    middle, size = np.array(box[:2]), np.array(box[2:])
    change = np.concatenate(
        ((middle - anchor[:2]) / anchor[2:] * 10, np.log(size / anchor[2:]) * 5)
    )
    corrections = np.full((1, 3, 4), 117, np.uint8)
    corrections[0, row] = np.clip(np.rint(change / 0.03) + 117, 0, 255)
    scores = np.zeros((1, 3, 4), np.uint8)
    scores[0, row, column] = round(score / STEP)
    return [corrections, scores, ANCHORS]


@settings(deadline=None)  # a busy machine is no failure
@given(
    row=st.integers(0, 2),
    column=st.integers(1, 3),
    shift=st.tuples(*[st.floats(-0.25, 0.25)] * 2),
    growth=st.tuples(*[st.floats(0.6, 1.6)] * 2),
)
def test_a_box_is_read_as_the_network_meant_it(
    row: int, column: int, shift: tuple[float, float], growth: tuple[float, float]
) -> None:
    anchor = ANCHORS[row] * STEP
    y, x = anchor[:2] + np.array(shift) * anchor[2:]
    height, width = anchor[2:] * np.array(growth)

    found = SsdDecoder(CARD, SLOTS).decode(said(row, (y, x, height, width), column, 0.5))

    wanted = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2]) * SIDE_PX
    # Half a step of the corrections, on the largest anchor.
    assert np.abs(found.boxes - wanted).max() <= 1.0
    assert [LABELS[label] for label in found.labels] == [CARD.labels[column]]
    assert found.scores == pytest.approx([0.5])


def test_the_background_and_what_is_below_the_score_is_nothing() -> None:
    decoder = SsdDecoder(CARD, SLOTS)
    box = tuple(ANCHORS[0] * STEP)

    assert len(decoder.decode(said(0, box, 0, 0.9)).scores) == 0
    assert len(decoder.decode(said(0, box, 1, 0.29)).scores) == 0
    assert len(decoder.decode(said(0, box, 1, 0.3)).scores) == 1


def test_a_broken_network_overflows_nothing() -> None:
    corrections = np.full((1, 3, 4), 255, np.uint8)
    slots = (Slot((1, 3, 4), np.dtype(np.uint8), 1000.0, 0), *SLOTS[1:])

    found = SsdDecoder(CARD, slots).decode(
        [corrections, np.full((1, 3, 4), 255, np.uint8), ANCHORS]
    )

    assert np.isfinite(found.boxes).all()


@pytest.mark.parametrize(
    "slots",
    [SLOTS[:2], (*SLOTS[:2], Slot((4, 4), np.dtype(np.uint8))), SLOTS[::-1], ()],
    ids=["no anchors", "more anchors than boxes", "another order", "nothing"],
)
def test_a_network_with_other_outputs_is_refused(slots: tuple[Slot, ...]) -> None:
    with pytest.raises(EdgeAgentError, match='cannot be read as "ssd"'):
        SsdDecoder(CARD, slots)
