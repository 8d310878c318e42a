"""Who says that something moves: ours, OpenCV's two, and one built as Frigate's is described."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import cv2
import numpy as np

from bench.motion.nuisances import HEIGHT_PX, WIDTH_PX, Box, Picture
from edge_agent.domain.frame import Frame
from edge_agent.inference.motion import BlockMotion
from edge_agent.inference.options import MotionOptions

# Smaller than the walker's legs, so that no rival loses them to a size limit: at 320x180.
_LEAST_AREA_PX = 12
_HALF = (WIDTH_PX // 2, HEIGHT_PX // 2)


class Contender(Protocol):
    """Follows one camera; give it the pictures in order."""

    def watch(self, picture: Picture, at_s: float) -> list[Box]:
        """Return where something moves, in pixels of the picture."""
        ...


class Ours:
    """What we ship."""

    def __init__(self) -> None:
        self._motion = BlockMotion(MotionOptions())
        grey = np.full((HEIGHT_PX // 2, WIDTH_PX // 2), 128, np.uint8)
        self._grey = grey

    def watch(self, picture: Picture, at_s: float) -> list[Box]:
        """Return where something moves."""
        frame = Frame(
            taken_at=at_s,
            camera_wall=None,
            received_wall=at_s,
            luma=picture,
            chroma_blue=self._grey,
            chroma_red=self._grey,
        )
        return [
            (
                round(area.left * WIDTH_PX),
                round(area.top * HEIGHT_PX),
                round(area.right * WIDTH_PX),
                round(area.bottom * HEIGHT_PX),
            )
            for area in self._motion.watch(frame).areas
        ]


class OfOpenCV:
    """A background subtractor at half size, specks opened away.

    Without its shadow test, which takes every dark walker for a shadow.
    """

    def __init__(self, kind: str) -> None:
        make = {
            "MOG2": cv2.createBackgroundSubtractorMOG2,
            "KNN": cv2.createBackgroundSubtractorKNN,
        }
        self._model = make[kind](history=300, detectShadows=False)
        self._kernel = np.ones((3, 3), np.uint8)

    def watch(self, picture: Picture, at_s: float) -> list[Box]:  # noqa: ARG002 (the protocol)
        """Return where something moves."""
        small = cv2.resize(picture, _HALF, interpolation=cv2.INTER_AREA)
        mask = (self._model.apply(small) > 0).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, self._kernel)
        return _boxes(cv2.dilate(mask, self._kernel, iterations=2), 2.0, _LEAST_AREA_PX)


class LikeFrigate:
    """A running average with contrast stretch, written from the description of Frigate 0.16's.

    100 rows, blur, the middle 92 % of grey stretched over 50 frames' range, difference above 30,
    contours of ten pixels or more; more than 80 % of the picture means calibrating anew.
    """

    _ROWS = 100
    _RATE, _CALIBRATING_RATE = 0.01, 0.1
    _STEP, _LEAST, _LIGHTNING = 30, 10, 0.8

    def __init__(self) -> None:
        self._size = (round(WIDTH_PX * self._ROWS / HEIGHT_PX), self._ROWS)
        self._usual = np.zeros((self._ROWS, self._size[0]), np.float32)
        self._ranges: deque[tuple[float, float]] = deque([(0.0, 255.0)] * 50, maxlen=50)
        self._is_calibrating = True

    def watch(self, picture: Picture, at_s: float) -> list[Box]:  # noqa: ARG002 (the protocol)
        """Return where something moves; nothing while it calibrates."""
        small = cv2.resize(picture, self._size, interpolation=cv2.INTER_LINEAR)
        low, high = np.percentile(small, [4, 96])
        self._ranges.append((float(low), float(high)))
        low, high = np.mean(self._ranges, axis=0)
        small = np.clip((small - low) * 255.0 / max(1.0, high - low), 0, 255).astype(np.uint8)
        small = cv2.GaussianBlur(small, (3, 3), 1)
        difference = cv2.absdiff(small, cv2.convertScaleAbs(self._usual))
        _, mask = cv2.threshold(difference, self._STEP, 1, cv2.THRESH_BINARY)
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=1)
        boxes = _boxes(mask, HEIGHT_PX / self._ROWS, self._LEAST)
        share = float(mask.mean())
        if share > self._LIGHTNING:
            self._is_calibrating = True
        elif share < 0.05:  # noqa: PLR2004 (calm again)
            self._is_calibrating = False
        rate = self._CALIBRATING_RATE if self._is_calibrating else self._RATE
        cv2.accumulateWeighted(small, self._usual, rate)
        return [] if self._is_calibrating else boxes


def _boxes(mask: Picture, scale: float, least_px: int) -> list[Box]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        if cv2.contourArea(contour) >= least_px:
            x, y, width, height = cv2.boundingRect(contour)
            box = (x, y, x + width, y + height)
            found.append((round(box[0] * scale), round(box[1] * scale),
                          round(box[2] * scale), round(box[3] * scale)))  # fmt: skip
    return found


def contenders() -> dict[str, Contender]:
    """Return one of each, new."""
    return {
        "ours": Ours(),
        "MOG2": OfOpenCV("MOG2"),
        "KNN": OfOpenCV("KNN"),
        "Frigate-style": LikeFrigate(),
    }
