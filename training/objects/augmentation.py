"""What a camera, the weather and our own cropping could have done to a picture.

A view is a rectangle of a picture brought to a given size; a sample is one view or a mosaic of
four. Boxes that a view cuts to a rest are neither object nor background: they get weight 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from training.objects import weather
from training.objects.boxes import Floats, Ints, Pixels, area
from training.objects.examples import Example
from training.objects.paste import PASTED, Cutout, paste
from training.objects.recipe import GREY, LABELS

# A box of which less than this is left cannot be recognised.
VISIBLE = 0.4
# Below this many pixels after resizing nobody could tell what it is.
SMALLEST_PX = 5.0
# Wide pictures come from cameras: the agent cuts square crops of these sides out of them.
CAMERA_WIDTH_PX = 400
CROP_PX = (150.0, 640.0)
# Photos of few pixels are the whole scene: vary their scale around the full view.
PHOTO_SCALE = (0.7, 1.7)
# Now and then very near: what fills the picture, what is cut by its edge, and plain background.
NEAR_SCALE = (1.7, 3.5)
# And now and then from so far that a person of the usual photo is twelve pixels tall.
FAR_SCALE = (0.25, 0.7)
COARSEST = 32
# How often each happens.
MIRRORED, VIVID, GREYED, COARSE, BLURRED, NOISY, PACKED = 0.5, 0.5, 0.08, 0.12, 0.1, 0.15, 0.15
# A camera's frame is cropped this often, and mostly near an object, as motion would have it.
CROPPED, NEAR_OBJECT = 0.8, 0.85
NEAR, FAR = 0.2, 0.08
# By night the camera turns its gain up this often.
GRAINY_NIGHT = 0.7
# Under this scale a plain warp aliases.
ALIASING = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture ready for the network, and what it should answer."""

    pixels: Pixels
    boxes: Floats
    labels: Ints
    weights: Floats
    # One row of trust per cell of the coarsest stride.
    trust: Floats


class Augmenter:
    """Draws samples; the same generator state gives the same samples."""

    def __init__(
        self, random: np.random.Generator, noise: np.ndarray, bank: Sequence[Cutout] = ()
    ) -> None:
        self.random = random
        self.noise = noise
        self.bank = bank

    def single(self, example: Example, side_px: int) -> Sample:
        """One view of one picture."""
        return self._finished(self.view(example, side_px, side_px))

    def mosaic(self, examples: list[Example], side_px: int) -> Sample:
        """Four views that meet at a point; the point lies on the coarsest grid."""
        cells = side_px // COARSEST
        x, y = (int(self.random.integers(cells // 3, cells - cells // 3 + 1)) for _ in "xy")
        pixels = np.empty((side_px, side_px, 3), np.uint8)
        trust = np.empty((cells, cells, len(LABELS)), np.float32)
        columns = (slice(0, x), slice(x, cells))
        rows = (slice(0, y), slice(y, cells))
        places = [(row, column) for row in rows for column in columns]
        parts = []
        for example, (row, column) in zip(examples, places, strict=True):
            width, height = ((one.stop - one.start) * COARSEST for one in (column, row))
            part = self.view(example, width, height)
            left, top = column.start * COARSEST, row.start * COARSEST
            pixels[top : top + height, left : left + width] = part.pixels
            trust[row, column] = part.trust
            parts.append((part.boxes + np.asarray([left, top] * 2, np.float32), part))
        joined = Sample(
            pixels,
            np.concatenate([boxes for boxes, _ in parts]),
            np.concatenate([part.labels for _, part in parts]),
            np.concatenate([part.weights for _, part in parts]),
            trust,
        )
        return self._finished(joined)

    def view(self, example: Example, width_px: int, height_px: int) -> Sample:
        """Look at a random part of the picture, perhaps mirrored."""
        scale, centre = self._aim(example, width_px, height_px)
        stretch = np.exp(self.random.normal(0, 0.08))
        across = scale * stretch * (-1 if self.random.random() < MIRRORED else 1)
        matrix = np.asarray(
            [
                [across, 0, width_px / 2 - across * centre[0]],
                [0, scale / stretch, height_px / 2 - scale / stretch * centre[1]],
            ]
        )
        pixels = _warped(example.pixels, matrix, (width_px, height_px))
        boxes, weights = _moved(example, matrix, (width_px, height_px))
        kept = boxes[:, 2] > 0
        cells = (height_px // COARSEST, width_px // COARSEST, len(LABELS))
        trust = np.broadcast_to(example.truth.trust, cells)
        labels = example.truth.labels[kept]
        return Sample(np.asarray(pixels, np.uint8), boxes[kept], labels, weights[kept], trust)

    def weathered(self, pixels: Pixels) -> Pixels:
        """Change light and colour always; night, rain, blur, noise and compression now and then."""
        chance = self.random.random(9)
        pixels = self._light(pixels)
        dark = chance[5] < weather.NIGHT
        if dark:
            pixels = weather.night(pixels, self.random)
        if chance[0] < GREYED:
            pixels = _greyed(pixels)
        if chance[6] < weather.MOVED:
            pixels = weather.moved(pixels, self.random)
        if chance[7] < weather.RAIN:
            pixels = weather.rain(pixels, self.random, self.noise)
        return self._recorded(pixels, chance, grainy=dark and chance[8] < GRAINY_NIGHT)

    def _recorded(self, pixels: Pixels, chance: Floats, *, grainy: bool) -> Pixels:
        """Do what lens, sensor and codec do."""
        if chance[1] < COARSE:
            pixels = self._coarse(pixels)
        if chance[2] < BLURRED:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (3, 3), 0), np.uint8)
        if grainy or chance[3] < NOISY:
            pixels = self._noisy(pixels)
        if chance[4] < PACKED:
            pixels = self._packed(pixels)
        return pixels

    def _finished(self, sample: Sample) -> Sample:
        if self.bank and self.random.random() < PASTED:
            more = paste(sample.pixels, sample.boxes, self.bank, self.random)
            sample = replace(
                sample,
                pixels=more.pixels,
                boxes=np.concatenate([sample.boxes, more.boxes]),
                labels=np.concatenate([sample.labels, np.asarray(more.labels, np.int64)]),
                weights=np.concatenate([sample.weights, np.ones(len(more.boxes), np.float32)]),
            )
        return replace(sample, pixels=self.weathered(sample.pixels))

    def _aim(self, example: Example, width_px: int, height_px: int) -> tuple[float, Floats]:
        height, width = example.pixels.shape[:2]
        size = np.asarray([width, height], np.float64)
        if width > CAMERA_WIDTH_PX and self.random.random() < CROPPED:
            low, high = np.log(CROP_PX[0]), np.log(min(CROP_PX[1], 1.1 * min(size)))
            side = np.exp(self.random.uniform(low, high))
            return max(width_px, height_px) / side, self._interesting(example, side)
        whole = min(width_px / width, height_px / height)
        chance = self.random.random()
        reach = NEAR_SCALE if chance < NEAR else FAR_SCALE if chance > 1 - FAR else PHOTO_SCALE
        scale = whole * np.exp(self.random.uniform(*np.log(reach)))
        slack = (size - np.asarray([width_px, height_px]) / scale) / 2
        return scale, size / 2 + slack * self.random.uniform(-1, 1, 2)

    def _interesting(self, example: Example, side: float) -> Floats:
        """Centre a crop near an object, as motion would; sometimes anywhere."""
        height, width = example.pixels.shape[:2]
        near = example.truth.boxes[example.truth.weights > 0]
        if len(near) and self.random.random() < NEAR_OBJECT:
            box = near[self.random.integers(len(near))]
            centre = (box[:2] + box[2:]) / 2 + self.random.uniform(-0.4, 0.4, 2) * side
        else:
            centre = self.random.uniform(0, 1, 2) * (width, height)
        # The agent keeps its crops inside the frame.
        half = np.minimum(side / 2, np.asarray([width, height]) / 2)
        return np.asarray(np.clip(centre, half, np.asarray([width, height]) - half))

    def _light(self, pixels: Pixels) -> Pixels:
        gain = np.exp(self.random.normal(0, 0.15)) * np.exp(self.random.normal(0, 0.08, 3))
        shift = self.random.normal(0, 12)
        power = np.exp(self.random.normal(0, 0.15))
        ramp = 255 * (np.arange(256) / 255) ** power
        table = np.clip(ramp[:, None] * gain + shift, 0, 255).astype(np.uint8)
        lit = cv2.LUT(pixels, np.ascontiguousarray(table[None]))
        if self.random.random() < VIVID:
            grey = _greyed(np.asarray(lit, np.uint8))
            vivid = self.random.uniform(0.4, 1.5)
            lit = cv2.addWeighted(lit, vivid, grey, 1 - vivid, 0)
        return np.asarray(lit, np.uint8)

    def _coarse(self, pixels: Pixels) -> Pixels:
        side = pixels.shape[0]
        small = int(side * self.random.uniform(0.4, 0.8))
        shrunk = cv2.resize(pixels, (small, small), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(shrunk, (side, side)), np.uint8)

    def _packed(self, pixels: Pixels) -> Pixels:
        quality = int(self.random.integers(25, 80))
        packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)

    def _noisy(self, pixels: Pixels) -> Pixels:
        side = pixels.shape[0]
        y, x = self.random.integers(0, self.noise.shape[0] - side, 2)
        strength = self.random.uniform(2, 14)
        patch = self.noise[y : y + side, x : x + side]
        return np.asarray(cv2.add(pixels, patch * strength, dtype=cv2.CV_8U), np.uint8)


def _greyed(pixels: Pixels) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def noise_bank(seed: int) -> np.ndarray:
    """Return normal noise to cut patches from: drawing it anew costs more than the network."""
    return np.random.default_rng(seed).standard_normal((480, 480, 3)).astype(np.float32)


def _warped(pixels: Pixels, matrix: np.ndarray, size: tuple[int, int]) -> Pixels:
    if abs(matrix[0, 0]) < ALIASING:
        # Averaging a much too large picture first keeps the warp from aliasing.
        pixels = np.asarray(cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        matrix = matrix * np.asarray([2.0, 2.0, 1.0])
    grey = (GREY, GREY, GREY)
    return np.asarray(
        cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=grey)
    )


def _moved(example: Example, matrix: np.ndarray, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Boxes and weights in the view; boxes that left it have a right edge of 0."""
    ends = example.truth.boxes * np.asarray([matrix[0, 0], matrix[1, 1]] * 2)
    ends = ends + np.asarray([matrix[0, 2], matrix[1, 2]] * 2)
    whole = np.concatenate(
        [np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])], 1
    )
    seen = np.clip(whole, 0, np.asarray([*size, *size]))
    left = area(seen) / np.maximum(area(whole), 1e-6)
    sides = (seen[:, 2:] - seen[:, :2]).min(1, initial=np.inf)
    weights = np.where((left >= VISIBLE) & (sides >= SMALLEST_PX), example.truth.weights, 0.0)
    seen[sides < 1.0] = 0.0
    return seen.astype(np.float32), weights.astype(np.float32)
