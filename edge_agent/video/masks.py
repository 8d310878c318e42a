"""Parts of a picture that nobody may see: black before anything looks at it, and in every picture.

A mask is for privacy: it hides a window or a garden from motion, from the model and from the center.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame, Plane
from edge_agent.domain.geometry import Polygon
from edge_agent.domain.zone import Zone

# Black in YUV as video has it, and no colour.
_BLACK, _GREY = 16, 128


class Masks:
    """The masks of one camera; each may be off for a while."""

    def __init__(
        self, masks: Sequence[Zone] = (), is_on: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._masks = tuple(masks)
        self._is_on = is_on

    def cover(self, frame: Frame) -> Frame:
        """Return the frame with the masked parts black; the same frame where there are none."""
        outlines = [mask.outline for mask in self._masks if self._is_on(mask.name)]
        if not outlines:
            return frame
        return replace(
            frame,
            luma=_filled(frame.luma, outlines, _BLACK),
            chroma_blue=_filled(frame.chroma_blue, outlines, _GREY),
            chroma_red=_filled(frame.chroma_red, outlines, _GREY),
        )


def _filled(plane: Plane, outlines: Sequence[Polygon], value: int) -> Plane:
    """Return a copy, for the plane is the decoder's memory; pixels that an edge cuts are hidden."""
    height, width = plane.shape
    copy: Plane = np.array(plane, order="C")
    corners = [_pixels(outline, width, height) for outline in outlines]
    cv2.fillPoly(copy, corners, value)
    cv2.polylines(copy, corners, isClosed=True, color=value, thickness=3)
    return copy


def _pixels(outline: Polygon, width: int, height: int) -> NDArray[np.int32]:
    corners = [(corner.x * width, corner.y * height) for corner in outline.corners]
    return np.array(np.rint(corners), np.int32)
