"""Small people and riders, cut out of one picture and laid on another.

Far persons are what a street camera is asked for, and what our photos have least of: half of the
labelled ones are taller than a sixth of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from training.objects.boxes import Floats, Pixels, overlap
from training.objects.examples import Example
from training.objects.labels import GARBAGE, PERSON, TWO_WHEELER

# How often a picture gets some, and how many at most.
PASTED, MOST = 0.2, 3
# Heights to which they shrink.
HEIGHT_PX = (12.0, 64.0)
# Lower ones are mud already; a cut-out is only ever made smaller.
SHARPEST_PX = 48
# A whole walker is this much taller than wide; less is seated, cut or two people.
UPRIGHT = (1.5, 4.0)
# More than this under another box, and the cut-out shows two things.
ALONE = 0.1
# Heaps of rubbish among the cut-outs, beside all others.
HEAPS = 0.2
TRIES = 6


@dataclass(frozen=True, slots=True)
class Cutout:
    """One thing alone in its box."""

    pixels: Pixels
    label: int


@dataclass(frozen=True, slots=True)
class Pasted:
    """A picture with more on it: the new boxes and their labels."""

    pixels: Pixels
    boxes: Floats
    labels: list[int]


def cutouts(examples: list[Example]) -> list[Cutout]:
    """Cut out whoever stands alone, upright and large enough, and is surely one."""
    found = []
    for example in examples:
        truth = example.truth
        pairs = overlap(truth.boxes, truth.boxes)
        np.fill_diagonal(pairs, 0.0)
        alone = pairs.max(1, initial=0.0) < ALONE
        for index in np.flatnonzero(alone & (truth.weights >= 1.0)):
            left, top, right, bottom = truth.boxes[index].round().astype(int)
            tallness = (bottom - top) / max(right - left, 1)
            label = int(truth.labels[index])
            upright = label == PERSON and _within(tallness, UPRIGHT)
            fits = upright or label in (TWO_WHEELER, GARBAGE)
            if fits and bottom - top >= SHARPEST_PX:
                cut = np.ascontiguousarray(example.pixels[top:bottom, left:right])
                found.append(Cutout(_at_most(cut, 2 * HEIGHT_PX[1]), label))
    return _with_more_heaps(found)


def _with_more_heaps(found: list[Cutout]) -> list[Cutout]:
    """Repeat the few heaps of rubbish until they are a fair part of what is pasted."""
    heaps = [one for one in found if one.label == GARBAGE]
    times = int(HEAPS * len(found) / len(heaps)) if heaps else 0
    return found + heaps * times


def paste(
    pixels: Pixels, boxes: Floats, bank: Sequence[Cutout], random: np.random.Generator
) -> Pasted:
    """Lay a few cut-outs where nothing labelled is."""
    pixels, taken = pixels.copy(), boxes
    new, labels = [], []
    for _ in range(int(random.integers(1, MOST + 1))):
        cutout = bank[int(random.integers(len(bank)))]
        height = min(np.exp(random.uniform(*np.log(HEIGHT_PX))), cutout.pixels.shape[0])
        scale = height / cutout.pixels.shape[0]
        size = [max(round(one * scale), 4) for one in cutout.pixels.shape[1::-1]]
        place = _free(pixels.shape[:2], size, taken, random)
        if place is None:
            continue
        _lay(pixels, cutout, place, random)
        new.append(place)
        labels.append(cutout.label)
        taken = np.concatenate([taken, place[None]])
    return Pasted(pixels, np.asarray(new, np.float32).reshape(-1, 4), labels)


def _free(
    shape: tuple[int, ...], size: list[int], taken: Floats, random: np.random.Generator
) -> Floats | None:
    for _ in range(TRIES):
        room = np.asarray([shape[1] - size[0], shape[0] - size[1]])
        if (room <= 0).any():
            return None
        corner = random.integers(0, room)
        place = np.asarray([*corner, *(corner + size)], np.float32)
        if not len(taken) or not overlap(place[None], taken).any():
            return place
    return None


def _lay(pixels: Pixels, cutout: Cutout, place: Floats, random: np.random.Generator) -> None:
    left, top, right, bottom = place.astype(int)
    small = cv2.resize(
        cutout.pixels, (right - left, bottom - top), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    if random.random() < 0.5:  # noqa: PLR2004 (as often from the left as from the right)
        small = small[:, ::-1]
    under = pixels[top:bottom, left:right].astype(np.float32)
    # Half of the way to the light of the place; whoever glows is found by the glow.
    small = small + random.uniform(0.0, 0.6) * (under.mean() - small.mean())
    alpha = _soft(right - left, bottom - top)
    mixed = small * alpha + under * (1 - alpha)
    pixels[top:bottom, left:right] = np.clip(mixed, 0, 255).astype(np.uint8)


def _soft(width_px: int, height_px: int) -> np.ndarray:
    """Between an ellipse and a box, with soft edges."""
    y, x = np.mgrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j]
    edge = (np.abs(x) ** 3 + np.abs(y) ** 3) ** (1 / 3)
    return np.clip((1.0 - edge) * 6, 0, 1).astype(np.float32)[..., None]


def _at_most(cut: Pixels, height_px: float) -> Pixels:
    scale = height_px / cut.shape[0]
    if scale >= 1:
        return cut
    return np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _within(value: float, span: tuple[float, float]) -> bool:
    return span[0] <= value <= span[1]
