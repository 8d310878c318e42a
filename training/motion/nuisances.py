"""What moves in a picture without any thing moving: light, weather, leaves, the camera itself.

Each maker draws its own numbers once and returns a function of picture and time, in seconds from
the scene's beginning. None of this code is shared with `bench/motion`, which judges.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training.motion.world import (
    HEIGHT_PX,
    SCENE_S,
    WIDTH_PX,
    Nuisance,
    Plane,
    grain,
)

Random = np.random.Generator

# Soft things are drawn on every fourth pixel and enlarged; that is ten times as fast.
_COARSE = (WIDTH_PX // 4, HEIGHT_PX // 4)
_X, _Y = np.meshgrid(
    np.linspace(1.5, WIDTH_PX - 2.5, _COARSE[0], dtype=np.float32),
    np.linspace(1.5, HEIGHT_PX - 2.5, _COARSE[1], dtype=np.float32),
)
_COLUMNS, _ROWS = np.meshgrid(
    np.arange(WIDTH_PX, dtype=np.float32), np.arange(HEIGHT_PX, dtype=np.float32)
)


def rain(random: Random) -> Nuisance:
    """Streaks of rain or flakes of snow, new ones in each picture."""
    count, is_snow = int(random.integers(20, 240)), random.random() < 0.3  # noqa: PLR2004 (share)
    slant, bright = random.uniform(-0.4, 0.4), random.uniform(8, 80)
    longest, wide = int(random.integers(5, 44)), int(random.integers(1, 3))

    def change(picture: Plane, _at_s: float, again: Random) -> Plane:
        streaks = np.zeros_like(picture)
        xs, ys = again.integers(0, WIDTH_PX, count), again.integers(-20, HEIGHT_PX, count)
        lengths = again.integers(3, longest + 1, count)
        lights = again.uniform(0.3, 1, count) * bright
        for x, y, length, light in zip(xs, ys, lengths, lights, strict=True):
            if is_snow:
                cv2.circle(streaks, (int(x), int(y)), int(length) // 8 + 1, float(light), -1)
            else:
                end = (int(x + slant * length), int(y + length))
                cv2.line(streaks, (int(x), int(y)), end, float(light), wide)
        return picture + cv2.GaussianBlur(streaks, (0, 0), 0.8)

    return change


def lens_drops(random: Random) -> Nuisance:
    """Put drops on the glass: they blur what is behind, come one by one, hang, creep or run down."""
    drops = [(random.uniform(0, WIDTH_PX), random.uniform(-40, HEIGHT_PX), random.uniform(8, 52),
              random.choice([-1.0, random.uniform(0, SCENE_S)]),
              random.choice([0.0, random.uniform(0, 12), random.uniform(12, 90)]),
              random.uniform(0, 4)) for _ in range(random.integers(1, 8))]  # fmt: skip
    soft, clear, lift = random.uniform(1, 3), random.uniform(0.7, 1.05), random.uniform(-10, 30)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        mask = np.zeros(_COARSE[::-1], np.float32)
        for x, y, radius, came_s, pace, hangs_s in drops:
            if at_s >= came_s:
                ran = pace * max(0.0, at_s - came_s - hangs_s)
                cv2.circle(mask, (int(x / 4), int((y + ran) / 4)), int(radius / 4), 1.0, -1)
        blurred = _fine(cv2.GaussianBlur(cv2.resize(picture, _COARSE), (0, 0), soft))
        seen = np.float32(clear) * blurred + np.float32(lift)
        return picture + _fine(cv2.GaussianBlur(mask, (0, 0), 1.0)) * (seen - picture)

    return change


def headlights(random: Random) -> Nuisance:
    """Cones of light that sweep over ground and walls, and come again."""
    beams = [(random.uniform(-200, WIDTH_PX + 200), random.uniform(-360, 360),
              random.uniform(80, HEIGHT_PX), random.uniform(-40, 40), random.uniform(30, 180),
              random.uniform(20, 100), random.uniform(10, 120), random.uniform(3, 9),
              random.uniform(0, 9)) for _ in range(random.integers(1, 4))]  # fmt: skip
    dark = random.uniform(0.2, 0.9)
    # In wet air a beam hides as much as it shows.
    haze = random.uniform(0, 1)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        light = np.zeros(_COARSE[::-1], np.float32)
        for x, dx, y, dy, wide, high, bright, again_s, began_s in beams:
            since_s = (at_s + began_s) % again_s - again_s / 2
            spot = ((_X - x - dx * since_s) / wide) ** 2 + ((_Y - y - dy * since_s) / high) ** 2
            light += np.exp(-spot) * np.float32(bright)
        return picture * np.float32(dark) + _fine(light) * (0.4 + (1 - haze) * picture / 255)

    return change


def clouds(random: Random) -> Nuisance:
    """Shade with a soft edge that wanders."""
    angle, wave = random.uniform(0, 2 * np.pi), random.uniform(120, 1000)
    pace, depth, edge = (
        random.uniform(-140, 140),
        random.uniform(0.05, 0.45),
        random.uniform(0.5, 4),
    )
    along = (np.cos(angle) * _X + np.sin(angle) * _Y).astype(np.float32)
    hunt, rate = random.uniform(0, 0.06), random.uniform(0.5, 4)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        wander = np.tanh(edge * np.sin((along - pace * at_s) / wave * 6.28))
        gain = (1 - depth * (0.5 + 0.5 * wander)) * (1 + hunt * np.sin(rate * at_s))
        return picture * _fine(gain.astype(np.float32))

    return change


def exposure(random: Random) -> Nuisance:
    """Gain that steps or hunts."""
    step, at, hunt = random.uniform(-0.5, 0.5), random.uniform(-1, SCENE_S), random.uniform(0, 0.08)
    pace, shift = random.uniform(0.5, 8), random.uniform(-25, 25)
    slope_s = random.choice([0.01, 0.3, 1.5, 5.0])

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        share = float(np.clip((at_s - at) / slope_s, 0, 1))
        return picture * np.float32(1 + step * share + hunt * np.sin(pace * at_s)) + shift * share

    return change


def infrared(random: Random) -> Nuisance:
    """Switch the filter: brightness by another rule, from one frame to the next."""
    at, mix = random.uniform(-SCENE_S / 2, SCENE_S), random.uniform(-0.7, 0.7)
    lift, gamma = random.uniform(0, 60), random.uniform(0.5, 1.8)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        if at_s < at:
            return picture
        bent = 255 * (np.clip(picture, 0, 255) / 255) ** np.float32(gamma)
        return lift + mix * (255 - picture) * 0.3 + (1 - abs(mix)) * bent

    return change


def dusk(random: Random) -> Nuisance:
    """Turn day into night: little light is left, and little contrast."""
    at = random.choice([-1.0, random.uniform(0, SCENE_S)])
    left, lift = random.uniform(0.15, 0.6), random.uniform(0, 20)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        return picture * np.float32(left) + np.float32(lift) if at_s >= at else picture

    return change


def leaves(random: Random) -> Nuisance:
    """Sway a few regions to and fro, as trees, flags and cables do."""
    mask = np.zeros(_COARSE[::-1], np.float32)
    for _ in range(random.integers(1, 5)):
        middle = (int(random.integers(0, _COARSE[0])), int(random.integers(0, _COARSE[1])))
        axes = (int(random.integers(5, 56)), int(random.integers(4, 36)))
        cv2.ellipse(mask, middle, axes, random.uniform(0, 180), 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 2)
    force, pace = random.uniform(0.8, 6.4), random.uniform(2, 9)
    phase = _X * random.uniform(0.01, 0.2) + _Y * random.uniform(0.01, 0.2)
    gust = random.uniform(0, 0.5)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        swing = mask * force * (1 - gust + gust * np.sin(0.7 * at_s)) * np.sin(pace * at_s + phase)
        sway = _fine(swing.astype(np.float32))
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
    top, force = int(random.integers(60, 300)), random.uniform(4, 28)
    pace, short = random.uniform(3, 12), random.uniform(0.05, 0.4)
    fade = np.clip((_ROWS - top) / 40, 0, 1)

    def change(picture: Plane, at_s: float, again: Random) -> Plane:
        wave = _Y * short + pace * at_s + 3 * cv2.resize(grain(again, 0.9), _COARSE)
        return picture + _fine(np.sin(wave).astype(np.float32)) * force * fade

    return change


def shake(random: Random) -> Nuisance:
    """Shake the mast, in the wind or beside lorries; three pixels of 640 either way."""
    force, turn = random.uniform(0.4, 3.4), random.uniform(0, 0.002)
    sway, pace = random.uniform(0, 3), random.uniform(1, 12)

    def change(picture: Plane, at_s: float, again: Random) -> Plane:
        x, y = again.uniform(-force, force, 2)
        x, angle = x + sway * np.sin(pace * at_s), again.uniform(-turn, turn)
        move = np.array([[1, -angle, x + angle * 180], [angle, 1, y - angle * 320]], np.float32)
        return cv2.warpAffine(picture, move, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REPLICATE)

    return change


def flags(random: Random) -> Nuisance:
    """Hang out one to three striped cloths that never rest."""
    cloths = [_cloth(random) for _ in range(random.integers(1, 4))]

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        shown = picture.copy()
        for (left, top), cloth, force, pace, bend in cloths:
            height, wide = cloth.shape
            along = np.arange(wide, dtype=np.float32)
            wave = np.sin(pace * at_s - bend * along)
            rows = np.arange(height + 24, dtype=np.float32)[:, None] - 12 - force * along * wave
            columns = np.broadcast_to(along, rows.shape).astype(np.float32)
            lit = cv2.remap(
                cloth, columns, rows.astype(np.float32), cv2.INTER_LINEAR, borderValue=-1
            )
            lit = np.where(lit >= 0, lit * (1 + 0.15 * np.cos(pace * at_s - bend * along)), -1)
            below = shown[top : top + height + 24, left : left + wide]
            lit = lit[: below.shape[0], : below.shape[1]]
            below[:] = np.where(lit >= 0, lit, below)
        return shown

    return change


def _cloth(random: Random) -> tuple[tuple[int, int], Plane, float, float, float]:
    wide, high = int(random.integers(16, 90)), int(random.integers(12, 60))
    place = int(random.integers(0, WIDTH_PX - wide)), int(random.integers(0, HEIGHT_PX - high))
    stripes = random.uniform(20, 235, int(random.integers(1, 4)))
    rows = np.linspace(0, len(stripes) - 1e-3, high).astype(int)
    cloth = np.repeat(stripes[rows][:, None], wide, axis=1).astype(np.float32)
    pace, bend = random.uniform(3, 10), random.uniform(0.05, 0.3)
    return place, cloth, float(random.uniform(0.02, 0.12)), float(pace), float(bend)


def clock(random: Random) -> Nuisance:
    """Digits in a corner that change each second."""
    x, y = int(random.integers(0, 400)), int(random.choice([24, 44, HEIGHT_PX - 12]))
    scale = random.uniform(0.5, 1.1)
    has_rim = random.random() < 0.5  # noqa: PLR2004 (a coin)
    hour, minute = random.integers(10, 24), random.integers(10, 60)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        words = f"2026-11-24 {hour}:{minute}:{int(at_s) % 60:02d}"
        letters, rim = np.zeros((2, *picture.shape), np.uint8)
        cv2.putText(letters, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 2)
        if has_rim:
            cv2.putText(rim, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 5)
            picture = np.where(rim > 0, np.float32(0), picture)
        return picture + letters.astype(np.float32) / 255 * (250 - picture)

    return change


def insects(random: Random) -> Nuisance:
    """Fly moths before the infrared lamp, bright and blurred: some are elsewhere in the next frame."""
    count, bright = int(random.integers(1, 5)), random.uniform(20, 150)
    # Near the lens they are large, and their way can be seen.
    near = [(random.uniform(0, _COARSE[0]), random.uniform(0, _COARSE[1]), random.uniform(-90, 90),
             random.uniform(-40, 40), random.uniform(2, 14), random.uniform(2, 12),
             random.uniform(1, 6), random.uniform(2, 8), random.uniform(0, 8))
            for _ in range(random.integers(0, 4))]  # fmt: skip

    def change(picture: Plane, at_s: float, again: Random) -> Plane:
        trails = np.zeros(_COARSE[::-1], np.float32)
        for _ in range(again.integers(0, count + 1)):
            x, y = again.uniform(0, _COARSE[0]), again.uniform(0, _COARSE[1])
            dx, dy = again.normal(0, 9, 2)
            ends = (int(x), int(y)), (int(x + dx), int(y + dy))
            cv2.line(trails, *ends, bright, int(again.integers(1, 4)))
        for x, y, dx, dy, swing, pace, radius, again_s, began_s in near:
            since_s = (at_s + began_s) % again_s - again_s / 2
            place = x + dx * since_s, y + dy * since_s + swing * np.sin(pace * since_s)
            cv2.circle(trails, (int(place[0]), int(place[1])), int(radius), bright, -1)
        return picture + _fine(cv2.GaussianBlur(trails, (0, 0), again.uniform(0.5, 1.7)))

    return change


def shadows(random: Random) -> Nuisance:
    """Soft dark shapes that sway: branches and awnings between sun and street."""
    blobs = [(random.uniform(0, _COARSE[0]), random.uniform(0, _COARSE[1]), random.uniform(2, 20))
             for _ in range(random.integers(1, 9))]  # fmt: skip
    depth, pace, force = random.uniform(0.1, 0.5), random.uniform(0.5, 5), random.uniform(0.5, 3.5)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        mask = np.zeros(_COARSE[::-1], np.float32)
        sway = force * np.sin(pace * at_s)
        for x, y, radius in blobs:
            cv2.circle(mask, (int(x + sway), int(y + 0.3 * sway)), int(radius), 1.0, -1)
        return picture * _fine(1 - depth * cv2.GaussianBlur(mask, (0, 0), 1.5))

    return change


def lamps(random: Random) -> Nuisance:
    """Lamps and signs that blink or change where they hang."""
    spots = [(random.uniform(0, _COARSE[0]), random.uniform(0, _COARSE[1]), random.uniform(1, 14),
              random.uniform(-60, 110), random.uniform(0.4, 6), random.uniform(0, 6))
             for _ in range(random.integers(1, 5))]  # fmt: skip

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        light = np.zeros(_COARSE[::-1], np.float32)
        for x, y, radius, bright, period_s, began_s in spots:
            if (at_s + began_s) % period_s < period_s / 2:
                cv2.circle(light, (int(x), int(y)), int(radius), bright, -1)
        return picture + _fine(cv2.GaussianBlur(light, (0, 0), 1.5))

    return change


def street_lamp(random: Random) -> Nuisance:
    """Switch one lamp on or off, once: a round of light on the ground, warm-up included."""
    x, y = random.uniform(0, WIDTH_PX), random.uniform(0, HEIGHT_PX)
    wide, high = random.uniform(60, 260), random.uniform(40, 180)
    bright, at = random.uniform(15, 90), random.uniform(-1, SCENE_S)
    warm_s, is_on = random.choice([0.01, 0.4, 2.0]), random.random() < 0.5  # noqa: PLR2004 (a coin)
    spot = np.exp(-(((_X - x) / wide) ** 2) - ((_Y - y) / high) ** 2).astype(np.float32)

    def change(picture: Plane, at_s: float, _again: Random) -> Plane:
        share = float(np.clip((at_s - at) / warm_s, 0, 1))
        light = bright * (share if is_on else 1 - share)
        return picture + _fine(spot * np.float32(light)) * (0.4 + picture / 255)

    return change


def _fine(coarse: Plane) -> Plane:
    return np.asarray(cv2.resize(coarse, (WIDTH_PX, HEIGHT_PX)), np.float32)


MAKERS: tuple[Callable[[Random], Nuisance], ...] = (
    rain, lens_drops, headlights, clouds, exposure, infrared, dusk, leaves, ripples, shake, clock,
    insects, shadows, lamps, street_lamp, flags,
)  # fmt: skip
