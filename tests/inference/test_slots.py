from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.inference.pictures import Quantiser
from edge_agent.inference.slots import Slot
from tests.inference.heads import card

SIGNED = Slot((1, 4, 4, 3), np.dtype(np.int8), 0.5, 3)
PLAIN = Slot((1, 4, 4, 3), np.dtype(np.float32))


@given(st.integers(-128, 127))
def test_raw_numbers_survive_the_way_to_real_ones_and_back(raw: int) -> None:
    there = SIGNED.real(np.array([raw], np.int8))

    assert SIGNED.raw(there).tolist() == [raw]


def test_numbers_that_do_not_fit_are_saturated() -> None:
    assert SIGNED.raw(np.array([-1e6, 1e6], np.float32)).tolist() == [-128, 127]


@given(st.floats(-60, 60), st.integers(-128, 127))
def test_comparing_raw_numbers_is_comparing_real_ones(limit: float, raw: int) -> None:
    least = SIGNED.least_raw(np.array([limit], np.float32))[0]
    value = SIGNED.real(np.array([raw], np.int8))[0]
    if abs(value - limit) > 1e-3:
        assert (raw >= least) == (value >= limit)


def test_a_limit_out_of_reach_is_never_reached() -> None:
    assert SIGNED.least_raw(np.array([1e9], np.float32))[0] > 127


@pytest.mark.parametrize(
    "slot",
    [
        Slot((1, 16, 16, 3), np.dtype(np.int8), 1 / 255, -128),
        Slot((1, 16, 16, 3), np.dtype(np.uint8), 1 / 255, 0),
        Slot((1, 16, 16, 3), np.dtype(np.int8), 0.0187, -14),
        Slot((1, 16, 16, 3), np.dtype(np.float32)),
    ],
    ids=["int8", "uint8", "int8 of a mean and a deviation", "float32"],
)
def test_every_pixel_becomes_what_the_formula_says(slot: Slot) -> None:
    mean, scale = (100.0, 0.0, 120.5), (57.0, 255.0, 58.0)
    picture = np.arange(16 * 16 * 3, dtype=np.int64).reshape(16, 16, 3).astype(np.uint8)

    raw = Quantiser(card(mean=mean, scale=scale), slot).quantise(picture)

    real = ((picture.astype(np.float32) - mean) / scale).astype(np.float32)
    assert raw.dtype == slot.dtype
    assert raw.shape == (1, 16, 16, 3)
    assert np.array_equal(raw[0], slot.raw(real))
