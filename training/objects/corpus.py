"""All the pictures we may train on, decoded once, with their truth.

Which sets are here, and what each one's labellers left out, is the licence and the honesty of the
model; openimages, coco_tiny and coco_persons are for judging only and must never appear.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.objects import rubbish
from training.objects.boxes import Floats, Ints, Pixels
from training.objects.detections import Detections
from training.objects.examples import Example, read_picture
from training.objects.fixtures import without_fixtures
from training.objects.labels import (
    GARBAGE,
    PERSON,
    RIDDEN_SCORE,
    TWO_WHEELER,
    Truth,
    combined,
    merge_riders,
    read_labels,
    taught,
)
from training.objects.recipe import LABELS
from training.objects.teachers import Teachers

log = logging.getLogger(__name__)

# A teacher this sure of a person on a bare machine makes it a ridden one.
RIDER_SCORE = 0.4
# Of those who take part in traffic; rubbish is marked in one set alone.
TRAFFIC = frozenset(range(len(LABELS))) - {GARBAGE}
VEHICLES = TRAFFIC - {PERSON}


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """A set of labelled photos: where it is, and which labels its people used."""

    name: str
    folders: tuple[str, ...]
    labelled: frozenset[int]
    # How often a picture is drawn, against the others together.
    share: float
    labels: str = "labels"


PHOTOS = (
    PhotoSet("idn_tidar", ("det/idn_tidar/train",), TRAFFIC, 0.42, "labels_rider_merged"),
    # Its test pictures are of the same drive, so they judge nothing; better to learn from them.
    PhotoSet("ktm_dashcam", ("det/ktm_dashcam/train", "det/ktm_dashcam/test"), TRAFFIC, 0.07),
    # Most of our people; with a share of 0.08 a third of them was still missed after 138 passes.
    PhotoSet("capston_person", ("det/capston_person/train",), frozenset({PERSON}), 0.14),
    PhotoSet("atl_cctv", ("det/atl_cctv/train",), VEHICLES, 0.08),
    PhotoSet("vehicles_closeup", ("det/vehicles_closeup/train",), VEHICLES, 0.06),
    # Streets with rubbish: its people marked heaps and bins, the teachers say the rest.
    PhotoSet(rubbish.NAME, (rubbish.NAME,), frozenset({GARBAGE}), 0.12),
)


@dataclass(frozen=True, slots=True)
class Clip:
    """A fixed camera's clip, of which every so-many-th frame is taught by the teachers."""

    file: str
    every: int
    share: float
    # Nobody stays here, so that whatever stays is no person.
    passing: bool = False


CLIPS = (
    Clip("vtest.avi", 4, 0.08, passing=True),
    Clip("intel_one-by-one-person.mp4", 14, 0.01),
    Clip("intel_car-detection.mp4", 8, 0.01),
    Clip("intel_person-bicycle-car.gif", 3, 0.01),
    Clip("google_traffic_frames.mp4", 2, 0.01),
    # Crowds: every box counts alike in the loss, so a few pictures of these outweigh many photos.
    Clip("persontracker_cctv.mp4", 5, 0.015),
    Clip("persontracker_people.mp4", 4, 0.015),
    Clip("bgslib_video.avi", 12, 0.01, passing=True),
    Clip("bgslib_video02.avi", 20, 0.01, passing=True),
)


def gather(data: Path, vtest: Path, teachers: Teachers) -> Iterator[Example]:
    """Decode and teach every picture of every set."""
    for photos in PHOTOS:
        yield from _counted(photos.name, _photos(data, photos, teachers))
    for clip in CLIPS:
        file = vtest if clip.file == vtest.name else data / "clips" / clip.file
        if not file.is_file():
            log.warning("%s is absent, going on without it", file.name)
            continue
        yield from _counted(clip.file, _clip(file, clip, teachers))


def _counted(name: str, examples: Iterator[Example]) -> Iterator[Example]:
    count = 0
    for example in examples:
        count += 1
        yield example
    log.info("%s: %d pictures", name, count)


def _clip(file: Path, clip: Clip, teachers: Teachers) -> Iterator[Example]:
    pictures = list(frames(file, clip.every))
    truths = [taught(teachers.frame(pixels)) for pixels in pictures]
    if clip.passing:
        truths = without_fixtures(truths)
    for pixels, truth in zip(pictures, truths, strict=True):
        yield Example(pixels, truth, clip.file)


def _photos(root: Path, photos: PhotoSet, teachers: Teachers) -> Iterator[Example]:
    for folder in photos.folders:
        for file in sorted((root / folder / "images").iterdir()):
            pixels = read_picture(file)
            height, width = pixels.shape[:2]
            opinion = teachers.photo(pixels)
            note = root / folder / photos.labels / f"{file.stem}.txt"
            boxes, labels = read_labels(note, width, height)
            yield Example(pixels, _truth(photos, boxes, labels, opinion), photos.name)


def _truth(photos: PhotoSet, boxes: Floats, labels: Ints, opinion: Detections) -> Truth:
    if GARBAGE in photos.labelled:
        return rubbish.truth(boxes, labels, opinion)
    if TWO_WHEELER not in photos.labelled:
        people, opinion = without_riders(boxes, opinion)
        return combined(people, np.full(len(people), PERSON), photos.labelled, opinion)
    if photos.name == "vehicles_closeup":
        boxes = with_riders(boxes, labels, opinion)
    return combined(boxes, labels, photos.labelled, opinion)


def without_riders(people: Floats, opinion: Detections) -> tuple[Floats, Detections]:
    """Give labelled people who ride to the two-wheelers that the teachers see under them."""
    machine = (opinion.labels == TWO_WHEELER) & (opinion.scores >= RIDDEN_SCORE)
    machines = opinion.chosen(machine)
    both = Detections(
        np.concatenate([people, machines.boxes]),
        np.concatenate([np.ones(len(people), np.float32), machines.scores]),
        np.concatenate([np.full(len(people), PERSON), machines.labels]),
    )
    merged = merge_riders(both)
    walking = merged.labels == PERSON
    grown = merged.chosen(~walking)
    rest = opinion.chosen(~machine)
    joined = Detections(
        np.concatenate([grown.boxes, rest.boxes]),
        np.concatenate([grown.scores, rest.scores]),
        np.concatenate([grown.labels, rest.labels]),
    )
    return merged.boxes[walking], joined.chosen(np.argsort(-joined.scores, kind="stable"))


def with_riders(boxes: Floats, labels: Ints, opinion: Detections) -> Floats:
    """Grow labelled bare machines around the riders that the teachers see on them."""
    people = opinion.chosen((opinion.labels == 0) & (opinion.scores >= RIDER_SCORE))
    both = Detections(
        np.concatenate([boxes, people.boxes]),
        np.concatenate([np.ones(len(boxes), np.float32), people.scores]),
        np.concatenate([labels, people.labels]),
    )
    return merge_riders(both).boxes[: len(boxes)]


def frames(file: Path, every: int, first: int = 0) -> Iterator[Pixels]:
    """Decode every so-many-th frame of a clip to RGB."""
    video = cv2.VideoCapture(str(file))
    index = 0
    while True:
        ok, frame = video.read()
        if not ok:
            return
        if index % every == first:
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
        index += 1
