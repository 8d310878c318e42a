"""The photos that judge the models, and what people said is in them.

Our training may not see them: `coco_tiny` and `openimages` never train anything here, of the other
sets only the train split does. But half of `coco_tiny` is of the pictures that made COCO's models, and
so NanoDet-m, whose weights ours began with. What people left unlabelled is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Label
from tests.inference.pictures import frame_of
from tools import debian
from training.objects import rubbish
from training.objects.boxes import Floats, Ints, Pixels
from training.objects.labels import read_labels
from training.objects.recipe import LABELS

DATA = debian.REPOSITORY.parent / "shared" / "data"
# Who takes part in traffic; rubbish is marked in one set alone.
TRAFFIC = tuple(label for label in Label if label is not Label.GARBAGE)
_VEHICLES = tuple(label for label in TRAFFIC if label is not Label.PERSON)


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One picture as a camera's decoder would hand it over, and the true boxes in its pixels."""

    file: Path
    frame: Frame
    boxes: Floats
    # Places in LABELS.
    labels: Ints

    @property
    def pixels(self) -> Pixels:
        """The picture in BGR."""
        return _read(self.file)


@dataclass(frozen=True, slots=True)
class Exam:
    """One set: its photos and the labels that its people marked."""

    name: str
    what: str
    photos: tuple[Photo, ...]
    labelled: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class _Set:
    what: str
    notes: str
    labelled: tuple[Label, ...]


STREET, OVERHEAD = "idn_tidar/test", "atl_cctv/test"
RUBBISH = "garbage/held out"
# Not coco_persons: its label files hold boxes of the whole picture, on which nobody scores.
_SETS = {
    STREET: _Set("Indonesian street photos at eye level", "labels_rider_merged", TRAFFIC),
    OVERHEAD: _Set("overhead traffic cameras, day and night", "labels", _VEHICLES),
    "coco_tiny/test": _Set("photos of anything", "labels_rider_merged", TRAFFIC),
    "coco_tiny/train": _Set("photos of anything, the larger part", "labels_rider_merged", TRAFFIC),
    "openimages/test": _Set("photos, mostly of one large vehicle", "labels", _VEHICLES),
}
# Whose pictures may be shown to everybody, and who made them.
CREDITS = {
    STREET: "idn_tidar test pictures, CC BY 4.0",
    OVERHEAD: "atl_cctv test pictures, CC BY 4.0",
}


def exams() -> list[Exam]:
    """Read all sets; about 130 MB."""
    return [*(_exam(name, one) for name, one in _SETS.items()), _rubbish()]


def is_here() -> bool:
    """Tell whether the public data lies beside this checkout."""
    folders = [DATA / rubbish.NAME, *(DATA / "det" / name for name in _SETS)]
    return all((folder / "images").is_dir() for folder in folders)


def _exam(name: str, one: _Set) -> Exam:
    folder = DATA / "det" / name
    files = sorted((folder / "images").iterdir())
    photos = tuple(_photo(file, folder / one.notes / f"{file.stem}.txt") for file in files)
    return Exam(name, one.what, photos, one.labelled)


def _rubbish() -> Exam:
    photos = []
    for file in rubbish.judges(DATA):
        frame = frame_of(_read(file))
        boxes, labels = rubbish.heaps(file, frame.width_px, frame.height_px)
        photos.append(Photo(file, frame, boxes, labels))
    what = "streets with bins, full bins and heaps of rubbish"
    return Exam(RUBBISH, what, tuple(photos), (Label.GARBAGE,))


def _photo(file: Path, note: Path) -> Photo:
    pixels = _read(file)
    height_px, width_px = pixels.shape[:2]
    boxes, labels = read_labels(note, width_px, height_px)
    return Photo(file, frame_of(pixels), boxes, labels)


def _read(file: Path) -> Pixels:
    return np.asarray(cv2.imread(str(file)), np.uint8)


# The labels' numbers in the files are places in both tuples.
assert tuple(Label) == LABELS  # noqa: S101 (two lists of the same words)
