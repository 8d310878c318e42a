"""The one set that marks rubbish: heaps are garbage, bins are not, and of full bins nobody knows.

A quarter of its pictures teaches nothing and judges: with 167 heaps in all, a tenth would say little.
"""

from pathlib import Path

import numpy as np

from training.objects.boxes import Floats, Ints
from training.objects.detections import Detections
from training.objects.examples import read_picture
from training.objects.labels import GARBAGE, Truth, combined, read_labels
from training.objects.split import SOURCES, apart

NAME = "garbage"
# As the set numbers what its people marked; 1 is a bin that shuts.
HEAP, FULL_BIN = 0, 2


def truth(boxes: Floats, labels: Ints, opinion: Detections) -> Truth:
    """Return what a picture of the set teaches, with the teachers' opinion on everything else."""
    heap, full = labels == HEAP, labels == FULL_BIN
    known = frozenset({GARBAGE})
    sure = combined(boxes[heap], np.full(heap.sum(), GARBAGE), known, opinion)
    return Truth(
        np.concatenate([sure.boxes, boxes[full]]),
        np.concatenate([sure.labels, np.full(full.sum(), GARBAGE)]),
        np.concatenate([sure.weights, np.zeros(full.sum(), np.float32)]),
        sure.trust,
    )


def judges(data: Path) -> list[Path]:
    """Return those of the set's pictures that are kept from training."""
    files = sorted((data / NAME / "images").iterdir())
    kept = apart([read_picture(file) for file in files], SOURCES[NAME])
    return [file for file, is_kept in zip(files, kept, strict=True) if is_kept]


def heaps(file: Path, width_px: int, height_px: int) -> tuple[Floats, Ints]:
    """Return what is garbage in one of the set's pictures: boxes in pixels, and its label for each.

    A box on a full bin is then a wrong one: who judges is strict.
    """
    note = file.parents[1] / "labels" / f"{file.stem}.txt"
    boxes, labels = read_labels(note, width_px, height_px)
    heap = labels == HEAP
    return boxes[heap], np.full(heap.sum(), GARBAGE)
