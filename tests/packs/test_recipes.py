"""Other people's detectors become packs with one command, and see a real street."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import cv2
import pytest

from edge_agent.domain.geometry import Box
from edge_agent.inference.objects import open_detector
from edge_agent.inference.options import ObjectOptions
from edge_agent.packs.store import Store
from edge_agent.packs.trial import try_model
from tests.house.source import ROOT
from tests.inference.pictures import CARDS, frame_of

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = Box(0.0, 0.0, 1.0, 1.0)
NAMES = {
    "nanodet": "nanodet-m-1.0.0",
    "fastestdet": "fastestdet-1.0.0",
    "coral": "coral-traffic-1.0.0",
    "yolox": "yolox-nano-1.0.0",
}
# A saloon at the left, seen from the side, fills this part of the first frame.
SALOON = Box(0.20, 0.58, 0.48, 0.77)


def make(family: str, models: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own recipes)
        [sys.executable, "-m", "training.packs", family, "--models", models, "--out", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("family", NAMES)
def test_a_detector_becomes_a_pack_that_sees_a_car(
    family: str, models_folder: Path, shared_data: Path, tmp_path: Path
) -> None:
    pack = tmp_path / "a.pack"
    clip = cv2.VideoCapture(str(shared_data / "clips" / "google_traffic_frames.mp4"))
    is_read, picture = clip.read()
    assert is_read

    made = make(family, models_folder, pack)
    assert made.returncode == 0, made.stderr
    store = Store(tmp_path / "state")
    name = store.install(pack, (), lambda folder: try_model(folder, allow_float=True)).name
    detector = open_detector(ObjectOptions(model=str(store.check(str(name), ()))))
    seen = detector.look(frame_of(picture), [WHOLE])

    assert str(name) == NAMES[family]
    assert any(one.label == "car" and one.box.overlap(SALOON) > 0.6 for one in seen), seen


@pytest.mark.parametrize("family", ["nanodet", "fastestdet", "yolox"])
def test_the_recipe_s_card_reads_the_network_as_our_tests_do(family: str) -> None:
    recipe, tested = (
        tomllib.loads(file.read_text())
        for file in (
            ROOT / "training/packs/cards" / f"{family}.toml",
            CARDS / family / "model.toml",
        )
    )

    for differs in ("quality", "sha256"):
        recipe.pop(differs, None)
        tested.pop(differs, None)
    assert recipe == tested


def test_another_file_under_the_name_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    (tmp_path / "nanodet_m_320_int8.tflite").write_bytes(b"another")

    made = make("nanodet", tmp_path, tmp_path / "a.pack")

    assert made.returncode == 1
    assert "is another file than this recipe is for" in made.stderr
