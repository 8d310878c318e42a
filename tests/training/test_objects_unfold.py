"""A shipped file is taken apart into weights that answer as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

import tensorflow as tf

from training.objects.export import float_network, quantised
from training.objects.network import street_network
from training.objects.recipe import NARROW, WIDE, TrainingError
from training.objects.unfold import unfolded

if TYPE_CHECKING:
    from pathlib import Path

SIDE_PX = 64


def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [random.integers(0, 255, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8) for _ in range(4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "street.tflite"
    path.write_bytes(quantised(street_network(None, NARROW).get_weights(), pictures(), SIDE_PX))
    return path


def test_unfolded_weights_answer_as_the_file_does(file: Path) -> None:
    weights = unfolded(file, NARROW, pictures())

    interpreter = tf.lite.Interpreter(str(file))
    interpreter.allocate_tensors()
    picture = pictures()[0]
    raw = (picture.astype(int) - 128).astype(np.int8)[None]
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], raw)
    interpreter.invoke()
    told = {
        tuple(one["shape"]): one["quantization"][0]
        * (interpreter.get_tensor(one["index"]).astype(float) - one["quantization"][1])
        for one in interpreter.get_output_details()
    }
    floats = float_network(weights, SIDE_PX)(picture[None].astype(np.float32) / 255, training=False)
    for one in floats:
        assert np.abs(np.asarray(one) - told[tuple(one.shape)]).mean() < 0.05


def test_a_file_of_another_network_is_refused(file: Path) -> None:
    with pytest.raises(TrainingError, match="not of this network"):
        unfolded(file, WIDE, pictures())
