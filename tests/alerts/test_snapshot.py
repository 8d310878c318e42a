"""On a snapshot heads are gone and everything else is as it was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.alerts.snapshot import MOST_BYTES, draw_snapshot, head_of
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting

WIDE, TALL = 640, 480


def noise(width: int = WIDE, height: int = TALL) -> Frame:
    """Return a frame in which every pixel differs from the next: what is blurred shows at once."""
    source = np.random.default_rng(3)
    luma = source.integers(16, 235, (height, width), np.uint8)
    grey = np.full((height // 2, width // 2), 128, np.uint8)
    return Frame(
        taken_at=0.0,
        camera_wall=None,
        received_wall=0.0,
        luma=luma,
        chroma_blue=grey,
        chroma_red=grey,
    )


def pixels(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).astype(float)


def cut(picture: np.ndarray, part: Box) -> np.ndarray:
    return picture[
        round(part.top * TALL) : round(part.bottom * TALL),
        round(part.left * WIDE) : round(part.right * WIDE),
    ]


@pytest.mark.parametrize("label", [Label.PERSON, Label.TWO_WHEELER])
def test_a_head_is_a_few_blocks_and_the_rest_is_sharp(label: Label) -> None:
    somebody = Sighting(label, 0.5, Box(0.4, 0.2, 0.6, 0.9))
    head = head_of(somebody)

    sharp = pixels(draw_snapshot(noise()).jpeg)
    blurred = pixels(draw_snapshot(noise(), [somebody]).jpeg)

    assert (
        np.abs(np.diff(cut(blurred, head), axis=1)).mean()
        < 0.1 * np.abs(np.diff(cut(sharp, head), axis=1)).mean()
    )
    feet = Box(0.4, 0.8, 0.6, 0.9)
    assert np.abs(cut(blurred, feet) - cut(sharp, feet)).mean() < 4
    assert np.abs(cut(blurred, Box(0, 0, 0.2, 1)) - cut(sharp, Box(0, 0, 0.2, 1))).mean() < 4


def test_a_car_stays_as_it_is() -> None:
    car = Sighting(Label.CAR, 0.9, Box(0.2, 0.2, 0.8, 0.8))

    drawn = draw_snapshot(noise(), [car])

    assert drawn.blurred == 0


def test_a_head_at_the_edge_or_of_one_pixel_is_blurred_without_a_word() -> None:
    people = [
        Sighting(Label.PERSON, 0.5, Box(-0.2, -0.3, 0.1, 0.4)),
        Sighting(Label.PERSON, 0.5, Box(0.999, 0.5, 1.0, 0.501)),
        Sighting(Label.PERSON, 0.5, Box(1.0, 1.0, 1.0, 1.0)),
    ]

    assert draw_snapshot(noise(), people).blurred == 3


def test_the_picture_of_a_large_camera_fits() -> None:
    drawn = draw_snapshot(noise(3840, 2160))

    assert len(drawn.jpeg) <= MOST_BYTES
