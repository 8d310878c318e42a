"""One decoded picture and when it was taken, by whose clock."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.geometry import Box

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A picture in YUV 4:2:0, as the decoder left it: nothing is copied or converted.

    `luma` has shape (height, width), `chroma_blue` and `chroma_red` half of that each, rounded
    up. They are views into the decoder's memory: read them, never write them.
    """

    # Seconds on the camera's stream clock. It never runs backwards, also over a reconnect.
    taken_at: float
    # What the camera itself calls this moment (RTCP sender report), Unix seconds; None if untold.
    camera_wall: float | None
    # What the box's clock said when the frame arrived, Unix seconds.
    received_wall: float
    luma: Plane
    chroma_blue: Plane
    chroma_red: Plane

    @property
    def width_px(self) -> int:
        """The width of the picture."""
        return int(self.luma.shape[1])

    @property
    def height_px(self) -> int:
        """The height of the picture."""
        return int(self.luma.shape[0])

    def cut(self, box: Box) -> Plane:
        """Return that part as one I420 picture, shape (height * 3 // 2, width), for cvtColor.

        The edges move outwards to even pixels, because two luma pixels share one chroma pixel;
        `even_edges` tells where to. The part must not be empty.
        """
        left, top, right, bottom = self.even_edges(box)
        width, height = right - left, bottom - top
        cut = np.empty((height * 3 // 2, width), np.uint8)
        cut[:height] = self.luma[top:bottom, left:right]
        halves = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        chroma = cut[height:].reshape(2, height // 2, width // 2)
        chroma[0] = self.chroma_blue[halves]
        chroma[1] = self.chroma_red[halves]
        return cut

    def even_edges(self, box: Box) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom in even pixels around the box, inside the picture."""
        most_x, most_y = self.width_px // 2 * 2, self.height_px // 2 * 2
        left = min(max(0, int(box.left * self.width_px) // 2 * 2), most_x - 2)
        top = min(max(0, int(box.top * self.height_px) // 2 * 2), most_y - 2)
        right = min(most_x, -int(-box.right * self.width_px // 2) * 2)
        bottom = min(most_y, -int(-box.bottom * self.height_px // 2) * 2)
        return left, top, max(right, left + 2), max(bottom, top + 2)
