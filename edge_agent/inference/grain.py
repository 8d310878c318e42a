"""The grain of a night: how strong it is, and a picture with less of it."""

import cv2
import numpy as np

from edge_agent.domain.frame import Plane

# From so many grey levels on (of 320x180; rain makes 0.5, a shaken mast 1.2, a lit night 2 to 4) a picture is
# smoothed by so many pixels and takes this share of the one before, unless that is longer ago, in seconds.
GRAINY, _SMOOTHED_PX, BLENDED, BLENDED_WITHIN_S = 4.5, 0.5, 0.42, 0.7
# From so many on it is a noisy night: an outline is told otherwise, and light that moves counts.
NOISY = 1.7
# Every so-many-th row tells.
_EVERY_ROW = 20
# The mean of the smaller half of |x| where x has a deviation of 2: what sways and moves is in the other.
_SMALLER_HALF = 0.649


def grain(picture: Plane, before: Plane) -> float:
    """Return the deviation, in grey levels, of what is neither in its neighbours nor in both pictures.

    Light and shade change together with their neighbours.
    """
    change = cv2.subtract(picture[::_EVERY_ROW], before[::_EVERY_ROW], dtype=cv2.CV_16S)
    # Two grains of each picture: twice the deviation of one.
    alone = cv2.absdiff(change[:, 2:], change[:, :-2]).ravel()
    half = alone.size // 2
    return float(np.partition(alone, half)[:half].mean()) / _SMALLER_HALF


def blended(picture: Plane, expected: Plane, before: Plane, expected_before: Plane) -> Plane:
    """Return the picture with a share of how the one before it differed from what was expected.

    Not of the one before itself: that was in another light.
    """
    differs = cv2.subtract(picture, expected, dtype=cv2.CV_16S)
    differs = cv2.GaussianBlur(differs, (3, 3), _SMOOTHED_PX)
    differed = cv2.subtract(before, expected_before, dtype=cv2.CV_16S)
    mixed = cv2.addWeighted(differs, 1 - BLENDED, differed, BLENDED, 0)
    return np.asarray(cv2.add(expected, mixed, dtype=cv2.CV_8U), np.uint8)
