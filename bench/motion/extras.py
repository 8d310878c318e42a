"""Six more nuisances, beside the nine: what else the city's cameras see that nobody must hear of.

Nothing of it truly moves for an operator: not the snow, the insect, the clock, the flag, the drop
on the lens or the ripple.
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
)

_NOTHING: tuple[Box, ...] = ()


def _snow(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Let 120 flakes fall, the near ones large, fast and out of focus."""
    flakes = np.zeros_like(picture)
    for number in range(120):
        x0, y0, depth, phase = painter.places[number % 40] + number * 0.377
        near = 0.3 + 0.7 * (depth % 1.0)
        y = (y0 % 1.0) * HEIGHT_PX + near * 150.0 * since_s
        x = (x0 % 1.0) * WIDTH_PX + 25.0 * np.sin(1.7 * since_s + 6.28 * phase)
        at = (round(x) % WIDTH_PX, round(y) % HEIGHT_PX)
        cv2.circle(flakes, at, 1 + round(1.6 * near), 40.0 + 45.0 * near, -1)
    return 0.9 * picture + 14.0 + cv2.GaussianBlur(flakes, (0, 0), 0.9), _NOTHING


def _insects(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Fly bright blurred blots past a camera that lights the night with its own lamps."""
    painter.noise = NIGHT_NOISE / 2
    blots = np.zeros_like(picture)
    for number, (x0, y0, size, phase) in enumerate(painter.places[:3]):
        # Each comes for two seconds out of seven or so.
        period_s = 6.0 + 2.0 * size
        at = (since_s + 7.0 * phase) % period_s
        if at > 2.0:  # noqa: PLR2004 (seconds in the picture)
            continue
        x = WIDTH_PX * (x0 + (0.35 if number % 2 else -0.35) * at + 0.1 * np.sin(9.0 * at + phase))
        y = HEIGHT_PX * (y0 + 0.18 * np.sin(5.0 * at + 6.28 * phase))
        cv2.circle(blots, (round(x), round(y)), round(6 + 10 * size), 110.0, -1)
    return 0.4 * picture + 15.0 + cv2.GaussianBlur(blots, (0, 0), 4.0), _NOTHING


def _clock(_painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Write date and time over the picture, as every camera does unless told otherwise."""
    second = int(since_s)
    words = f"2026-11-24 07:{second // 60:02d}:{second % 60:02d}"
    edge, ink = np.zeros((2, HEIGHT_PX, WIDTH_PX), np.uint8)
    for mask, thickness in ((edge, 4), (ink, 1)):
        cv2.putText(mask, words, (16, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, thickness)
    return np.where(ink > 0, 235.0, np.where(edge > 0, 0.0, picture)).astype(np.float32), _NOTHING


def _flags(_painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Wave two flags on their poles, 60 pixels long."""
    shown = picture.copy()
    for pole_x, top, phase in ((90, 60, 0.0), (470, 40, 2.0)):
        shown[top : top + 110, pole_x - 2 : pole_x] = 60.0
        along = np.arange(60)
        wave = 0.07 * along * np.sin(7.0 * since_s + phase - 0.16 * along)
        shade = 1.0 + 0.18 * np.cos(7.0 * since_s + phase - 0.16 * along)
        for step in range(60):
            y = top + 2 + round(float(wave[step]))
            shown[max(0, y) : y + 18, pole_x + step] = 90.0 * shade[step]
            shown[y + 18 : y + 36, pole_x + step] = 205.0 * min(1.1, shade[step])
    return shown, _NOTHING


def _drops(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Put drops on the lens, one more each five seconds; some hang, and some run down."""
    blurred = cv2.GaussianBlur(picture, (0, 0), 9.0)
    mask = np.zeros_like(picture)
    for number in range(int(since_s / 5.0) + 1):
        x0, y0, size, kind = painter.places[number]
        age_s = since_s - 5.0 * number
        runs = 26.0 * max(0.0, age_s - 3.0) if kind < 0.4 else 0.0  # noqa: PLR2004 (a share)
        at = (round(x0 * WIDTH_PX), round(y0 * HEIGHT_PX * 0.8 + runs))
        cv2.circle(mask, at, round(10 + 16 * size), 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3.0)
    return picture * (1.0 - mask) + (0.85 * blurred + 18.0) * mask, _NOTHING


def _ripples(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Flood the lower third: it mirrors in waves, and glints."""
    depth = np.clip((painter.rows - HEIGHT_PX * 0.66) / (HEIGHT_PX * 0.34), 0.0, 1.0)
    waves = np.sin(0.09 * painter.columns + 0.35 * painter.rows - 4.1 * since_s)
    waves += np.sin(-0.05 * painter.columns + 0.22 * painter.rows - 2.7 * since_s)
    shift = (2.2 * depth * waves).astype(np.float32)
    mirrored = cv2.remap(
        picture, painter.columns + shift, painter.rows + 1.5 * shift, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    glint = 26.0 * np.clip(waves - 1.4, 0.0, None) * (depth > 0)
    return mirrored * (1.0 - 0.25 * (depth > 0)) + glint, _NOTHING


EXTRAS: dict[str, Nuisance] = {
    "snow": _snow,
    "insects": _insects,
    "on-screen clock": _clock,
    "flags": _flags,
    "lens drops": _drops,
    "ripples": _ripples,
}
