"""Who moves over the painted streets: cut-outs of labelled photos, and painted walkers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.motion.world import (
    FAR_PX,
    FASTEST,
    HEIGHT_PX,
    LARGEST_PX,
    SCENE_S,
    SLOWEST,
    SMALLEST_PX,
    WIDTH_PX,
    Cutout,
    Grey,
    Mover,
)

Random = np.random.Generator

# Half are far away: those are the ones that are missed. Of those, so many are painted walkers.
FAR_SHARE, WALKER_SHARE = 0.5, 0.5
# Of the rest and of all: who stops in mid-scene, and who has stood there and leaves.
STOP_SHARE, LEAVE_SHARE = 0.15, 0.15
# Whoever is as grey as the road cannot be seen by anybody.
LEAST_CONTRAST, MOST_CONTRAST = 12.0, 70.0
_PHASES = 4
# No cut-out is kept larger than this.
_TALLEST_PX = 200


def cut_out(cut: Grey) -> Cutout:
    """Take a labelled box for a rounded thing with soft edges."""
    factor = min(1.0, _TALLEST_PX / max(cut.shape))
    small = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    height, width = small.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    # Between an ellipse and a box.
    edge = (np.abs(x) ** 3 + np.abs(y) ** 3) ** (1 / 3)
    alpha = np.clip((1.0 - edge) * 6, 0, 1).astype(np.float32)
    return Cutout(small.astype(np.float32), alpha)


class Cast:
    """Draws movers without end."""

    def __init__(self, cutouts: list[Cutout], random: Random) -> None:
        self._cutouts = cutouts
        self._random = random

    def mover(self, street: Grey) -> Mover:
        """Return somebody on their way over this street."""
        random = self._random
        is_far = random.random() < FAR_SHARE
        tallest = FAR_PX if is_far else LARGEST_PX
        tall = float(np.exp(random.uniform(np.log(SMALLEST_PX), np.log(tallest))))
        x, y = float(random.uniform(0, WIDTH_PX)), float(random.uniform(0, HEIGHT_PX))
        below = float(street[min(HEIGHT_PX - 1, int(y)), min(WIDTH_PX - 1, int(x))])
        is_walker = is_far and random.random() < WALKER_SHARE
        looks = self._walker(tall, below) if is_walker else (self._photo(tall, below),)
        fastest = 2.5 * tall if is_walker else min(FASTEST, 6 * tall + 40)
        pace = float(np.exp(random.uniform(np.log(SLOWEST), np.log(fastest))))
        angle = float(random.normal(0, 0.35) + random.choice([0, np.pi]))
        dx, dy = pace * np.cos(angle), 0.6 * pace * np.sin(angle)
        starts_s, stops_s = self._when()
        # It passes its place at one moment of the scene, or stands or stood there.
        there_s = float(random.uniform(0, SCENE_S))
        there_s = min(max(there_s, starts_s), stops_s)
        return Mover(looks, x - dx * there_s, y - dy * there_s, dx, dy, starts_s, stops_s)

    def _when(self) -> tuple[float, float]:
        kind = self._random.random()
        moment = float(self._random.uniform(0.5, SCENE_S - 0.5))
        if kind < STOP_SHARE:
            return -np.inf, moment
        if kind < STOP_SHARE + LEAVE_SHARE:
            return moment, np.inf
        return -np.inf, np.inf

    def _photo(self, tall: float, below: float) -> Cutout:
        random = self._random
        source = self._cutouts[random.integers(len(self._cutouts))]
        wide = max(4.0, tall * source.grey.shape[1] / source.grey.shape[0])
        size = (round(wide), max(6, round(tall)))
        grey = cv2.resize(source.grey, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(source.alpha, size, interpolation=cv2.INTER_AREA)
        if random.random() < 0.5:  # noqa: PLR2004 (a coin)
            grey, alpha = grey[:, ::-1].copy(), alpha[:, ::-1].copy()
        grey = grey * random.uniform(0.5, 1.1) + random.uniform(-20, 40)
        if abs(float(grey.mean()) - below) < LEAST_CONTRAST:
            grey = grey + random.choice([-1, 1]) * random.uniform(LEAST_CONTRAST, 45)
        return Cutout(np.clip(grey, 0, 255).astype(np.float32), alpha)

    def _walker(self, tall: float, below: float) -> tuple[Cutout, ...]:
        """Paint head, trunk and legs in the parts of a step, a little darker or brighter."""
        random = self._random
        # As many faint ones as clear ones.
        faint, clear = np.log(LEAST_CONTRAST), np.log(MOST_CONTRAST)
        stands_off = np.exp(random.uniform(faint, clear)) * random.choice([-1, 1])
        if not 0 < below + stands_off < 255:  # noqa: PLR2004 (a byte)
            stands_off = -stands_off
        wide, trunk = random.uniform(0.3, 0.5) * tall, random.uniform(0.14, 0.26) * tall
        texture = random.normal(0, random.uniform(0, 12), (round(tall), max(4, round(wide))))
        legs = below + stands_off + random.uniform(-15, 15)
        stride = random.uniform(0.3, 0.9)
        return tuple(
            _pose(texture, trunk, stride * np.sin(2 * np.pi * phase / _PHASES),
                  below + stands_off, legs)
            for phase in range(_PHASES)
        )  # fmt: skip


def _pose(
    texture: NDArray[np.float64], trunk: float, stride: float, coat: float, legs: float
) -> Cutout:
    tall, wide = texture.shape
    # Drawn four times as large, so that thin legs keep their share of a pixel.
    alpha = np.zeros((4 * tall, 4 * wide), np.float32)
    middle, hip = 2 * wide, int(2.2 * tall)
    cv2.circle(alpha, (middle, int(0.45 * tall)), max(2, int(0.3 * tall)), 1.0, -1)
    cv2.ellipse(alpha, (middle, int(1.55 * tall)), (int(1.5 * trunk) + 1, int(0.95 * tall)),
                0, 0, 360, 1.0, -1)  # fmt: skip
    for side in (-1, 1):
        foot = (int(middle + side * stride * 1.6 * wide), 4 * tall - 1)
        cv2.line(alpha, (middle, hip), foot, 1.0, max(2, int(1.1 * trunk)))
    small = cv2.resize(alpha, (wide, tall), interpolation=cv2.INTER_AREA)
    grey = np.full((tall, wide), coat) + texture
    grey[tall // 2 :] += legs - coat
    return Cutout(np.clip(grey, 0, 255).astype(np.float32), small)
