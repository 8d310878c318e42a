"""The shipped file keeps the contract that the agent's decoder is written against."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest

from training.objects.examples import read_picture
from training.objects.recipe import LABELS

MODEL = Path(__file__).parents[2] / "edge_agent" / "models" / "street"


@pytest.fixture
def file() -> Path:
    if not (MODEL / "street.tflite").is_file():
        pytest.skip("the street model is not trained yet: make -C training objects")
    return MODEL / "street.tflite"


def test_the_card_belongs_to_the_file(file: Path) -> None:
    card = tomllib.loads((MODEL / "model.toml").read_text())

    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert card["labels"]["names"] == list(LABELS)


def test_the_street_model_is_small_and_wholly_int8(file: Path) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(str(file))
    interpreter.allocate_tensors()

    kinds = {one["dtype"] for one in interpreter.get_tensor_details()}
    shapes = {tuple(one["shape"][1:]) for one in interpreter.get_output_details()}

    assert file.stat().st_size < 2_000_000
    assert kinds <= {np.int8, np.int32}
    assert shapes == {(side, side, depth) for side in (40, 20, 10) for depth in (len(LABELS), 32)}


def test_it_still_finds_what_it_found_when_it_was_measured(file: Path, data: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    from training.objects.detector import Detector  # noqa: PLC0415 (needs the runtime)

    detector = Detector(file)
    photos = sorted((data / "det" / "idn_tidar" / "test" / "images").iterdir())[:20]

    found = [len(detector.see(read_picture(photo), 0.35).boxes) for photo in photos]

    assert sum(count > 0 for count in found) >= 16
