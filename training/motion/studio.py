"""Samples for the network: scenes are painted, sent through H.264 and watched as the agent does.

The planes come from the agent's own `Scenery`, fed frame by frame, so that the network learns on
what it will be shown: backgrounds that lag, mended light, steadied pictures, a codec's blocks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.inference.scenery import COLUMNS, LAG_S, ROWS, Scenery
from training.motion.cast import Cast, cut_out
from training.motion.nuisances import MAKERS
from training.motion.world import (
    CELL_PX,
    HEIGHT_PX,
    SCENE_S,
    WIDTH_PX,
    Cutout,
    Grey,
    Plane,
    World,
)
from training.objects.examples import load

Sample = tuple[NDArray[np.int8], NDArray[np.float32]]

# What does not move must be learned as well as what does.
BUSY_SHARE = 0.65
# A sleeping camera shows only its key frames, until something wakes it.
ASLEEP_SHARE, KEY_FRAME_S = 0.15, 2.0
RATES = (2.5, 5.0, 5.0, 5.0, 8.0, 10.0)
# Noise of the sensor in grey levels: a good one by day, a cheap one by night. Nights are half of all
# scenes: with two of eight, a first network found hardly any walker in them.
NOISES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 8.0, 10.0, 12.0, 12.0)
# Pictures of one scene are alike: they are dealt out among those of many others.
SHUFFLED = 1500
# Of the pictures that the gate would not let pass, so many are learned from all the same.
CLOSED_SHARE, KEPT_SHARE = 0.1, 0.7
# Scenes whose background learns also where something moves, or not at all for a while.
CARELESS_SHARE = 0.25
# A cell moves when a thing covers this much of it; a thing smaller than that owns its best cell.
COVERED = 0.12
# Pixels that a thing may have disturbed: nobody is blamed for cells with this share of them.
DISTURBED = 0.2


class Studio:
    """Makes samples without end from decoded photos and the boxes on them."""

    def __init__(self, corpus: Path, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._streets, cutouts = _load(corpus)
        self._cast = Cast(cutouts, self._random)

    def samples(self) -> Iterator[Sample]:
        """Yield input (HEIGHT/2, WIDTH/2, 4) and truth (ROWS, COLUMNS, 2): moving, its weight."""
        kept: list[Sample] = []
        while True:
            for sample in self.scene():
                if len(kept) < SHUFFLED:
                    kept.append(sample)
                    continue
                place = int(self._random.integers(SHUFFLED))
                yield kept[place]
                kept[place] = sample

    def scene(self) -> Iterator[Sample]:
        """Yield what one scene teaches, in order."""
        random = self._random
        world = self.world()
        times = _times(random)
        pictures = self._coded([world.draw(at_s) for at_s in times], float(times[-1]))
        scenery = Scenery(pictures[0], times[0])
        is_careless = random.random() < CARELESS_SHARE
        for at_s, picture, seen_s in zip(times[1:], pictures[1:], times, strict=False):
            difference = scenery.compare(picture, at_s)
            if difference.is_global:
                scenery.start_again(at_s)
                continue
            truth = cells(*world.truth(at_s, (seen_s, at_s - LAG_S)))
            is_open = difference.standing_out.any() or scenery.is_grainy
            is_open = is_open or random.random() < CLOSED_SHARE
            if is_open and random.random() < KEPT_SHARE:
                yield scenery.planes(at_s), truth
            held = cv2.dilate((truth[..., 0] > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            scenery.learn(at_s, None if is_careless else held)

    def world(self) -> World:
        """Return a street, who moves on it and what disturbs the picture."""
        random = self._random
        street = self._street()
        movers = []
        if random.random() < BUSY_SHARE:
            movers = [self._cast.mover(street) for _ in range(random.integers(1, 8))]
        chosen = random.random(len(MAKERS)) < random.choice([0.0, 0.08, 0.15, 0.25])
        nuisances = [
            make(random) for make, is_chosen in zip(MAKERS, chosen, strict=True) if is_chosen
        ]
        random.shuffle(nuisances)  # type: ignore[arg-type]  # a list is a sequence
        noise = float(random.choice(NOISES) * random.uniform(0.6, 1.4))
        return World(street, movers, nuisances, noise, random)

    def _street(self) -> Grey:
        random = self._random
        photo = self._streets[random.integers(len(self._streets))]
        height, width = photo.shape
        wide = int(width * random.uniform(0.5, 1.0))
        high = min(height, wide * HEIGHT_PX // WIDTH_PX)
        left, top = random.integers(0, width - wide + 1), random.integers(0, height - high + 1)
        cut = photo[top : top + high, left : left + wide]
        street = cv2.resize(cut, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
        gain, shift = random.uniform(0.3, 1.1), random.uniform(0, 40)
        return np.clip(street * gain + shift, 0, 255).astype(np.uint8)

    def _coded(self, pictures: list[Grey], lasted_s: float) -> list[Grey]:
        """Send the pictures through H.264 and back."""
        random = self._random
        rate = max(1, round(len(pictures) / max(1.0, lasted_s)))
        kbps = int(np.exp(random.uniform(np.log(120), np.log(1200))))
        options = {
            "preset": str(random.choice(["ultrafast", "superfast"])),
            "tune": "zerolatency",
            "g": str(random.choice([5, 10, 25, 50])),
            "threads": "1",
        }
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as container:
            stream = container.add_stream("libx264", rate=rate, options=options)
            stream.height, stream.width = HEIGHT_PX, WIDTH_PX
            stream.pix_fmt, stream.bit_rate = "yuv420p", kbps * 1000
            stream.time_base = Fraction(1, rate)
            grey = np.full((HEIGHT_PX // 2, WIDTH_PX), 128, np.uint8)
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(np.vstack([picture, grey]), format="yuv420p")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        file.seek(0)
        with av.open(file) as container:
            return [frame.to_ndarray()[:HEIGHT_PX].copy() for frame in container.decode(video=0)]


def cells(now: Plane, wake: Plane) -> NDArray[np.float32]:
    """Return moving 0/1 and weight: cells that something only brushes are not judged."""
    covered, peak, wake_share = _shares(now), _peaks(now), _peaks(wake)
    moving = (covered > COVERED).astype(np.float32)
    count, labels = cv2.connectedComponents((peak > 0.5).astype(np.uint8))  # noqa: PLR2004 (half a pixel)
    for label in range(1, count):
        inside = labels == label
        if not moving[inside].any():
            best = np.argmax(np.where(inside, covered, -1))
            moving.ravel()[best] = 1.0
    unsure = (moving == 0) & (cv2.dilate(wake_share, np.ones((3, 3), np.uint8)) > DISTURBED)
    return np.stack([moving, np.where(unsure, 0.0, 1.0)], axis=-1).astype(np.float32)


def _times(random: np.random.Generator) -> list[float]:
    """Return the moments of a scene: its rate, after a sleep of key frames where it was asleep."""
    rate = float(random.choice(RATES))
    asleep_s = 3 * KEY_FRAME_S if random.random() < ASLEEP_SHARE else 0.0
    sleepy = np.arange(0.0, asleep_s, KEY_FRAME_S)
    awake = np.arange(asleep_s, SCENE_S, 1 / rate)
    return [float(at_s) for at_s in (*sleepy, *awake)]


def _shares(plane: Plane) -> Plane:
    """Return the mean of each cell."""
    shares = cv2.resize(_padded(plane), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(shares, np.float32)


def _peaks(plane: Plane) -> Plane:
    """Return the most of each cell; row by row first, which is several times as fast."""
    rows = _padded(plane).reshape(ROWS, CELL_PX, WIDTH_PX).max(axis=1)
    return np.asarray(rows.reshape(ROWS, COLUMNS, CELL_PX).max(axis=2), np.float32)


def _padded(plane: Plane) -> Plane:
    padded = np.zeros((ROWS * CELL_PX, WIDTH_PX), np.float32)
    padded[:HEIGHT_PX] = plane
    return padded


def _load(corpus: Path) -> tuple[list[Grey], list[Cutout]]:
    """Read the photos and boxes that `training.objects prepare` has gathered."""
    streets, cutouts = [], []
    for example in load(corpus):
        grey = cv2.cvtColor(example.pixels, cv2.COLOR_RGB2GRAY)
        streets.append(grey)
        for left, top, right, bottom in example.truth.boxes.astype(int):
            cut = grey[max(0, top) : bottom, max(0, left) : right]
            if min(cut.shape) >= 24:  # noqa: PLR2004 (pixels: smaller ones are mud)
                cutouts.append(cut_out(cut))
    return streets, cutouts
