"""Night, rain and the blur of motion, laid over a picture."""

import cv2
import numpy as np

from training.objects.boxes import Pixels

# How often each happens: enough to know them, not so often that daylight suffers.
NIGHT, RAIN, MOVED = 0.08, 0.04, 0.06
# Grey levels that a drop's streak adds at most.
BRIGHTEST_DROP = 110.0


def night(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Darken the shadows most, take colour away, tint like a sodium lamp or infrared."""
    ramp = (np.arange(256) / 255) ** random.uniform(1.4, 2.8) * 255
    tint = random.uniform(0.4, 0.85) * np.exp(random.normal(0, 0.12, 3))
    # A camera that has turned its gain up lifts black to grey.
    table = np.clip(ramp[:, None] * tint + random.uniform(0, 14), 0, 255).astype(np.uint8)
    dark = cv2.LUT(pixels, np.ascontiguousarray(table[None]))
    grey = cv2.cvtColor(cv2.cvtColor(dark, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colour = random.uniform(0, 0.8)
    return np.asarray(cv2.addWeighted(dark, colour, grey, 1 - colour, 0), np.uint8)


def rain(pixels: Pixels, random: np.random.Generator, noise: np.ndarray) -> Pixels:
    """Draw bright streaks that fall in one direction, and wash the picture out a little."""
    side = pixels.shape[0]
    y, x = random.integers(0, noise.shape[0] - side, 2)
    drops = (noise[y : y + side, x : x + side, 0] > random.uniform(2.2, 3.0)).astype(np.float32)
    length_px = int(random.integers(7, 22))
    streaks = cv2.filter2D(drops, -1, line(length_px, random.uniform(70, 110)) * length_px)
    layer = np.clip(streaks, 0, 1)[..., None] * random.uniform(30, BRIGHTEST_DROP)
    washed = cv2.addWeighted(pixels, 0.9, np.full_like(pixels, 150), 0.1, 0)
    return np.asarray(cv2.add(washed, np.repeat(layer, 3, 2), dtype=cv2.CV_8U), np.uint8)


def moved(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Smear the picture along one direction, as a long exposure does."""
    streak = line(int(random.integers(3, 10)), random.uniform(0, 180))
    return np.asarray(cv2.filter2D(pixels, -1, streak), np.uint8)


def line(length_px: int, degrees: float) -> np.ndarray:
    """Return a filter that averages along a line."""
    side = length_px | 1
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    reach = middle * np.asarray([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    ends = [tuple(np.round(middle + sign * reach).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return kernel / kernel.sum()
