"""From a part of a frame to the picture a network takes, and back from its pixels to the frame."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.domain.frame import Frame, Plane
from edge_agent.domain.geometry import Box
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

# The grey that YOLOX and its kin are trained to see beside a picture that is not square.
_PADDING = (114, 114, 114)
# How near to a crop's edge a box counts as cut by it, as a part of the crop's side.
_NEAR_EDGE = 0.012


@dataclass(frozen=True, slots=True)
class View:
    """A picture for the network, (height, width, 3), and where in the frame it came from.

    `part` is left, top, width, height of the crop in frame pixels; `size` is the width and height
    that it has in the picture.
    """

    picture: Raw
    part: tuple[int, int, int, int]
    size: tuple[int, int]
    frame_px: tuple[int, int]

    def to_frame(self, boxes: Reals) -> Reals:
        """Return boxes in picture pixels as fractions of the frame, clipped to the crop."""
        left, top, width, height = self.part
        limits = np.array((width, height, width, height), np.float32)
        shifts = np.array((left, top, left, top), np.float32)
        zooms: Reals = np.array(self.size * 2, np.float32) / limits
        inside = np.clip(boxes / zooms, 0, limits)
        fractions: Reals = (inside + shifts) / np.array(self.frame_px * 2, np.float32)
        return fractions

    def is_cut(self, boxes: Reals) -> Raw:
        """Tell which boxes, as fractions of the frame, end at an edge that is not the frame's."""
        left, top, width, height = self.part
        scale = np.array(self.frame_px * 2, np.float32)
        ends = np.array((left, top, left + width, top + height), np.float32)
        # The last odd pixel of a frame belongs to no crop.
        is_inner = (ends > 0) & (ends < scale - 1)
        near = np.abs(boxes * scale - ends) <= _NEAR_EDGE * max(width, height)
        cut: Raw = (near & is_inner).any(axis=1)
        return cut


def view(frame: Frame, crop: Box, card: ModelCard) -> View:
    """Cut a part out of the frame in the size and channel order of the card.

    Pixels stay square; what does not fill the input is padded at the right or below.
    """
    left, top, right, bottom = frame.even_edges(crop)
    width, height = right - left, bottom - top
    order = cv2.COLOR_YUV2RGB_I420 if card.channels == "rgb" else cv2.COLOR_YUV2BGR_I420
    planes = frame.cut(crop)
    zoom = min(card.width_px / width, card.height_px / height)
    # Two pixels share one chroma pixel, so the shrunk picture has even sides too.
    size = (_even(width * zoom, card.width_px), _even(height * zoom, card.height_px))
    if zoom < 1:
        # Three small planes first, colours afterwards: a third of the time at 1280x720.
        planes = _shrink(planes, size)
    picture: Raw = cv2.cvtColor(planes, order)
    if zoom > 1:
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    if size != (card.width_px, card.height_px):
        below, beside = card.height_px - size[1], card.width_px - size[0]
        picture = cv2.copyMakeBorder(
            picture, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=_PADDING
        )
    return View(picture, (left, top, width, height), size, (frame.width_px, frame.height_px))


def _even(length: float, limit: int) -> int:
    """Return the nearest even number of pixels, at least 2 and within the limit."""
    return max(2, min(round(length / 2), limit // 2) * 2)


def _shrink(planes: Plane, size: tuple[int, int]) -> Plane:
    """Return an I420 picture in a smaller size, width and height in even pixels."""
    height, (wide, high) = planes.shape[0] * 2 // 3, size
    small = np.empty((high * 3 // 2, wide), np.uint8)
    cv2.resize(planes[:height], size, dst=small[:high], interpolation=cv2.INTER_AREA)
    chroma = planes[height:].reshape(2, height // 2, -1)
    small_chroma = small[high:].reshape(2, high // 2, wide // 2)
    for plane, small_plane in zip(chroma, small_chroma, strict=True):
        cv2.resize(plane, (wide // 2, high // 2), dst=small_plane, interpolation=cv2.INTER_AREA)
    return small


class Quantiser:
    """Turns pixels into a network's raw input by looking each of 256 values up in a table."""

    def __init__(self, card: ModelCard, slot: Slot) -> None:
        pixels = np.arange(256, dtype=np.float32)[:, None]
        mean, scale = np.array(card.mean, np.float32), np.array(card.scale, np.float32)
        table = slot.raw(((pixels - mean) / scale).astype(np.float32))
        self._dtype = table.dtype
        # int8 of pixel / 255, our own models: flipping one bit is seven times as fast.
        self._is_shifted = table.dtype == np.int8 and bool((table == pixels - 128).all())
        # OpenCV 4 knows tables of unsigned bytes only: the sign is put back below.
        self._table = (table.view(np.uint8) if table.itemsize == 1 else table)[None]

    def quantise(self, picture: Raw) -> Raw:
        """Return the picture as (1, height, width, 3) in the network's number format."""
        values: Raw = (
            picture ^ np.uint8(0x80) if self._is_shifted else cv2.LUT(picture, self._table)
        )
        return values.view(self._dtype)[None]
