"""What the agent saw in a frame, drawn on it: zones, motion, where it looked, what it followed."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.zone import Zone
from edge_agent.pipeline import Seen

Picture = NDArray[np.uint8]
_Colour = tuple[int, int, int]

# Blue, green, red. Grey is what moved, white where the model looked.
_ZONE: _Colour = (255, 190, 60)
_MOTION: _Colour = (150, 150, 150)
_CROP: _Colour = (255, 255, 255)
_DOUBT: _Colour = (120, 200, 255)
_SURE: _Colour = (0, 176, 255)
_ALERT: _Colour = (40, 40, 255)
_WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def draw_seen(frame: Frame, seen: Seen, zones: Sequence[Zone]) -> Picture:
    """Return the frame in BGR, shape (height, width, 3), with everything drawn on it."""
    picture: Picture = np.asarray(cv2.cvtColor(frame.cut(_WHOLE), cv2.COLOR_YUV2BGR_I420), np.uint8)
    for zone in zones:
        _draw_zone(picture, zone)
    for area in seen.motion.areas:
        _draw_box(picture, area, _MOTION, 1)
    for crop in seen.crops:
        _draw_box(picture, crop, _CROP, 1)
    for track in seen.scene.tracks:
        if track.last_seen == seen.scene.taken_at:
            colour = _SURE if track.is_confirmed else _DOUBT
            _draw_box(picture, track.box, colour, 2)
            corner = _pixels(picture, max(0.0, track.box.left), max(0.0, track.box.top))
            _write(picture, f"{track.label} {track.id} {track.score:.2f}", corner, colour)
    if seen.alerts:
        _draw_box(picture, _WHOLE, _ALERT, 8)
    return picture


def _pixels(picture: Picture, x: float, y: float) -> tuple[int, int]:
    return round(x * (picture.shape[1] - 1)), round(y * (picture.shape[0] - 1))


def _draw_zone(picture: Picture, zone: Zone) -> None:
    corners = np.array([_pixels(picture, p.x, p.y) for p in zone.outline.corners], np.int32)
    cv2.polylines(picture, [corners], isClosed=True, color=_ZONE, thickness=2)
    _write(picture, zone.name, (int(corners[0][0]), int(corners[0][1])), _ZONE)


def _draw_box(picture: Picture, box: Box, colour: _Colour, thickness: int) -> None:
    inside = box.clipped()
    upper = _pixels(picture, inside.left, inside.top)
    cv2.rectangle(picture, upper, _pixels(picture, inside.right, inside.bottom), colour, thickness)


def _write(picture: Picture, words: str, corner: tuple[int, int], colour: _Colour) -> None:
    (wide, tall), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    left = min(corner[0], picture.shape[1] - wide - 4)
    bottom = max(tall + 6, corner[1])
    cv2.rectangle(picture, (left, bottom - tall - 6), (left + wide + 4, bottom), (0, 0, 0), -1)
    place = (left + 2, bottom - 4)
    cv2.putText(picture, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
