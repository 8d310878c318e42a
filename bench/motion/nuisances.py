"""What a street camera suffers from, painted over a still street: nine conditions, and a person.

Each scene is 60 s of calm, then 60 s of one nuisance, at five frames a second, 640x360, with one
person 24 pixels tall who walks for 12 s in the middle of each half of the nuisance. Every picture
goes through H.264 before anybody sees it, so that key frames pump as they do on a real line.
None of this code is shared with `training/motion`: who trains on the test passes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 640, 360
FRAMES_PER_SECOND = 5
CALM_S, NUISANCE_S = 60.0, 60.0
PERSON_PX = 24
# A walker of 1.7 m at 1.2 m/s covers 0.7 of their height in a second.
WALK_PX_PER_S = 17.0
VISITS_S = ((74.0, 86.0), (100.0, 112.0))
# On a street darker than this everybody is brighter, and the other way round.
DARK, BRIGHT = 90.0, 165.0
# Grey levels of a cheap sensor by daylight, and of the same one by night with all its gain.
DAY_NOISE, NIGHT_NOISE = 2.0, 12.0

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture before coding, and where something truly moves: left, top, right, bottom."""

    at_s: float
    picture: Picture
    true: tuple[Box, ...]
    # The walker alone, of the things that truly move.
    person: Box | None


class Painter:
    """Holds a street and what the nuisance needs from one frame to the next."""

    def __init__(self, street: Picture, seed: int) -> None:
        self.random = np.random.default_rng(seed)
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
        ground = float(self.street[self.lane_px - PERSON_PX : self.lane_px].mean())
        signs = [1.0] if ground < DARK else [-1.0] if ground > BRIGHT else [-1.0, 1.0]
        return float(self.random.choice([30.0, 45.0]) * self.random.choice(signs))

    def grain(self) -> Plane:
        """Return the sensor's noise of one frame, its grain a little larger than a pixel."""
        raw = self.random.normal(0.0, 1.0, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
        soft = cv2.GaussianBlur(raw, (0, 0), 0.6)
        return np.asarray(soft * (self.noise / float(soft.std())), np.float32)

    def walker(self, at_s: float) -> Box | None:
        """Return where the person is."""
        for began, ended in VISITS_S:
            if began <= at_s < ended:
                x = 180.0 + WALK_PX_PER_S * (at_s - began)
                centre = WIDTH_PX - x if self.is_leftward else x
                half = PERSON_PX * 0.2
                left, right = round(centre - half), round(centre + half)
                return left, self.lane_px - PERSON_PX, right, self.lane_px
        return None

    def paint_walker(self, picture: Plane, box: Box, at_s: float) -> None:
        """Lay a body with swinging legs on the picture."""
        left, top, right, bottom = box
        middle, mask = (left + right) // 2, np.zeros_like(picture)
        height = bottom - top
        cv2.circle(mask, (middle, top + height // 8), max(1, height // 8), 1.0, -1)
        body = (max(2, (right - left) // 3), height // 4)
        cv2.ellipse(mask, (middle, top + height * 9 // 20), body, 0, 0, 360, 1.0, -1)
        swing = round(0.18 * height * float(np.sin(at_s * 11.0)))
        for foot in (middle - swing, middle + swing):
            cv2.line(mask, (middle, top + height * 3 // 5), (foot, bottom), 1.0, 2)
        mask = cv2.GaussianBlur(mask, (0, 0), 0.7)
        picture += mask * (self.contrast + 6.0 * np.sin(self.columns + self.rows))


Nuisance = Callable[[Painter, Plane, float], tuple[Plane, tuple[Box, ...]]]


def _quiet(_painter: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    return picture, ()


def _night(painter: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    painter.noise = NIGHT_NOISE
    return picture * 0.45 + 12.0, ()


def _rain(painter: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    streaks = np.zeros_like(picture)
    for _ in range(160):
        x, y = painter.random.integers(0, WIDTH_PX), painter.random.integers(0, HEIGHT_PX)
        length = int(painter.random.integers(8, 26))
        bright = float(painter.random.uniform(15, 60))
        cv2.line(streaks, (int(x), int(y)), (int(x) + length // 6, int(y) + length), bright, 1)
    return picture * 0.92 + cv2.GaussianBlur(streaks, (0, 0), 0.8), ()


def _headlights(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Sweep two cones of light over a dark street every eight seconds."""
    painter.noise = NIGHT_NOISE / 2
    dark = picture * 0.35
    at = since_s % 8.0
    if at > 3.0:  # noqa: PLR2004 (seconds that a car takes to turn)
        return dark, ()
    centre = -120.0 + at / 3.0 * (WIDTH_PX + 240.0)
    lane = 200.0 + 60.0 * float(np.sin(since_s // 8.0))
    spot = np.exp(
        -(((painter.columns - centre) / 110.0) ** 2) - ((painter.rows - lane) / 60.0) ** 2
    )
    return dark + spot * 95.0, ()


def _trees(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Let the upper fifth and the left edge sway as leaves do."""
    gust = 0.6 + 0.4 * np.sin(since_s * 0.7)
    phase = painter.columns * 0.11 + painter.rows * 0.07
    sway = 2.6 * gust * np.sin(since_s * 5.3 + phase)
    is_leaf = (painter.rows < HEIGHT_PX * 0.2) | (painter.columns < WIDTH_PX * 0.12)
    shift = np.where(is_leaf, sway, 0.0).astype(np.float32)
    moved = cv2.remap(
        picture, painter.columns + shift, painter.rows + 0.4 * shift, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    return moved, ()


def _infrared(_painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Switch to infrared and back every 15 s: other brightness, other contrast, in one frame."""
    if int(since_s / 15.0) % 2 == 0:
        return picture, ()
    return 40.0 + 0.7 * (255.0 - picture) * 0.3 + picture * 0.45, ()


def _clouds(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Move shadows of clouds over the street, and let the exposure hunt a little."""
    edge = (painter.columns + 0.5 * painter.rows - since_s * 45.0) / 120.0
    shade = 0.8 + 0.2 * np.tanh(2.5 * np.sin(edge))
    hunt = 1.0 + 0.04 * np.sin(since_s * 1.3)
    return picture * shade * hunt, ()


def _shake(painter: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    x, y = painter.random.uniform(-3.0, 3.0, 2)
    move = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = (WIDTH_PX, HEIGHT_PX)
    return cv2.warpAffine(picture, move, size, borderMode=cv2.BORDER_REPLICATE), ()


def _parked(_painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Drive a car in, leave it standing, and drive it out again."""
    arrives_s, leaves_s, pace = 4.0, 34.0, 60.0
    if since_s < arrives_s:
        x = 420.0 - pace * (arrives_s - since_s)
    elif since_s < leaves_s:
        x = 420.0
    else:
        x = 420.0 + pace * (since_s - leaves_s)
    box = (round(x), 236, round(x) + 74, 268)
    picture = picture.copy()
    left, right = max(0, box[0]), min(WIDTH_PX, box[2])
    if left >= right:
        return picture, ()
    picture[box[1] : box[3], left:right] = 70.0
    picture[box[1] + 4 : box[1] + 14, left + 4 : max(left + 4, right - 20)] = 165.0
    is_moving = since_s < arrives_s or since_s >= leaves_s
    return picture, ((left, box[1], right, box[3]),) if is_moving else ()


CONDITIONS: dict[str, Nuisance] = {
    "quiet": _quiet,
    "night noise": _night,
    "rain": _rain,
    "headlights": _headlights,
    "tree sway": _trees,
    "IR switch": _infrared,
    "cloud light": _clouds,
    "shake": _shake,
    "parked car": _parked,
}


def paint(street: Picture, condition: str, seed: int) -> Iterator[Moment]:
    """Yield the scene's pictures in order."""
    painter, change = Painter(street, seed), CONDITIONS[condition]
    for number in range(round((CALM_S + NUISANCE_S) * FRAMES_PER_SECOND)):
        at_s = number / FRAMES_PER_SECOND
        picture, person = painter.street.copy(), painter.walker(at_s)
        if person:
            painter.paint_walker(picture, person, at_s)
        true: tuple[Box, ...] = (person,) if person else ()
        if at_s >= CALM_S:
            picture, more = change(painter, picture, at_s - CALM_S)
            true += more
        grainy = picture + painter.grain()
        yield Moment(at_s, np.clip(grainy, 0, 255).astype(np.uint8), true, person)
