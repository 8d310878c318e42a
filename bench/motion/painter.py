"""Paints a scene over a still street: calm, then one nuisance, and somebody who walks through it.

A scene has five frames a second of 640x360. By default it is 60 s of calm, then 60 s of nuisance,
with one person 24 pixels tall who walks for 12 s in the middle of each half of the nuisance.
None of this code is shared with `training/motion`: who trains on the test passes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.motion.cells import cover, no_cover

WIDTH_PX, HEIGHT_PX = 640, 360
FRAMES_PER_SECOND = 5
# On a street darker than this everybody is brighter, and the other way round.
DARK, BRIGHT = 90.0, 165.0
# Grey levels of a cheap sensor by daylight, and of the same one by night with all its gain.
DAY_NOISE, NIGHT_NOISE = 2.0, 12.0
# A grain is a little larger than a pixel; blurring noise of deviation 1 by that much leaves this.
_GRAIN_PX, _SOFTENED = 0.6, 0.4957
# Pixels around the walker's box that belong to their outline: the matched filter needs a rim.
RIM_PX = 6

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """A person of 1.7 m at 1.2 m/s, who covers 0.7 of their height in a second."""

    height_px: int
    width_px: float
    pace_px_per_s: float
    # Where their walk begins; mirrored for half of the seeds.
    starts_px: float


# The person whom the suite is about, and the one that Frigate's notes were measured with.
SMALL = Walker(height_px=24, width_px=9.6, pace_px_per_s=17.0, starts_px=180.0)
TALL = Walker(height_px=68, width_px=22, pace_px_per_s=46.0, starts_px=40.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture, and where something truly moves: left, top, right, bottom."""

    at_s: float
    picture: Picture
    true: tuple[Box, ...]
    # The walker alone, of the things that truly move; and their outline, with a rim around the box.
    person: Box | None
    outline: Plane | None
    # Which part of each cell is covered by what truly moves.
    cells: Plane
    is_calm: bool


class Painter:
    """Holds a street and what the nuisance needs from one frame to the next."""

    def __init__(self, street: Picture, seed: int, walker: Walker = SMALL) -> None:
        self.random = np.random.default_rng(seed)
        self.body = walker
        fitted = cv2.resize(street, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
        self.street: Plane = fitted.astype(np.float32)
        self.rows, self.columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
        self.noise = DAY_NOISE
        # Of the person: which lane, which way, how bright beside the street.
        self.lane_px = int(self.random.integers(150, 320))
        self.is_leftward = bool(self.random.random() < 0.5)  # noqa: PLR2004 (a coin)
        self.contrast = self._contrast()
        self.places = self.random.random((40, 4))

    def _contrast(self) -> float:
        """Return how far the walker stands off the street; never into black or white."""
        ground = float(self.street[self.lane_px - self.body.height_px : self.lane_px].mean())
        signs = [1.0] if ground < DARK else [-1.0] if ground > BRIGHT else [-1.0, 1.0]
        return float(self.random.choice([30.0, 45.0]) * self.random.choice(signs))

    def grain(self) -> Plane:
        """Return the sensor's noise of one frame."""
        raw = self.random.standard_normal((HEIGHT_PX, WIDTH_PX), dtype=np.float32)
        soft = cv2.GaussianBlur(raw, (0, 0), _GRAIN_PX)
        return np.asarray(soft * (self.noise / _SOFTENED), np.float32)

    def walker(self, since_s: float) -> Box:
        """Return where the person is, so long after they came."""
        x = self.body.starts_px + self.body.pace_px_per_s * since_s
        centre = WIDTH_PX - x if self.is_leftward else x
        half = self.body.width_px / 2
        left, right = round(centre - half), round(centre + half)
        return left, self.lane_px - self.body.height_px, right, self.lane_px

    def outline(self, box: Box, at_s: float) -> Plane:
        """Return a body with swinging legs, 1 where it is."""
        left, top, right, bottom = box
        mask: Plane = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
        middle, height = (left + right) // 2, bottom - top
        cv2.circle(mask, (middle, top + height // 8), max(1, height // 8), 1.0, -1)
        body = (max(2, (right - left) // 3), height // 4)
        cv2.ellipse(mask, (middle, top + height * 9 // 20), body, 0, 0, 360, 1.0, -1)
        swing = round(0.18 * height * float(np.sin(at_s * 11.0)))
        for foot in (middle - swing, middle + swing):
            cv2.line(mask, (middle, top + height * 3 // 5), (foot, bottom), 1.0, height // 12)
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7), np.float32)

    def clothe(self, picture: Plane, outline: Plane) -> None:
        """Lay a body on the picture."""
        picture += outline * (self.contrast + 6.0 * np.sin(self.columns + self.rows))


Nuisance = Callable[[Painter, Plane, float], tuple[Plane, tuple[Box, ...]]]


def undisturbed(_: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Change nothing."""
    return picture, ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """When what happens in a scene, in seconds."""

    calm_s: float = 60.0
    nuisance_s: float = 60.0
    visits_s: tuple[tuple[float, float], ...] = ((74.0, 86.0), (100.0, 112.0))
    walker: Walker = SMALL
    # What the calm part looks like.
    before: Nuisance = field(default=undisturbed)

    def visit_began_s(self, at_s: float) -> float | None:
        """Return when the visit of this moment began."""
        return next((began for began, ended in self.visits_s if began <= at_s < ended), None)


STANDARD = Script()


def paint(street: Picture, change: Nuisance, seed: int, script: Script) -> Iterator[Moment]:
    """Yield the scene's pictures in order."""
    painter = Painter(street, seed, script.walker)
    for number in range(round((script.calm_s + script.nuisance_s) * FRAMES_PER_SECOND)):
        yield _moment(painter, change, script, number / FRAMES_PER_SECOND)


def _moment(painter: Painter, change: Nuisance, script: Script, at_s: float) -> Moment:
    picture, person, outline = painter.street.copy(), None, None
    began_s = script.visit_began_s(at_s)
    if began_s is not None:
        person = painter.walker(at_s - began_s)
        outline = painter.outline(person, at_s)
        painter.clothe(picture, outline)
    is_calm = at_s < script.calm_s
    nuisance = script.before if is_calm else change
    picture, more = nuisance(painter, picture, at_s - (0.0 if is_calm else script.calm_s))
    grainy = picture + painter.grain()
    return Moment(
        at_s,
        np.clip(grainy, 0, 255).astype(np.uint8),
        ((person,) if person else ()) + more,
        person,
        None if person is None or outline is None else _rimmed(outline, person),
        _cells(outline, more),
        is_calm,
    )


def _rimmed(outline: Plane, box: Box) -> Plane:
    left, top = max(0, box[0] - RIM_PX), max(0, box[1] - RIM_PX)
    return outline[top : box[3] + RIM_PX, left : box[2] + RIM_PX].copy()


def _cells(outline: Plane | None, boxes: tuple[Box, ...]) -> Plane:
    if outline is None and not boxes:
        return no_cover()
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32) if outline is None else outline.copy()
    for left, top, right, bottom in boxes:
        mask[max(0, top) : bottom, max(0, left) : right] = 1.0
    return cover(mask)
