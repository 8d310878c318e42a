"""Frames made by hand, for stages that need pixels but no camera."""

import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box


def grey_frame(
    taken_at: float = 0.0,
    *,
    size_px: tuple[int, int] = (640, 360),
    level: int = 120,
    patch: Box | None = None,
    camera_wall: float | None = None,
) -> Frame:
    """Return an even picture, with a bright patch where one is asked for."""
    width_px, height_px = size_px
    luma = np.full((height_px, width_px), level, np.uint8)
    if patch is not None:
        rows = slice(round(patch.top * height_px), round(patch.bottom * height_px))
        luma[rows, round(patch.left * width_px) : round(patch.right * width_px)] = 235
    chroma = np.full(((height_px + 1) // 2, (width_px + 1) // 2), 128, np.uint8)
    return Frame(
        taken_at=taken_at,
        camera_wall=camera_wall,
        received_wall=1_795_000_000.0 + taken_at,
        luma=luma,
        chroma_blue=chroma,
        chroma_red=chroma.copy(),
    )
