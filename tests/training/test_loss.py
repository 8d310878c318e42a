"""The loss: who owns an object, and what a right answer costs."""

import numpy as np
import pytest

tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

from training.objects import loss  # noqa: E402 (needs TensorFlow)
from training.objects.recipe import LABELS  # noqa: E402 (stands with the other)

SIDE_PX = 320
# A car of 60 x 40 pixels around (100, 100).
CAR = (70.0, 80.0, 130.0, 120.0)
SHAPES = [(SIDE_PX // stride, depth) for stride in (8, 16, 32) for depth in (len(LABELS), 4)]


def batch(weight: float = 1.0) -> dict[str, tensorflow.Tensor]:
    constant = tensorflow.constant
    return {
        "boxes": constant([CAR]),
        "labels": constant([2]),
        "weights": constant([weight]),
        "owner": constant([0]),
        "trust": tensorflow.ones([1, 10, 10, len(LABELS)]),
        "side_px": constant(SIDE_PX),
    }


def answer(logit: float = -6.0) -> list[tensorflow.Tensor]:
    """Empty logits; distances that draw the car exactly, whichever cell is asked."""
    outputs = []
    for (side, depth), stride in zip(SHAPES, (8, 8, 16, 16, 32, 32), strict=True):
        row, column = np.mgrid[:side, :side].astype(np.float32) + 0.5
        x, y = column * stride, row * stride
        if depth == len(LABELS):
            outputs.append(np.full((1, side, side, len(LABELS)), logit, np.float32))
            continue
        reach = np.stack([x - CAR[0], y - CAR[1], CAR[2] - x, CAR[3] - y], -1) / stride
        outputs.append(reach[None].astype(np.float32))
    return [tensorflow.constant(one) for one in outputs]


def owning_cells(outputs: list[tensorflow.Tensor]) -> list[list[float]]:
    logits, boxes, centres = loss.flat(outputs)
    cell, _, _ = loss.owners(logits, boxes, centres, batch())
    return tensorflow.gather(centres, cell).numpy().tolist()


def test_an_object_is_owned_by_cells_inside_it_only() -> None:
    places = owning_cells(answer())

    assert places
    assert all(CAR[0] < x < CAR[2] and CAR[1] < y < CAR[3] for x, y, _ in places)


def test_the_box_of_a_right_answer_costs_nothing() -> None:
    _, box_loss = loss.street_loss(answer(), batch())

    assert float(box_loss) == pytest.approx(0.0, abs=0.01)


def test_crying_car_everywhere_costs_more_than_silence() -> None:
    silent, _ = loss.street_loss(answer(-6.0), batch())
    crying, _ = loss.street_loss(answer(2.0), batch())

    assert float(crying) > 10 * float(silent)


def test_an_unjudged_object_is_neither_owned_nor_punished() -> None:
    logits, boxes, centres = loss.flat(answer())
    inside = loss.judged(centres, batch(weight=0.0), tensorflow.constant(1))
    cell, _, _ = loss.owners(logits, boxes, centres, batch(weight=0.0))

    here = np.flatnonzero((np.abs(centres.numpy()[:, :2] - (100, 100)) < 8).all(1))
    assert cell.shape[0] == 0
    assert inside.numpy()[0, here, 2].sum() == 0
    assert inside.numpy()[0, here, 0].sum() == len(here)
