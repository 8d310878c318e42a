"""Training the motion network goes on from a finished int8 file, without losing what that knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.inference.scenery import HEIGHT_PX, PLANES, WIDTH_PX

keras = pytest.importorskip("keras", reason="needs the training environment")
tf = pytest.importorskip("tensorflow", reason="needs the training environment")

MODELS = Path(__file__).parents[2] / "edge_agent" / "models"
SHIPPED = MODELS / "motion" / "motion.tflite"


@pytest.fixture
def planes() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    shape = (HEIGHT_PX // 20, WIDTH_PX // 20, PLANES)
    coarse = [random.integers(-60, 60, shape) for _ in range(24)]
    return [one.repeat(20, axis=0).repeat(20, axis=1).astype(np.int8) for one in coarse]


def said(network: keras.Model, planes: list[np.ndarray]) -> np.ndarray:
    return np.asarray(network(np.stack(planes).astype(np.float32) / 128, training=False))


def shipped_says(planes: list[np.ndarray]) -> np.ndarray:
    interpreter = tf.lite.Interpreter(str(SHIPPED))
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = out["quantization"]
    logits = []
    for one in planes:
        interpreter.set_tensor(into["index"], one[None])
        interpreter.invoke()
        logits.append((interpreter.get_tensor(out["index"]).astype(np.float32) - zero) * scale)
    return np.concatenate(logits)


def test_the_network_read_back_says_what_the_file_says(planes: list[np.ndarray]) -> None:
    from training.motion.network import motion_network  # noqa: PLC0415 (needs TensorFlow)
    from training.motion.shipped import weights_of  # noqa: PLC0415 (needs TensorFlow)

    weights = weights_of(SHIPPED, planes[:16])

    network = motion_network()
    network.set_weights(weights)
    away = np.abs(said(network, planes[16:]) - shipped_says(planes[16:]))
    # A step of the file's output is .05; its inner roundings add up to a few of them.
    assert float(away.mean()) < 0.1
    assert float(np.ptp(said(network, planes[16:]))) > 1


def test_its_statistics_are_true_of_what_it_was_shown(planes: list[np.ndarray]) -> None:
    from training.motion.network import motion_network  # noqa: PLC0415 (needs TensorFlow)
    from training.motion.shipped import weights_of  # noqa: PLC0415 (needs TensorFlow)

    network = motion_network()
    network.set_weights(weights_of(SHIPPED, planes))
    batch = np.stack(planes).astype(np.float32) / 128

    still = np.asarray(network(batch, training=False))
    learning = np.asarray(network(batch, training=True))

    assert np.allclose(still, learning, atol=0.02)


def test_another_network_s_file_is_refused(planes: list[np.ndarray]) -> None:
    from training.motion.shipped import weights_of  # noqa: PLC0415 (needs TensorFlow)

    with pytest.raises(ValueError, match="not of this network"):
        weights_of(MODELS / "street" / "street.tflite", planes)


def test_a_file_that_is_not_there_is_named(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.motion.__main__ import main  # noqa: PLC0415 (beside the others)

    code = main(["--work", str(corpus.parent), "--from", str(tmp_path / "gone.tflite")])

    assert code == 1
    assert capsys.readouterr().err.startswith(f"there is no {tmp_path / 'gone.tflite'}\nnext: ")


def test_a_run_that_was_begun_is_not_begun_anew(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.motion.__main__ import main  # noqa: PLC0415 (beside the others)

    begun = corpus.parent / "motion.npz"
    begun.touch()

    assert main(["--work", str(corpus.parent), "--from", str(SHIPPED)]) == 1
    assert capsys.readouterr().err.startswith(f"a run was begun already: {begun}\nnext: remove it")


def test_a_moment_of_training_gives_a_file_that_the_agent_takes(
    corpus: Path, tmp_path: Path
) -> None:
    from training.motion.__main__ import main  # noqa: PLC0415 (needs TensorFlow)

    words = ["--work", str(corpus.parent), "--into", str(tmp_path / "out"), "--minutes", "0.05"]
    code = main([*words, "--from", str(SHIPPED), "--makers", "1", "--rate", "0.0001"])

    assert code == 0
    interpreter = tf.lite.Interpreter(str(tmp_path / "out" / "motion.tflite"))
    assert [one["shape"].tolist() for one in interpreter.get_input_details()] == [
        [1, HEIGHT_PX, WIDTH_PX, PLANES]
    ]
    assert [one["dtype"] for one in interpreter.get_output_details()] == [np.int8]
