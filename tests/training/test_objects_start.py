"""What a new run goes on from: a checkpoint's averaged weights, in the network that is wanted."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

from training.objects.network import street_network
from training.objects.recipe import NARROW, WIDE, Recipe, TrainingError
from training.objects.stages import start
from training.objects.widen import widths_of


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    weights = street_network(None, NARROW).get_weights()
    named = {f"average_{n}": one for n, one in enumerate(weights)}
    np.savez(tmp_path / "state.npz", step=7, **named)
    return tmp_path / "state.npz"


def test_a_run_of_the_same_size_goes_on_gently_from_the_averages(checkpoint: Path) -> None:
    weights, recipe = start(checkpoint, Recipe(), [])

    with np.load(checkpoint) as kept:
        assert all(np.array_equal(one, kept[f"average_{n}"]) for n, one in enumerate(weights))
    assert recipe == Recipe().going_on()


def test_a_wider_run_carries_the_weights_over_and_learns_faster(checkpoint: Path) -> None:
    wanted = Recipe(widths=WIDE)

    weights, recipe = start(checkpoint, wanted, [])

    assert widths_of(weights) == WIDE
    assert recipe == wanted.widening()


def test_a_missing_checkpoint_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint"):
        start(tmp_path / "none.npz", Recipe(), [])
