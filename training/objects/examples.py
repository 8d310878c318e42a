"""Pictures in memory with what is true of them, and the one file that keeps them between runs."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.objects.boxes import Pixels
from training.objects.labels import Truth
from training.objects.recipe import TrainingError


@dataclass(frozen=True, slots=True)
class Example:
    """One decoded picture (RGB) and what is true of it."""

    pixels: Pixels
    truth: Truth
    source: str


def read_picture(file: Path) -> Pixels:
    """Decode a picture file to RGB."""
    decoded = cv2.imread(str(file))
    if decoded is None:
        raise TrainingError(f"{file} is not a picture", "fetch the data again")
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def save(examples: list[Example], file: Path) -> None:
    """Write all examples as plain arrays: no pickles, one file."""
    truths = [one.truth for one in examples]
    partial = file.with_name("partial.npz")
    np.savez(
        partial,
        pixels=np.concatenate([one.pixels.ravel() for one in examples]),
        shapes=np.asarray([one.pixels.shape for one in examples]),
        counts=np.asarray([len(one.boxes) for one in truths]),
        boxes=np.concatenate([one.boxes for one in truths]),
        labels=np.concatenate([one.labels for one in truths]),
        weights=np.concatenate([one.weights for one in truths]),
        trust=np.stack([one.trust for one in truths]),
        sources=np.asarray([one.source for one in examples]),
    )
    partial.replace(file)


def load(file: Path) -> list[Example]:
    """Read back what `save` wrote."""
    with np.load(file) as stored:
        names = ("pixels", "shapes", "counts", "boxes", "labels", "weights", "trust", "sources")
        pixels, shapes, counts, boxes, labels, weights, trust, sources = (stored[n] for n in names)
    starts = np.concatenate([[0], np.cumsum(shapes.prod(1))])
    rows = np.concatenate([[0], np.cumsum(counts)])
    examples = []
    for index, shape in enumerate(shapes):
        own = slice(rows[index], rows[index + 1])
        examples.append(
            Example(
                pixels[starts[index] : starts[index + 1]].reshape(shape),
                Truth(boxes[own], labels[own], weights[own], trust[index]),
                str(sources[index]),
            )
        )
    return examples
