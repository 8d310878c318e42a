"""The int8 ends of a map are drawn in where that loses less than it gains."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

import keras

from training.objects.ranges import Held, best_ends, hold


def test_numbers_spread_evenly_need_all_they_have() -> None:
    values = np.linspace(-4, 6, 5000)

    assert best_ends(values, 1.0) == (-4.0, 6.0)


def test_one_large_number_in_very_many_does_not_stretch_the_steps() -> None:
    values = np.concatenate([np.random.default_rng(1).uniform(0, 1, 400_000), [10.0]])

    assert best_ends(values, 1.0)[1] <= 7.0


def test_what_a_leaky_relu_shrinks_gets_fewer_steps() -> None:
    values = np.random.default_rng(1).exponential(size=20_000) ** 2

    shrunk = best_ends(np.concatenate([-values, values]), 0.1)
    plain = best_ends(np.concatenate([-values, values]), 1.0)

    assert plain[0] < shrunk[0] < 0


def test_only_held_maps_of_one_group_share_their_ends() -> None:
    picture = keras.Input((4, 4, 1))
    held = [Held(group="both"), Held(group="both"), Held()]
    model = keras.Model(picture, [one(picture * n) for n, one in enumerate(held, 1)])

    hold(model, np.linspace(0, 1, 32, dtype=np.float32).reshape(2, 4, 4, 1))

    assert held[0].ends == held[1].ends == (0.0, 2.0)
    assert held[2].ends == (0.0, 3.0)
    assert np.asarray(model(np.full((1, 4, 4, 1), 9.0))[2]).max() == 3.0
