"""One camera's lookout, and streets to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box, Point, Polygon
from edge_agent.domain.sighting import Expected, Label, Track
from edge_agent.domain.zone import Watch
from edge_agent.inference.lookout import Lookout, Plan
from edge_agent.inference.motion import Motion
from edge_agent.inference.size_grid import SizeGrid

if TYPE_CHECKING:
    from edge_agent.inference.budget import Share

FRAME_S = 0.2
# The left half of the picture is watched for persons.
LEFT = Polygon((Point(0, 0), Point(0.5, 0), Point(0.5, 1), Point(0, 1)))
WATCH = Watch(((LEFT, frozenset({Label.PERSON})),))


def box_at(x: float, y: float, width: float = 0.02, height: float = 0.05) -> Box:
    return Box(x - width / 2, y - height, x + width / 2, y)


def followed(
    box: Box, *, is_due: bool = True, label: Label = Label.PERSON, number: int = 1
) -> Expected:
    track = Track(
        id=number, label=label, score=0.8, box=box, first_seen=0.0, last_seen=0.0, is_confirmed=True
    )
    return Expected(track, is_due)


class Camera:
    """A lookout with frames of its own size, five a second."""

    def __init__(
        self,
        size_px: tuple[int, int] = (640, 360),
        *,
        most: int = 4,
        share: Share | None = None,
        sizes: SizeGrid | None = None,
    ) -> None:
        self.size_px = size_px
        self.lookout = Lookout(
            side_px=320, looks_per_frame=most, watch=WATCH, sizes=sizes, share=share
        )
        self.frames = 0

    def frame(self) -> Frame:
        self.frames += 1
        taken_at = (self.frames - 1) * FRAME_S
        # Only its size and its time matter here: one grey value for all pixels.
        grey = np.broadcast_to(np.uint8(120), self.size_px[::-1])
        return Frame(
            taken_at=taken_at,
            camera_wall=None,
            received_wall=taken_at,
            luma=grey,
            chroma_blue=grey[::2, ::2],
            chroma_red=grey[::2, ::2],
        )

    def show(
        self, areas: tuple[Box, ...] = (), known: tuple[Expected, ...] = (), *, dark: bool = False
    ) -> Plan:
        return self.lookout.choose(self.frame(), Motion(areas, is_global=dark), known)

    def past_the_first_sweep(self) -> Camera:
        """Show an empty street until the first round is over."""
        while self.show().sweep:
            pass
        return self


def is_seen(area: Box, plan: Plan) -> bool:
    centre = area.centre
    return any(
        part.left <= centre.x <= part.right and part.top <= centre.y <= part.bottom
        for part in plan.crops
    )


def small_street(height: float = 0.02) -> SizeGrid:
    """Return the sizes of a street where people are this tall in the upper half."""
    grid, number = SizeGrid(), 0
    for column in range(16):
        for _ in range(4):
            number += 1
            box = box_at((column + 0.5) / 16, 0.4, 0.01, height)
            grid.learn([followed(box, number=number).track], 0.0, 0.0)
    return grid
