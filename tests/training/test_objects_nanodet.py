"""NanoDet-m, taken apart and built again, says what its authors' file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from training.objects.examples import read_picture

pytest.importorskip("tensorflow", reason="TensorFlow is only in the training's venv")

import keras
import tensorflow as tf

from training.objects import designs, nanodet
from training.objects.detections import COCO_KINDS, COCO_TO_OURS, decode_nanodet, decode_street
from training.objects.detector import FAMILIES, Detector
from training.objects.export import check, quantised
from training.objects.recipe import LABELS, STRIDES, TrainingError

if TYPE_CHECKING:
    from pathlib import Path

# Its own file pads the picture's edge otherwise where it enlarges a map.
EDGE_CELLS = 2


@pytest.fixture(autouse=True)
def floats() -> None:
    # A training run leaves bfloat16 behind.
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture
def file(data: Path) -> Path:
    return data / "models" / nanodet.FILE


@pytest.fixture
def picture(data: Path) -> np.ndarray:
    photo = sorted((data / "det" / "idn_tidar" / "test" / "images").iterdir())[3]
    return cv2.resize(read_picture(photo), (320, 320))


def test_it_says_what_the_authors_file_says(file: Path, picture: np.ndarray) -> None:
    net = cv2.dnn.readNetFromONNX(str(file))
    family = FAMILIES["nanodet"]
    real = (picture[..., ::-1].astype(np.float32) - family.mean) / family.scale
    net.setInput(real.astype(np.float32).transpose(2, 0, 1)[None])
    said = net.forward([f"{kind}_pred_stride_{s}" for kind in ("cls", "dis") for s in STRIDES])
    theirs = [
        one[0].reshape(side, side, -1) for one, side in zip(said, (40, 20, 10) * 2, strict=True)
    ]
    their_boxes, their_scores = decode_nanodet(theirs, 320)

    model = nanodet.network(320)
    model.set_weights(nanodet.weights(file))
    ours = [one.numpy()[0] for one in model(picture[None].astype(np.float32) / 255, training=False)]
    boxes, scores = decode_street(ours, 320)

    inner = np.concatenate(
        [np.pad(np.ones((s - 2 * EDGE_CELLS,) * 2, bool), EDGE_CELLS).ravel() for s in (40, 20, 10)]
    )
    alone = [label for label in range(5) if list(COCO_TO_OURS.values()).count(label) == 1]
    assert their_scores[inner].max() > 0.3
    assert np.abs(scores - their_scores)[inner][:, alone].max() < 0.01
    seen = inner & (their_scores.max(1) > 0.2)
    assert seen.any()
    assert np.abs(boxes - their_boxes)[seen].max() < 2.0


def test_the_echo_begins_with_the_teacher_s_own_opinion(file: Path, picture: np.ndarray) -> None:
    first = designs.lent(None, file.parent)
    assert first.weights
    assert first.echo
    model, echo = designs.network(None, features=True), designs.echo(None)
    model.set_weights(first.weights)
    echo.set_weights(first.echo)
    outputs = model(picture[None].astype(np.float32) / 255, training=False)

    opinions = [tf.sigmoid(one).numpy() for one in echo(outputs[2 * len(STRIDES) :])]

    persons = [tf.sigmoid(one[..., :1]).numpy() for one in outputs[: 2 * len(STRIDES) : 2]]
    for opinion, person in zip(opinions, persons, strict=True):
        assert opinion.shape[-1] == COCO_KINDS
        assert np.allclose(opinion[..., :1], person, atol=1e-5)


def test_its_int8_file_sees_what_the_floats_see(
    file: Path, picture: np.ndarray, tmp_path: Path
) -> None:
    weights = nanodet.weights(file)
    small = tmp_path / "street.tflite"
    small.write_bytes(quantised(weights, [picture], 320))
    check(small, 320)
    model = designs.network(None, 320)
    model.set_weights(weights)
    floats = [one.numpy()[0] for one in model(picture[None].astype(np.float32) / 255)]
    boxes, scores = decode_street(floats, 320)

    detector = Detector(small)
    detector.run(detector.prepared(picture))
    int8_boxes, int8_scores = decode_street(detector.outputs(), 320)

    seen = scores.max(1) > 0.3
    assert seen.sum() > 3
    assert np.abs(int8_scores - scores)[seen].max() < 0.1
    assert np.abs(int8_boxes - boxes)[seen].max() < 10.0


def test_the_finished_weights_keep_a_share_of_the_first_ones(file: Path) -> None:
    first = nanodet.weights(file)

    mixed = designs.mixed([one + 4.0 for one in first], 0.25, file.parent)

    gained = [one - old for one, old in zip(mixed, first, strict=True)]
    for place in nanodet.label_rows():
        # The loan has no word for garbage: its row stays as it was trained.
        assert np.allclose(gained[place][..., LABELS.index("garbage")], 4.0, atol=1e-4)
        gained[place] = gained[place][..., : LABELS.index("garbage")]
    assert all(np.allclose(one, 3.0, atol=1e-4) for one in gained)


def test_what_the_loan_has_no_word_for_begins_everywhere_at_one_in_a_hundred(
    file: Path, picture: np.ndarray
) -> None:
    model = nanodet.network(320)
    model.set_weights(nanodet.weights(file))

    answers = model.predict(picture[None].astype(np.float32) / 255, verbose=0)
    scores = [np.asarray(one) for one in answers if one.shape[-1] == len(LABELS)]
    sureness = 1 / (1 + np.exp(-np.concatenate([one.ravel() for one in scores])))
    garbage = sureness.reshape(-1, len(LABELS))[:, LABELS.index("garbage")]

    assert len(scores) == len(STRIDES)
    assert np.allclose(garbage, 0.01, atol=0.001)


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_another_file_is_refused_with_a_next_step(content: bytes, tmp_path: Path) -> None:
    (tmp_path / nanodet.FILE).write_bytes(content)

    with pytest.raises(TrainingError, match=nanodet.FILE):
        nanodet.weights(tmp_path / nanodet.FILE)


def test_the_network_of_another_detector_is_refused(data: Path) -> None:
    with pytest.raises(TrainingError, match="not NanoDet-m"):
        nanodet.weights(data / "models" / "FastestDet.onnx")
