"""How good a detector file is, beside its rivals, on pictures nobody trained on.

The same pictures, decoder rules and precision for all. COCO's models count a rider as a person, so
their answers are scored as they are and once more with riders joined, and the better one is told.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.objects import rubbish
from training.objects.boxes import Floats, Ints, Pixels, letterbox
from training.objects.corpus import PHOTOS
from training.objects.detections import Detections, decode_street, from_scores
from training.objects.detector import Detector
from training.objects.examples import Example, read_picture
from training.objects.export import float_network
from training.objects.labels import GARBAGE, Truth, merge_riders, read_labels
from training.objects.precision import Tally, judge
from training.objects.recipe import LABELS
from training.objects.split import SOURCES


@dataclass(frozen=True, slots=True)
class Exam:
    """Pictures with true boxes, and the labels that its people really marked."""

    name: str
    pictures: list[Pixels]
    truth: list[tuple[Floats, Ints]]
    labelled: tuple[int, ...]


# Folder, label folder, labels that were marked there. Not coco_persons: its label files hold boxes
# of the whole picture, and no detector, however good, scores above 0.02 on them.
EXAMS = {
    "idn_tidar/test": ("labels_rider_merged", (0, 1, 2, 3, 4)),
    "atl_cctv/test": ("labels", (1, 2, 3, 4)),
    # Shows what is forgotten, and so chooses what is kept; nothing is trained on it.
    "coco_tiny/test": ("labels_rider_merged", (0, 1, 2, 3, 4)),
    # Nobody here may train on coco_tiny at all, so that its train split is one more exam; half of
    # both are of the pictures that COCO's models learned from, NanoDet-m among them.
    "coco_tiny/train": ("labels_rider_merged", (0, 1, 2, 3, 4)),
    "openimages/test": ("labels", (1, 2, 3, 4)),
}
CHOOSES = "coco_tiny/test"
RUBBISH = "garbage/held out"


def exam(data: Path, name: str) -> Exam:
    """Read one set for judging."""
    notes, labelled = EXAMS[name]
    folder = data / "det" / name
    files = sorted((folder / "images").iterdir())
    pictures = [read_picture(file) for file in files]
    truth = [
        read_labels(folder / notes / f"{file.stem}.txt", one.shape[1], one.shape[0])
        for file, one in zip(files, pictures, strict=True)
    ]
    return Exam(name, pictures, truth, labelled)


def rubbish_exam(data: Path) -> Exam:
    """Read those pictures with and without rubbish that are kept from training."""
    files = rubbish.judges(data)
    pictures = [read_picture(file) for file in files]
    truth = [
        rubbish.heaps(file, one.shape[1], one.shape[0])
        for file, one in zip(files, pictures, strict=True)
    ]
    return Exam(RUBBISH, pictures, truth, (GARBAGE,))


def held_out_exams(examples: list[Example], kept: np.ndarray) -> list[Exam]:
    """Return exams of training pictures that were kept from training: to choose by, not to publish."""
    chosen = [one for one, aside in zip(examples, kept, strict=True) if aside]
    labelled = {one.name: tuple(sorted(one.labelled)) for one in PHOTOS}
    exams = []
    for source in SOURCES:
        mine = [one for one in chosen if one.source == source]
        truth = [_certain(one.truth) for one in mine]
        exams.append(Exam(source, [one.pixels for one in mine], truth, labelled[source]))
    return exams


def _certain(truth: Truth) -> tuple[Floats, Ints]:
    sure = truth.weights > 0
    return truth.boxes[sure], truth.labels[sure]


def sit(one: Exam, see: Callable[[Pixels], Detections]) -> list[Tally]:
    """Show all pictures of the exam to a detector."""
    return judge(one.truth, [see(picture) for picture in one.pictures], len(LABELS))


def sit_with_riders(one: Exam, see: Callable[[Pixels], Detections]) -> list[Tally]:
    """Let a COCO detector keep, label by label, the better of its two ways with riders."""
    seen = [see(picture) for picture in one.pictures]
    plain = judge(one.truth, seen, len(LABELS))
    merged = judge(one.truth, [merge_riders(found) for found in seen], len(LABELS))
    pairs = zip(plain, merged, strict=True)
    return [max(pair, key=lambda tally: tally.average_precision()) for pair in pairs]


def precisions(one: Exam, tallies: list[Tally]) -> dict[str, float]:
    """Average precision of each marked label that occurs, and their mean."""
    found = {LABELS[n]: tallies[n].average_precision() for n in one.labelled if tallies[n].present}
    return found | {"mean": float(np.mean(list(found.values())))}


def line(one: Exam, tallies: list[Tally]) -> str:
    """Write the marks of one exam in one line."""
    found = precisions(one, tallies)
    return f"{one.name} " + " ".join(f"{name} {value:.3f}" for name, value in found.items())


def float_seer(weights: list[np.ndarray], side_px: int = 320) -> Callable[[Pixels], Detections]:
    """Return a detector made of float weights, to compare with its int8 file."""
    model = float_network(weights, side_px)
    run = tf.function(lambda x: model(x, training=False))

    def see(picture: Pixels) -> Detections:
        canvas, scale = letterbox(picture, side_px, side_px)
        maps = [one.numpy()[0] for one in run(tf.constant(canvas[None] / np.float32(255)))]
        boxes, scores = decode_street(maps, side_px)
        height, width = picture.shape[:2]
        boxes = np.clip(boxes / scale, 0, [width, height, width, height]).astype(np.float32)
        return from_scores(boxes, scores, 0.01, 0.5)

    return see


def milliseconds(detector: Detector, rounds: int = 200) -> float:
    """CPU time of one inference on one thread, the median of many."""
    side = detector.side_px
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    tensor = detector.prepared(noise)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        detector.run(tensor)
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))
