"""Frames made of pictures, and models made of a card and the weights beside this checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_agent.domain.frame import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

CARDS = Path(__file__).parent / "cards"


def frame_of(picture: NDArray[np.uint8], taken_at: float = 0.0) -> Frame:
    """Return a BGR picture, (height, width, 3), as a decoder would hand it over."""
    height, width = (size // 2 * 2 for size in picture.shape[:2])
    planes = cv2.cvtColor(np.ascontiguousarray(picture[:height, :width]), cv2.COLOR_BGR2YUV_I420)
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return Frame(
        taken_at=taken_at,
        camera_wall=None,
        received_wall=1_795_000_000.0 + taken_at,
        luma=planes[:height],
        chroma_blue=chroma[0],
        chroma_red=chroma[1],
    )


def grey_frame(luma: NDArray[np.uint8], taken_at: float = 0.0) -> Frame:
    """Return a frame without colours."""
    chroma = np.full(((luma.shape[0] + 1) // 2, (luma.shape[1] + 1) // 2), 128, np.uint8)
    return Frame(
        taken_at=taken_at,
        camera_wall=None,
        received_wall=1_795_000_000.0 + taken_at,
        luma=luma,
        chroma_blue=chroma,
        chroma_red=chroma,
    )


def model_folder(family: str, models: Path, into: Path) -> Path:
    """Lay a card of tests/inference/cards beside its weights; returns the folder."""
    folder = into / family
    folder.mkdir()
    card = (CARDS / family / "model.toml").read_text()
    (folder / "model.toml").write_text(card)
    weights = next(file for file in models.iterdir() if f'file = "{file.name}"' in card)
    (folder / weights.name).symlink_to(weights)
    return folder
