"""Real int8 models of three families on real street photos: decoding and normalisation are right.

TFLite runtimes differ in a few last bits, so quality has room below what was measured here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import load_card
from edge_agent.inference.objects import Detector, open_detector
from edge_agent.inference.options import ObjectOptions
from edge_agent.inference.runtime import Network
from tests.inference.pictures import frame_of, model_folder

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = Box(0.0, 0.0, 1.0, 1.0)
LABELS = tuple(Label)
PICTURES = 40
FAMILIES = ("nanodet", "fastestdet", "yolox")


@pytest.fixture(scope="session")
def street_photos(shared_data: Path) -> list[tuple[np.ndarray, list[tuple[Label, Box]]]]:
    """Return every fourth test photo with what people saw in it."""
    folder = shared_data / "det" / "idn_tidar" / "test"
    if not folder.is_dir():
        pytest.skip("../shared/data/det/idn_tidar is not beside this checkout")
    photos = []
    for file in sorted((folder / "images").iterdir())[:: 157 // PICTURES][:PICTURES]:
        lines = (folder / "labels_rider_merged" / f"{file.stem}.txt").read_text().splitlines()
        photos.append((cv2.imread(str(file)), [truth(line) for line in lines if line.strip()]))
    return photos


def truth(line: str) -> tuple[Label, Box]:
    number, *sides = line.split()
    x, y, width, height = map(float, sides[:4])
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return LABELS[int(number)], box


def is_seen(label: Label, box: Box, sightings: list[Sighting]) -> bool:
    return any(
        sighting.label is label and sighting.box.overlap(box) >= 0.5 for sighting in sightings
    )


# Recall and precision over all five labels at the card's score, riders merged. Measured with
# ai-edge-litert 2.3: .60/.62, .64/.43, .66/.76.
@pytest.mark.parametrize(
    ("family", "recall", "precision"),
    [("nanodet", 0.54, 0.55), ("fastestdet", 0.57, 0.37), ("yolox", 0.60, 0.69)],
)
def test_a_real_model_finds_what_people_saw(
    family: str,
    recall: float,
    precision: float,
    *,
    models_folder: Path,
    tmp_path: Path,
    street_photos: list[tuple[np.ndarray, list[tuple[Label, Box]]]],
) -> None:
    detector = open_detector(
        ObjectOptions(model=str(model_folder(family, models_folder, tmp_path)))
    )
    seen = wanted = right = told = 0

    for picture, truths in street_photos:
        sightings = detector.look(frame_of(picture), [WHOLE])
        wanted += len(truths)
        seen += sum(is_seen(label, box, sightings) for label, box in truths)
        told += len(sightings)
        right += sum(
            any(s.label is label and s.box.overlap(box) >= 0.5 for label, box in truths)
            for s in sightings
        )

    assert seen / wanted >= recall
    assert right / told >= precision


@pytest.mark.parametrize("family", FAMILIES)
def test_a_crop_at_native_size_says_the_same_as_the_whole_picture(
    family: str,
    models_folder: Path,
    tmp_path: Path,
    street_photos: list[tuple[np.ndarray, list[tuple[Label, Box]]]],
) -> None:
    card = load_card(model_folder(family, models_folder, tmp_path))
    detector = Detector(card, Network(card.weights))
    picture, _ = street_photos[0]
    side = card.width_px
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    wide = np.full((side, 2 * side, 3), 114, np.uint8)
    wide[:, side:] = small

    alone = detector.look(frame_of(small), [WHOLE])
    beside = detector.look(frame_of(wide), [Box(0.5, 0.0, 1.0, 1.0)])

    assert alone
    assert [sighting.label for sighting in alone] == [sighting.label for sighting in beside]
    for one, other in zip(alone, beside, strict=True):
        moved = Box(0.5 + one.box.left / 2, one.box.top, 0.5 + one.box.right / 2, one.box.bottom)
        assert moved.overlap(other.box) > 0.9


def test_a_card_of_another_family_does_not_fit(models_folder: Path, tmp_path: Path) -> None:
    folder = model_folder("nanodet", models_folder, tmp_path)
    file = folder / "model.toml"
    file.write_text(file.read_text().replace('decoding = "nanodet"', 'decoding = "ltrb"'))

    with pytest.raises(EdgeAgentError, match='cannot be read as "ltrb"'):
        open_detector(ObjectOptions(model=str(folder)))
