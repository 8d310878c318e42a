"""The picture an operator judges by: the whole scene, small, with a close-up of what was seen.

At most 25 KB, because it travels over 4G with every alert. The close-up is taken from the frame
at full resolution: a person who is 20 pixels tall in the small picture is still a person there.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Track

MOST_BYTES = 25_000
_WIDTH_PX = 480
_QUALITIES = (82, 72, 62, 52, 42, 32)
# Amber on black: visible by day, by night and to the colour-blind.
_AMBER = (0, 176, 255)
_BLACK = (0, 0, 0)
# The close-up shows the object with this much around it, and takes this share of the picture.
_CLOSE_UP_MARGIN = 0.35
_CLOSE_UP_SHARE = 0.42
# An object this tall in the small picture needs no close-up.
_TALL_ENOUGH = 0.45

Picture = NDArray[np.uint8]


def draw_thumbnail(frame: Frame, track: Track | None) -> tuple[bytes, int, int]:
    """Return a JPEG of at most 25 KB, its width and its height in pixels.

    Without a track it is the scene alone.
    """
    whole = _to_bgr(frame, Box(0.0, 0.0, 1.0, 1.0))
    height_px = round(frame.height_px * _WIDTH_PX / frame.width_px)
    small: Picture = cv2.resize(whole, (_WIDTH_PX, height_px), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # cv2 types every picture as any number
    if track is not None:
        _outline(small, track)
        if track.box.height < _TALL_ENOUGH:
            _lay_in_close_up(small, frame, track.box)
    return _encode(small)


def _to_bgr(frame: Frame, part: Box) -> Picture:
    return cv2.cvtColor(frame.cut(part), cv2.COLOR_YUV2BGR_I420)  # type: ignore[return-value]  # as above


def _outline(picture: Picture, track: Track) -> None:
    height_px, width_px = picture.shape[:2]
    box = track.box.clipped()
    corner = (round(box.left * width_px), round(box.top * height_px))
    opposite = (round(box.right * width_px), round(box.bottom * height_px))
    cv2.rectangle(picture, corner, opposite, _BLACK, 3)
    cv2.rectangle(picture, corner, opposite, _AMBER, 1)
    words = f"{track.label.replace('_', '-')} {track.score:.0%}"
    (wide, tall), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
    left = min(max(0, corner[0]), width_px - wide - 6)
    bottom = corner[1] - 2 if corner[1] > tall + 8 else opposite[1] + tall + 6
    cv2.rectangle(picture, (left, bottom - tall - 5), (left + wide + 6, bottom + 2), _BLACK, -1)
    place = (left + 3, bottom - 2)
    cv2.putText(picture, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, _AMBER, 1, cv2.LINE_AA)


def _lay_in_close_up(picture: Picture, frame: Frame, box: Box) -> None:
    """Put an enlarged cut of the object into the upper corner farther from it."""
    height_px, width_px = picture.shape[:2]
    side_px = round(height_px * _CLOSE_UP_SHARE)
    close = cv2.resize(_to_bgr(frame, _square_around(frame, box)), (side_px, side_px))
    left = 0 if box.centre.x > 0.5 else width_px - side_px  # noqa: PLR2004 (the middle)
    top = height_px - side_px if _covers(box, left / width_px, _CLOSE_UP_SHARE) else 0
    picture[top : top + side_px, left : left + side_px] = close
    cv2.rectangle(picture, (left, top), (left + side_px - 1, top + side_px - 1), _AMBER, 1)


def _covers(box: Box, left: float, share: float) -> bool:
    """Tell whether a close-up in the upper corner at `left` would hide the object itself."""
    return box.top < share and box.left < left + share and box.right > left


def _square_around(frame: Frame, box: Box) -> Box:
    """Return a square in pixels around the box with a margin, inside the picture."""
    width_px, height_px = frame.width_px, frame.height_px
    side_px = max(box.width * width_px, box.height * height_px) * (1 + 2 * _CLOSE_UP_MARGIN)
    side_px = min(max(side_px, 48.0), width_px, height_px)
    wide, tall = side_px / width_px, side_px / height_px
    left = min(max(0.0, box.centre.x - wide / 2), 1.0 - wide)
    top = min(max(0.0, box.centre.y - tall / 2), 1.0 - tall)
    return Box(left, top, left + wide, top + tall)


def _encode(picture: Picture) -> tuple[bytes, int, int]:
    """Return the best JPEG under the limit and its size: first less quality, then half the size."""
    height_px, width_px = picture.shape[:2]
    for quality in _QUALITIES:
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if jpeg.size <= MOST_BYTES:
            return jpeg.tobytes(), width_px, height_px
    half: Picture = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # as above
    return _encode(half)
