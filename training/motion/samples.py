"""One sample: three planes as the agent makes them, and which cells hold a moving thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.motion.nuisances import MAKERS
from training.motion.world import (
    CELL_PX,
    FAR_PX,
    FASTEST,
    HEIGHT_PX,
    LARGEST_PX,
    SLOWEST,
    SMALLEST_PX,
    WIDTH_PX,
    Cutout,
    Mover,
    Plane,
    World,
)
from training.objects.examples import load

ROWS, COLUMNS = -(-HEIGHT_PX // CELL_PX), WIDTH_PX // CELL_PX
# Signed differences live around the middle grey of a byte.
MIDDLE = 128
# A quiet half: what does not move must be learned as well as what does.
BUSY = 0.6
# A frame is 0.2 s after the one before; a sleeping camera shows only its key frames.
AWAKE_S, ASLEEP_S = (0.1, 0.4), (0.8, 2.1)


class Studio:
    """Makes samples without end from decoded photos and the boxes on them."""

    def __init__(self, corpus: Path, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._streets, self._cutouts = _load(corpus)

    def samples(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """Yield input (HEIGHT, WIDTH, 3) and truth (ROWS, COLUMNS, 2): moving, and its weight."""
        while True:
            yield self._sample()

    def _sample(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        random = self._random
        world = self._world()
        span = ASLEEP_S if random.random() < 0.25 else AWAKE_S  # noqa: PLR2004 (share)
        before_s = -float(random.uniform(*span))
        now, before = self._coded(world.draw(0.0)), self._coded(world.draw(before_s))
        usual = self._usual(world, now)
        now_mask, wake = world.truth(0.0, before_s)
        return stack(now, usual, before), cells(now_mask, wake)

    def _world(self) -> World:
        random = self._random
        street = self._street()
        movers = []
        if random.random() < BUSY:
            movers = [self._mover(street) for _ in range(random.integers(1, 6))]
        chosen = random.random(len(MAKERS)) < random.choice([0.0, 0.08, 0.15, 0.3])
        nuisances = [
            make(random) for make, is_chosen in zip(MAKERS, chosen, strict=True) if is_chosen
        ]
        random.shuffle(nuisances)  # type: ignore[arg-type]  # a list is a sequence
        noise = float(random.choice([0.5, 2.0, 4.0, 8.0, 14.0]) * random.uniform(0.5, 1.5))
        return World(street, movers, nuisances, noise, random)

    def _street(self) -> NDArray[np.uint8]:
        random = self._random
        photo = self._streets[random.integers(len(self._streets))]
        height, width = photo.shape
        wide = int(width * random.uniform(0.5, 1.0))
        high = min(height, wide * HEIGHT_PX // WIDTH_PX)
        left, top = random.integers(0, width - wide + 1), random.integers(0, height - high + 1)
        street = cv2.resize(
            photo[top : top + high, left : left + wide],
            (WIDTH_PX, HEIGHT_PX),
            interpolation=cv2.INTER_AREA,
        )
        gain, shift = random.uniform(0.3, 1.1), random.uniform(0, 40)
        return np.clip(street * gain + shift, 0, 255).astype(np.uint8)

    def _mover(self, street: NDArray[np.uint8]) -> Mover:
        random = self._random
        source = self._cutouts[random.integers(len(self._cutouts))]
        # Half of them far away: those are the ones that are missed.
        tallest = FAR_PX if random.random() < 0.5 else LARGEST_PX  # noqa: PLR2004 (a coin)
        tall = float(np.exp(random.uniform(np.log(SMALLEST_PX), np.log(tallest))))
        wide = max(2.0, tall * source.grey.shape[1] / source.grey.shape[0])
        size = (max(2, round(wide)), max(3, round(tall)))
        grey = cv2.resize(source.grey, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(source.alpha, size, interpolation=cv2.INTER_AREA)
        if random.random() < 0.5:  # noqa: PLR2004 (a coin)
            grey, alpha = grey[:, ::-1].copy(), alpha[:, ::-1].copy()
        x, y = float(random.uniform(0, WIDTH_PX)), float(random.uniform(0, HEIGHT_PX))
        grey = np.clip(grey * random.uniform(0.5, 1.1) + random.uniform(-20, 40), 0, 255)
        # Whoever is as grey as the road cannot be seen by anybody: give some contrast.
        below = float(street[min(HEIGHT_PX - 1, int(y)), min(WIDTH_PX - 1, int(x))])
        if abs(float(grey.mean()) - below) < 15:  # noqa: PLR2004 (grey levels)
            grey = np.clip(grey + random.choice([-1, 1]) * random.uniform(15, 40), 0, 255)
        pace = float(np.exp(random.uniform(np.log(SLOWEST), np.log(min(FASTEST, 6 * tall + 20)))))
        angle = random.normal(0, 0.35) + random.choice([0, np.pi])
        kind = random.random()
        starts, stops = -60.0, 60.0
        if kind < 0.12:  # noqa: PLR2004 (it stopped a while ago, and is in nobody's way)
            stops = -float(random.uniform(2.5, 20))
        elif kind < 0.2:  # noqa: PLR2004 (it starts just now, and leaves its print in the background)
            starts = -float(random.uniform(0.3, 2))
        mover = Mover(Cutout(np.asarray(grey, np.float32), np.asarray(alpha, np.float32)), 0, 0,
                      pace * float(np.cos(angle)), pace * 0.6 * float(np.sin(angle)), starts, stops)  # fmt: skip
        there_x, there_y = mover.place(0.0)
        return Mover(mover.cutout, x - there_x, y - there_y, mover.dx, mover.dy, starts, stops)

    def _usual(self, world: World, now: Plane) -> Plane:
        """Return what the background has become: a running mean, of long or of few seconds."""
        random = self._random
        if random.random() < 0.04:  # noqa: PLR2004 (the first second after a start)
            return self._coded(world.draw(-float(random.uniform(0.2, 2))))
        pace_s = float(random.choice([1.0, 2.0, 6.0]))
        ages = -np.cumsum(random.uniform(0.4, 1.2, 4)) * pace_s / 2
        shares = np.exp(ages / pace_s)
        shares /= shares.sum()
        usual = np.zeros_like(now)
        for age, share in zip(ages, shares, strict=True):
            usual += share * world.draw(float(age), averaged=4)
        return usual

    def _coded(self, picture: Plane) -> Plane:
        """Lose what a codec loses; key frames lose another share than those between."""
        if self._random.random() < 0.3:  # noqa: PLR2004 (share)
            return picture
        quality = int(self._random.integers(25, 90))
        _, packed = cv2.imencode(
            ".jpg", picture.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        return cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.float32)


def stack(now: Plane, usual: Plane, before: Plane) -> NDArray[np.uint8]:
    """Return the three planes of the network's input: the picture and two signed differences."""
    planes = (now, now - usual + MIDDLE, now - before + MIDDLE)
    return np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)


def cells(now: Plane, wake: Plane) -> NDArray[np.float32]:
    """Return moving 0/1 and weight: cells that something only brushes are not judged."""
    covered, peak = _pooled(now, "mean"), _pooled(now, "max")
    wake_share = _pooled(wake, "max")
    moving = (covered > 0.12).astype(np.float32)  # noqa: PLR2004 (an eighth of a cell)
    # A thing smaller than that still owns the cell that holds most of it.
    count, labels = cv2.connectedComponents((peak > 0.5).astype(np.uint8))  # noqa: PLR2004 (half a pixel)
    for label in range(1, count):
        inside = labels == label
        if not moving[inside].any():
            best = np.argmax(np.where(inside, covered, -1))
            moving.ravel()[best] = 1.0
    unsure = (moving == 0) & (cv2.dilate(wake_share, np.ones((3, 3), np.uint8)) > 0.2)  # noqa: PLR2004
    return np.stack([moving, np.where(unsure, 0.0, 1.0)], axis=-1).astype(np.float32)


def _pooled(plane: Plane, how: str) -> Plane:
    padded = np.zeros((ROWS * CELL_PX, WIDTH_PX), np.float32)
    padded[:HEIGHT_PX] = plane
    blocks = padded.reshape(ROWS, CELL_PX, COLUMNS, CELL_PX)
    return np.asarray(getattr(blocks, how)(axis=(1, 3)), np.float32)


def _load(corpus: Path) -> tuple[list[NDArray[np.uint8]], list[Cutout]]:
    """Read the photos and boxes that `training.objects prepare` has gathered."""
    streets, cutouts = [], []
    for example in load(corpus):
        grey = cv2.cvtColor(example.pixels, cv2.COLOR_RGB2GRAY)
        streets.append(grey)
        for left, top, right, bottom in example.truth.boxes.astype(int):
            cut = grey[max(0, top) : bottom, max(0, left) : right]
            if min(cut.shape) >= 24:  # noqa: PLR2004 (pixels: smaller ones are mud)
                cutouts.append(_cutout(cut))
    return streets, cutouts


def _cutout(cut: NDArray[np.uint8]) -> Cutout:
    """Take a box for a rounded thing with soft edges, at most 128 pixels tall."""
    factor = min(1.0, 128 / max(cut.shape))
    small = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    height, width = small.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    # Between an ellipse and a box.
    edge = (np.abs(x) ** 3 + np.abs(y) ** 3) ** (1 / 3)
    alpha = np.clip((1.0 - edge) * 6, 0, 1).astype(np.float32)
    return Cutout(small.astype(np.float32), alpha)
