"""A made-up street at 640x360: textured ground, sensor noise, and whatever a test lets happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.inference.pictures import grey_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_agent.domain.frame import Frame

WIDTH_PX, HEIGHT_PX = 640, 360
FRAMES_PER_SECOND = 5


@dataclass
class Street:
    """Draws frames from a seeded generator: the same street on every run."""

    noise: float = 3.0
    seed: int = 7
    random: np.random.Generator = field(init=False)
    ground: NDArray[np.float32] = field(init=False)
    # Drawing new noise for each frame takes longer than all the rest: frames show windows of this.
    grain: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        rough = self.random.normal(0, 1, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
        self.ground = 110 + 900 * cv2.GaussianBlur(rough, (0, 0), 12)
        grain = self.random.normal(0, self.noise, (HEIGHT_PX + 61, WIDTH_PX + 61))
        self.grain = grain.astype(np.float32)
        # Houses and a kerb: edges that a shaking camera would move.
        self.ground[:120] += 40
        self.ground[:160, 80:220] -= 50
        self.ground[:140, 400:560] += 30

    def picture(self) -> NDArray[np.float32]:
        return self.ground.copy()

    def frame(self, taken_at: float, picture: NDArray[np.float32] | None = None) -> Frame:
        picture = self.ground if picture is None else picture
        down, right = self.random.integers(0, 61, 2)
        grain = self.grain[down : down + HEIGHT_PX, right : right + WIDTH_PX]
        return grey_frame(np.clip(picture + grain, 0, 255).astype(np.uint8), taken_at)


def put(picture: NDArray[np.float32], box: tuple[int, int, int, int], contrast: float) -> None:
    """Make left, top, width, height of a picture brighter or darker."""
    left, top, width, height = box
    picture[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] += contrast


def times(start: float, seconds: float) -> list[float]:
    """Return the moments of the frames in that time."""
    return [start + n / FRAMES_PER_SECOND for n in range(round(seconds * FRAMES_PER_SECOND))]
