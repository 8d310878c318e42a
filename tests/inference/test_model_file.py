from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import MODELS, find_card, load_card

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = b"not really a network"
CARD = f"""
name = "street"
version = "1.0.0"
file = "street.tflite"
sha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"
licence = "Apache-2.0"
made_by = "edge-agent"
made_from = ["idn_tidar (CC BY 4.0)"]

[input]
width_px = 320
height_px = 256
channels = "rgb"
mean = [0, 0, 0]
scale = [255, 255, 255.0]

[output]
decoding = "ltrb"
strides = [8, 16, 32]

[labels]
names = ["person", "two_wheeler", "", "bus"]

[thresholds]
score = 0.35
nms_iou = 0.5

[thresholds.labels]
person = 0.4

[quality]
mean_ap50 = 0.43

[quality.idn_tidar]
person = 0.31
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.toml").write_text(CARD)
    (tmp_path / "street.tflite").write_bytes(WEIGHTS)
    return tmp_path


def write(folder: Path, *changes: tuple[str, str]) -> None:
    text = CARD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "model.toml").write_text(text)


def problem(folder: Path) -> str:
    with pytest.raises(EdgeAgentError) as caught:
        load_card(folder)
    assert caught.value.hint
    return caught.value.what


def test_a_card_says_all_that_inference_needs(folder: Path) -> None:
    card = load_card(folder)

    assert (card.name, card.version, card.decoding) == ("street", "1.0.0", "ltrb")
    assert (card.width_px, card.height_px, card.channels) == (320, 256, "rgb")
    assert (card.mean, card.scale) == ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
    assert card.strides == (8, 16, 32)
    assert card.labels == (Label.PERSON, Label.TWO_WHEELER, None, Label.BUS)
    assert (card.score, card.nms_iou, card.label_scores) == (0.35, 0.5, {Label.PERSON: 0.4})
    assert card.quality == {"mean_ap50": 0.43, "idn_tidar.person": 0.31}
    assert card.weights == folder / "street.tflite"


def test_all_problems_of_a_card_are_told_at_once(folder: Path) -> None:
    write(
        folder,
        ('name = "street"', 'nam = "street"'),
        ("width_px = 320", "width_px = 321"),
        ('"rgb"', '"rbg"'),
        ("[255, 255, 255.0]", "[255, 0, 255]"),
        ('"ltrb"', '"yolov8"'),
        ('"two_wheeler"', '"two_weeler"'),
        ("score = 0.35", "score = 35"),
        ("person = 0.4", "dog = 0.4"),
        ("mean_ap50 = 0.43", 'mean_ap50 = "good"'),
    )

    what = problem(folder)

    for line in (
        "name is missing",
        "nam is not a key of a model card; did you mean name?",
        "input.channels must be one of rgb, bgr, not 'rbg'",
        "input.scale must be 3 numbers, none of them 0, not [255, 0, 255]",
        "output.decoding must be one of ltrb, nanodet, fastestdet, yolox, ssd, not 'yolov8'",
        "output.strides must be distinct whole numbers that divide 321 and 256",
        'labels.names has "two_weeler", which is no label of ours; did you mean two_wheeler?',
        "thresholds.score must be a number between 0 and 1, not 35",
        "thresholds.labels.dog is not a key of a model card",
        "quality.mean_ap50 must be a number, not 'good'",
    ):
        assert f"- {line}" in what


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("width_px = 320", "width_px = true", "input.width_px must be a whole number"),
        ("nms_iou = 0.5", "nms_iou = nan", "thresholds.nms_iou must be a number between"),
        ("strides = [8, 16, 32]", "strides = [8, 8]", "output.strides must be distinct"),
        ("strides = [8, 16, 32]", "strides = []", "output.strides must be distinct"),
        ('"person", "two_wheeler", "", "bus"', '"", ""', "labels.names ignores every class"),
        ('["idn_tidar (CC BY 4.0)"]', '"photos"', "made_from must be a list of texts"),
        ('version = "1.0.0"', "version = 1", "version must be a text"),
        ('version = "1.0.0"', "", "version is missing"),
        ('version = "1.0.0"', r'version = "\u001b[31m1"', "version must be a text of one line"),
        ('["idn_tidar (CC BY 4.0)"]', r'["a\n✓ b"]', "made_from must be a list of texts of one"),
        ("mean_ap50 = 0.43", r'"a\u001b[2J" = 1', "must be a name of one line"),
        ("mean = [0, 0, 0]", "mean = [0, 0]", "input.mean must be 3 numbers"),
    ],
)
def test_a_wrong_value_is_named(folder: Path, old: str, new: str, line: str) -> None:
    write(folder, (old, new))

    assert line in problem(folder)


def test_a_missing_table_is_one_problem_and_not_five(folder: Path) -> None:
    start, end = CARD.index("[input]"), CARD.index("[output]")
    (folder / "model.toml").write_text(CARD[:start] + CARD[end:])

    what = problem(folder)

    assert "- input is missing" in what
    assert "input.width_px" not in what


def test_a_section_that_is_no_table_is_named(folder: Path) -> None:
    start, end = CARD.index("[labels]"), CARD.index("[thresholds]")
    (folder / "model.toml").write_text("labels = 5\n" + CARD[:start] + CARD[end:])

    assert "labels must be a table, [labels], not 5" in problem(folder)


def test_a_card_that_is_no_toml_is_named_with_its_line(folder: Path) -> None:
    (folder / "model.toml").write_text("name = \n")

    assert "is not TOML" in problem(folder)
    assert "line 1" in problem(folder)


def test_weights_that_are_not_there_are_named(folder: Path) -> None:
    (folder / "street.tflite").unlink()

    assert "street.tflite cannot be read: No such file" in problem(folder)


def test_other_weights_than_the_cards_are_refused(folder: Path) -> None:
    (folder / "street.tflite").write_bytes(WEIGHTS + b"!")

    assert "are not those the card describes" in problem(folder)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match=r"has no model\.toml"):
        find_card(str(tmp_path))


def test_a_folder_with_a_card_is_a_model(folder: Path) -> None:
    assert find_card(str(folder)) == folder


def test_a_name_means_a_model_that_we_ship() -> None:
    with pytest.raises(EdgeAgentError, match='no model called "streat"') as caught:
        find_card("streat")

    assert "choose one of" in caught.value.hint


@pytest.mark.skipif(not any(MODELS.glob("*/model.toml")), reason="no model is shipped yet")
def test_every_model_that_we_ship_has_a_true_card() -> None:
    for file in MODELS.glob("*/model.toml"):
        assert load_card(find_card(file.parent.name)).name == file.parent.name
