"""How visible the walker is at all: what somebody who knew their outline could see.

The frame less the median of those a second and two before and after it, filtered with the walker's
own outline. Their answer is compared with those of all other places of the same frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from bench.motion.painter import FRAMES_PER_SECOND, RIM_PX, Box, Moment, Plane

# By then the walker has left their own outline.
_AWAY_S = (-2.0, -1.6, -1.2, 1.2, 1.6, 2.0)
# One frame of ten is looked at: neighbours are nearly the same.
_EVERY = 10
# The mast moves the outline by up to 3 pixels, so the best answer within that counts; everywhere.
_NEAR = np.ones((7, 7), np.uint8)
# A mast moves no further; a larger shift is a mistake of the estimate.
_MOST_SHIFT_PX = 8.0
# Who answers louder than this part of all other places can be pointed at.
_VISIBLE = 0.999


@dataclass(frozen=True, slots=True)
class Answer:
    """The walker's answer in standard deviations of all places' answers, and whether it is theirs.

    Chance alone gives 2 to 3: the best of some fifty neighbouring places counts.
    """

    deviations: float
    is_visible: bool


def answers(moments: Sequence[Moment], *, is_shaken: bool) -> list[Answer]:
    """Return the walker's answers in some of the frames that they are in."""
    walks = [index for index, one in enumerate(moments) if one.person and not one.is_calm]
    return [_answer(moments, index, is_shaken=is_shaken) for index in walks[::_EVERY]]


def _answer(moments: Sequence[Moment], index: int, *, is_shaken: bool) -> Answer:
    moment = moments[index]
    assert moment.person is not None  # noqa: S101 (chosen so)
    assert moment.outline is not None  # noqa: S101 (the two come together)
    now = moment.picture.astype(np.float32)
    others = []
    for away_s in _AWAY_S:
        other = index + round(away_s * FRAMES_PER_SECOND)
        if 0 <= other < len(moments):
            picture = moments[other].picture.astype(np.float32)
            others.append(_steadied(picture, now) if is_shaken else picture)
    change = now - np.median(np.stack(others), axis=0)
    return standing_out(change.astype(np.float32), moment.outline, moment.person)


def standing_out(change: Plane, outline: Plane, person: Box) -> Answer:
    """Return how far the outline's answer at the person stands out of those elsewhere."""
    pattern = outline - outline.mean()
    loudness = np.abs(cv2.matchTemplate(change, pattern, cv2.TM_CCORR))
    best = cv2.dilate(loudness, _NEAR)
    left, top = max(0, person[0] - RIM_PX), max(0, person[1] - RIM_PX)
    here = float(best[top, left])
    height, width = pattern.shape
    elsewhere = np.ones(best.shape, bool)
    elsewhere[max(0, top - height) : top + height, max(0, left - width) : left + width] = False
    # Of a signed answer with mean zero, the mean square is the variance.
    deviation = float(np.sqrt(np.mean(loudness[elsewhere] ** 2)))
    return Answer(here / max(1e-6, deviation), here > float(np.quantile(best[elsewhere], _VISIBLE)))


def _steadied(picture: Plane, now: Plane) -> Plane:
    """Return the picture moved to where the mast holds the camera now."""
    (x, y), _ = cv2.phaseCorrelate(picture, now)
    if max(abs(x), abs(y)) > _MOST_SHIFT_PX:
        return picture
    move = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    steady = cv2.warpAffine(picture, move, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(steady, np.float32)
