"""A picture for the center, on demand. The heads of people are made unrecognisable, unless it may see them.

What is blurred is gone: a few blocks of one colour each, and no way back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting

MOST_BYTES = 524_288
_QUALITIES = (88, 78, 68, 55, 40)
# Where a head is: of a person the upper part, of a two-wheeler whoever rides it. Wider than a head, for
# a box ends where the model thinks that somebody does.
_HEAD_SHARE = {Label.PERSON: 0.32, Label.TWO_WHEELER: 0.55}
_MARGIN_WIDE, _MARGIN_TALL = 0.25, 0.12
# Blocks across a head. From a face of 4 x 4 nobody is known.
_BLOCKS = 4

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A JPEG of at most 512 KiB, its size in pixels, and how many heads are blurred in it."""

    jpeg: bytes
    width_px: int
    height_px: int
    blurred: int


def draw_snapshot(frame: Frame, people: Iterable[Sighting] = ()) -> Snapshot:
    """Return the frame as a picture; of these people the heads cannot be recognised."""
    picture: Picture = cv2.cvtColor(  # type: ignore[assignment]  # cv2 types every picture as any number
        frame.cut(Box(0.0, 0.0, 1.0, 1.0)), cv2.COLOR_YUV2BGR_I420
    )
    heads = [head_of(one) for one in people if one.label in _HEAD_SHARE]
    for head in heads:
        _coarsen(picture, head)
    height_px, width_px = picture.shape[:2]
    return _encode(picture, width_px, height_px, len(heads))


def head_of(sighting: Sighting) -> Box:
    """Return where the head of a person or a rider is, with a margin."""
    box, share = sighting.box, _HEAD_SHARE[sighting.label]
    return Box(
        box.left - box.width * _MARGIN_WIDE,
        box.top - box.height * _MARGIN_TALL,
        box.right + box.width * _MARGIN_WIDE,
        box.top + box.height * share,
    ).clipped()


def _coarsen(picture: Picture, part: Box) -> None:
    height, width = picture.shape[:2]
    left, right = int(part.left * width), int(np.ceil(part.right * width))
    top, bottom = int(part.top * height), int(np.ceil(part.bottom * height))
    if right <= left or bottom <= top:
        return
    cut = picture[top:bottom, left:right]
    blocks = (min(_BLOCKS, right - left), min(_BLOCKS, bottom - top))
    small = cv2.resize(cut, blocks, interpolation=cv2.INTER_AREA)
    cut[:] = cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)


def _encode(picture: Picture, width_px: int, height_px: int, blurred: int) -> Snapshot:
    for quality in _QUALITIES:
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if jpeg.size <= MOST_BYTES:
            return Snapshot(jpeg.tobytes(), width_px, height_px, blurred)
    half: Picture = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # as above
    return _encode(half, half.shape[1], half.shape[0], blurred)


def parts_to_search() -> Sequence[Box]:
    """Return the whole picture and its overlapping quarters: small heads are found in these."""
    near, far = 0.0, 0.4
    corners = [(left, top) for left in (near, far) for top in (near, far)]
    return (Box(0.0, 0.0, 1.0, 1.0), *(Box(x, y, x + 0.6, y + 0.6) for x, y in corners))
