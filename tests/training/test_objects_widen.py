"""A wider network begins where the narrow one ended."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

from training.objects.network import street_network
from training.objects.recipe import NARROW, WIDE, TrainingError
from training.objects.widen import widened, widths_of


@pytest.fixture
def weights() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    plain = street_network(None, NARROW).get_weights()
    # Statistics of a network that has learned: nothing is a plain one or zero any more.
    return [one + np.abs(random.normal(0, 0.1, one.shape)).astype(np.float32) for one in plain]


def test_the_wider_network_gives_the_same_answers(weights: list[np.ndarray]) -> None:
    narrow, wide = street_network(96, NARROW), street_network(96, WIDE)
    picture = np.random.default_rng(1).random((1, 96, 96, 3), np.float32)
    narrow.set_weights(weights)

    wide.set_weights(widened(weights, NARROW, WIDE))

    pairs = zip(narrow(picture, training=False), wide(picture, training=False), strict=True)
    assert all(np.allclose(old, new, atol=1e-4) for old, new in pairs)


def test_weights_tell_their_network(weights: list[np.ndarray]) -> None:
    assert widths_of(weights) == NARROW
    assert widths_of(widened(weights, NARROW, WIDE)) == WIDE


def test_foreign_weights_are_refused(weights: list[np.ndarray]) -> None:
    with pytest.raises(TrainingError, match="fit no network"):
        widths_of(weights[:-1])
