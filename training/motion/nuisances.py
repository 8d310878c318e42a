"""What moves in a picture without any thing moving: light, weather, leaves, the camera itself.

Each maker draws its own numbers once and returns a function of picture and time. None of this
code is shared with `bench/motion`, which judges.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training.motion.world import (
    _COLUMNS,
    _ROWS,
    HEIGHT_PX,
    WIDTH_PX,
    Nuisance,
    Plane,
    grain,
)

Random = np.random.Generator


def rain(random: Random) -> Nuisance:
    """Streaks of rain or flakes of snow, new ones in each picture."""
    count, is_snow = int(random.integers(10, 160)), random.random() < 0.3  # noqa: PLR2004 (share)
    slant, bright = random.uniform(-0.4, 0.4), random.uniform(8, 70)
    longest = int(random.integers(3, 22))

    def change(picture: Plane, _at_s: float, again: Random) -> Plane:
        streaks = np.zeros_like(picture)
        xs, ys = again.integers(0, WIDTH_PX, count), again.integers(-10, HEIGHT_PX, count)
        lengths, lights = (
            again.integers(2, longest + 1, count),
            again.uniform(0.3, 1, count) * bright,
        )
        for x, y, length, light in zip(xs, ys, lengths, lights, strict=True):
            if is_snow:
                cv2.circle(streaks, (int(x), int(y)), int(length) // 6 + 1, float(light), -1)
            else:
                end = (int(x + slant * length), int(y + length))
                cv2.line(streaks, (int(x), int(y)), end, float(light), 1)
        return picture + cv2.GaussianBlur(streaks, (0, 0), 0.6)

    return change


def lens_drops(random: Random) -> Nuisance:
    """Put drops on the glass: they blur what is behind, and creep."""
    drops = [(random.uniform(0, WIDTH_PX), random.uniform(0, HEIGHT_PX), random.uniform(6, 26))
             for _ in range(random.integers(1, 6))]  # fmt: skip
    creep = random.uniform(0, 6)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        mask = np.zeros_like(picture)
        for x, y, radius in drops:
            cv2.circle(mask, (int(x), int(y + creep * at_s)), int(radius), 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 3)
        return picture + mask * (cv2.GaussianBlur(picture, (0, 0), 4) - picture)

    return change


def headlights(random: Random) -> Nuisance:
    """Cones of light that sweep over ground and walls."""
    beams = [(random.uniform(0, WIDTH_PX), random.uniform(-140, 140), random.uniform(40, HEIGHT_PX),
              random.uniform(-20, 20), random.uniform(15, 90), random.uniform(10, 50),
              random.uniform(10, 110)) for _ in range(random.integers(1, 4))]  # fmt: skip
    dark = random.uniform(0.25, 1.0)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        picture = picture * dark
        for x, dx, y, dy, wide, high, bright in beams:
            spot = ((_COLUMNS - x - dx * at_s) / wide) ** 2 + ((_ROWS - y - dy * at_s) / high) ** 2
            picture = picture + np.exp(-spot) * bright * (0.4 + picture / 255)
        return picture

    return change


def clouds(random: Random) -> Nuisance:
    """Shade with a soft edge that wanders."""
    angle, wave = random.uniform(0, 2 * np.pi), random.uniform(60, 400)
    pace, depth, edge = random.uniform(-60, 60), random.uniform(0.05, 0.4), random.uniform(0.5, 4)
    along = (np.cos(angle) * _COLUMNS + np.sin(angle) * _ROWS).astype(np.float32)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        return picture * (
            1 - depth * (0.5 + 0.5 * np.tanh(edge * np.sin((along - pace * at_s) / wave * 6.28)))
        )

    return change


def exposure(random: Random) -> Nuisance:
    """Gain that steps or hunts."""
    step, at, hunt = random.uniform(-0.5, 0.5), random.uniform(-3, 0.5), random.uniform(0, 0.08)
    pace, shift = random.uniform(0.5, 8), random.uniform(-25, 25)
    slope_s = random.choice([0.01, 0.3, 1.5])

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        share = float(np.clip((at_s - at) / slope_s, 0, 1))
        return picture * (1 + step * share + hunt * np.sin(pace * at_s)) + shift * share

    return change


def infrared(random: Random) -> Nuisance:
    """Switch the filter: brightness by another rule, from one frame to the next."""
    at, mix = random.uniform(-3, 0.3), random.uniform(-0.6, 0.5)
    lift, gamma = random.uniform(0, 60), random.uniform(0.5, 1.8)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        if at_s < at:
            return picture
        bent = 255 * (np.clip(picture, 0, 255) / 255) ** gamma
        return lift + mix * (255 - picture) * 0.3 + (1 - abs(mix)) * bent

    return change


def leaves(random: Random) -> Nuisance:
    """Sway a few regions to and fro, as trees, flags and cables do."""
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    for _ in range(random.integers(1, 5)):
        middle = (int(random.integers(0, WIDTH_PX)), int(random.integers(0, HEIGHT_PX)))
        axes = (int(random.integers(10, 110)), int(random.integers(8, 70)))
        cv2.ellipse(mask, middle, axes, random.uniform(0, 180), 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 4)
    force, pace = random.uniform(0.4, 3.2), random.uniform(2, 9)
    phase = _COLUMNS * random.uniform(0.02, 0.4) + _ROWS * random.uniform(0.02, 0.4)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        sway = (mask * force * np.sin(pace * at_s + phase)).astype(np.float32)
        return cv2.remap(
            picture,
            _COLUMNS + sway,
            _ROWS + 0.5 * sway,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )

    return change


def ripples(random: Random) -> Nuisance:
    """Glitter on water or a wet road."""
    top, force = int(random.integers(30, 150)), random.uniform(4, 28)
    pace, short = random.uniform(3, 12), random.uniform(0.1, 0.7)

    def change(picture: Plane, at_s: float, again: Random) -> Plane:
        glitter = np.sin(_ROWS * short + pace * at_s + 3 * grain(again, 0.9)) * force
        return picture + np.where(top < _ROWS, glitter * np.minimum(1, (_ROWS - top) / 20), 0)

    return change


def shake(random: Random) -> Nuisance:
    """Shake the mast, in the wind or beside lorries; three pixels of 640 either way."""
    force, turn = random.uniform(0.2, 1.6), random.uniform(0, 0.003)

    def change(picture: Plane, _at_s: float, again: Random) -> Plane:
        x, y = again.uniform(-force, force, 2)
        angle = again.uniform(-turn, turn)
        move = np.array([[1, -angle, x], [angle, 1, y]], np.float32)
        return cv2.warpAffine(picture, move, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REPLICATE)

    return change


def clock(random: Random) -> Nuisance:
    """Digits in a corner that change each second."""
    x, y = int(random.integers(0, 200)), int(random.choice([12, 22, HEIGHT_PX - 6]))
    scale = random.uniform(0.3, 0.6)

    def change(picture: Plane, at_s: float, again: Random) -> Plane:
        words = f"2026-11-24 {int(again.integers(10, 24))}:{int(again.integers(10, 60))}:{int(at_s) % 60:02d}"
        letters = np.zeros(picture.shape, np.uint8)
        cv2.putText(letters, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1)
        return picture + letters.astype(np.float32) / 255 * (250 - picture)

    return change


def insects(random: Random) -> Nuisance:
    """Moths in front of the infrared lamp: bright, blurred, anywhere else in the next frame."""
    count, bright = int(random.integers(1, 5)), random.uniform(20, 150)

    def change(picture: Plane, _at_s: float, again: Random) -> Plane:
        trails = np.zeros_like(picture)
        for _ in range(count):
            x, y = again.uniform(0, WIDTH_PX), again.uniform(0, HEIGHT_PX)
            dx, dy = again.normal(0, 18, 2)
            cv2.line(
                trails,
                (int(x), int(y)),
                (int(x + dx), int(y + dy)),
                bright,
                int(again.integers(1, 6)),
            )
        return picture + cv2.GaussianBlur(trails, (0, 0), again.uniform(1, 3.5))

    return change


def shadows(random: Random) -> Nuisance:
    """Soft dark shapes that sway: branches and awnings between sun and street."""
    blobs = [(random.uniform(0, WIDTH_PX), random.uniform(0, HEIGHT_PX), random.uniform(4, 40))
             for _ in range(random.integers(1, 9))]  # fmt: skip
    depth, pace, force = random.uniform(0.1, 0.5), random.uniform(0.5, 5), random.uniform(1, 7)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        mask = np.zeros_like(picture)
        sway = force * np.sin(pace * at_s)
        for x, y, radius in blobs:
            cv2.circle(mask, (int(x + sway), int(y + 0.3 * sway)), int(radius), 1.0, -1)
        return picture * (1 - depth * cv2.GaussianBlur(mask, (0, 0), 3))

    return change


MAKERS: tuple[Callable[[Random], Nuisance], ...] = (
    rain, lens_drops, headlights, clouds, exposure, infrared, leaves, ripples, shake, clock,
    insects, shadows,
)  # fmt: skip
