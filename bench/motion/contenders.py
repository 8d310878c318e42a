"""Who says that something moves: ours, OpenCV's two, and one built as Frigate's is described."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from bench.motion.blocks import THRESHOLD, BlockMotion
from bench.motion.painter import HEIGHT_PX, WIDTH_PX, Box, Picture
from edge_agent.domain.frame import Frame
from edge_agent.inference.motion import Motion
from edge_agent.inference.motion_file import open_motion
from edge_agent.inference.options import MotionOptions

# Smaller than the walker's legs, so that no rival loses them to a size limit: at 320x180.
_LEAST_AREA_PX = 12
# Frames that OpenCV's two remember: a minute.
_HISTORY = 300
_HALF = (WIDTH_PX // 2, HEIGHT_PX // 2)


class Contender(Protocol):
    """Follows one camera; give it the pictures in order."""

    def watch(self, picture: Picture, at_s: float) -> list[Box]:
        """Return where something moves, in pixels of the picture."""
        ...


class _Stage(Protocol):
    """What the agent puts into a camera's pipeline for motion."""

    def watch(self, frame: Frame) -> Motion:
        """Return what moves."""
        ...


def _shipped(threshold: float | None) -> _Stage:
    """Return what `edge_agent.daemon.assemble` builds for each camera."""
    return open_motion(
        MotionOptions() if threshold is None else MotionOptions(least_score=threshold)
    )


def _blocks(threshold: float | None) -> _Stage:
    """Return what the agent had before its network."""
    return BlockMotion(THRESHOLD if threshold is None else threshold)


class Ours:
    """A motion stage of the agent's."""

    def __init__(self, stage: _Stage) -> None:
        self._stage = stage
        self._grey = np.full((HEIGHT_PX // 2, WIDTH_PX // 2), 128, np.uint8)

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
            for area in self._stage.watch(frame).areas
        ]


class OfOpenCV:
    """A background subtractor at half size, specks opened away.

    Without its shadow test, which takes every dark walker for a shadow.
    """

    def __init__(self, model: cv2.BackgroundSubtractor) -> None:
        self._model = model
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

    def __init__(self, step: float | None = None) -> None:
        self._step = self._STEP if step is None else step
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
        _, mask = cv2.threshold(difference, self._step, 1, cv2.THRESH_BINARY)
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


def _mog2(threshold: float | None) -> Contender:
    # 16 is OpenCV's own.
    value = 16.0 if threshold is None else threshold
    model = cv2.createBackgroundSubtractorMOG2(_HISTORY, value, detectShadows=False)
    return OfOpenCV(model)


def _knn(threshold: float | None) -> Contender:
    # 400 is OpenCV's own.
    value = 400.0 if threshold is None else threshold
    model = cv2.createBackgroundSubtractorKNN(_HISTORY, value, detectShadows=False)
    return OfOpenCV(model)


@dataclass(frozen=True, slots=True)
class Entry:
    """How to make a contender, as shipped or with another threshold, and which ones to try."""

    make: Callable[[float | None], Contender]
    thresholds: tuple[float, ...]


ENTRIES = {
    "ours": Entry(lambda value: Ours(_shipped(value)), (0.3, 0.45, 0.75)),
    "blocks": Entry(lambda value: Ours(_blocks(value)), (3.0, 9.0, 14.0)),
    "MOG2": Entry(_mog2, (8.0, 32.0, 64.0)),
    "KNN": Entry(_knn, (200.0, 800.0, 1600.0)),
    "Frigate-style": Entry(LikeFrigate, (15.0, 22.0, 45.0)),
}
# Of all: the threshold they come with.
AS_SHIPPED = None


def contenders() -> dict[str, Contender]:
    """Return one of each, new, as shipped."""
    return {name: entry.make(AS_SHIPPED) for name, entry in ENTRIES.items()}
