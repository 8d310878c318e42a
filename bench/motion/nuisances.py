"""What a street camera suffers from, painted over a still street: nine conditions.

Each is a function of the calm picture and the seconds since it began; `painter.py` makes scenes of
them. None of this code is shared with `training/motion`: who trains on the test passes it.
"""

from __future__ import annotations

import cv2
import numpy as np

from bench.motion.painter import (
    HEIGHT_PX,
    NIGHT_NOISE,
    WIDTH_PX,
    Box,
    Nuisance,
    Painter,
    Plane,
    undisturbed,
)


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


def infrared(_painter: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Show the street under the camera's own lamps: other brightness, other contrast."""
    return 40.0 + 0.7 * (255.0 - picture) * 0.3 + picture * 0.45, ()


def _infrared(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Switch to infrared and back every 15 s, in one frame."""
    if int(since_s / 15.0) % 2 == 0:
        return picture, ()
    return infrared(painter, picture, since_s)


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
    "quiet": undisturbed,
    "night noise": _night,
    "rain": _rain,
    "headlights": _headlights,
    "tree sway": _trees,
    "IR switch": _infrared,
    "cloud light": _clouds,
    "shake": _shake,
    "parked car": _parked,
}
