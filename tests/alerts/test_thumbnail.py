import cv2
import numpy as np
import pytest

from edge_agent.alerts.thumbnail import MOST_BYTES, draw_thumbnail
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Track
from tests.fakes.frames import grey_frame


def track(box: Box) -> Track:
    return Track(
        id=1,
        label=Label.PERSON,
        score=0.71,
        box=box,
        first_seen=0.0,
        last_seen=0.0,
        is_confirmed=True,
    )


def noise(size_px: tuple[int, int]) -> Frame:
    """Return the picture that JPEG likes least."""
    source = np.random.default_rng(1)
    width_px, height_px = size_px
    half = ((height_px + 1) // 2, (width_px + 1) // 2)
    return Frame(
        taken_at=0.0,
        camera_wall=None,
        received_wall=0.0,
        luma=source.integers(0, 255, (height_px, width_px), np.uint8, endpoint=True),
        chroma_blue=source.integers(0, 255, half, np.uint8),
        chroma_red=source.integers(0, 255, half, np.uint8),
    )


@pytest.mark.parametrize("size_px", [(640, 360), (1920, 1080), (352, 288), (704, 576)])
def test_even_snow_on_the_screen_fits_the_limit(size_px: tuple[int, int]) -> None:
    jpeg, _, _ = draw_thumbnail(noise(size_px), track(Box(0.4, 0.4, 0.5, 0.6)))

    assert len(jpeg) <= MOST_BYTES


def test_it_is_a_picture_of_the_size_it_says() -> None:
    jpeg, width_px, height_px = draw_thumbnail(noise((640, 360)), track(Box(0.4, 0.4, 0.5, 0.6)))

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)

    assert picture is not None
    assert picture.shape == (height_px, width_px, 3)


def test_the_object_is_outlined_where_it_is() -> None:
    box = Box(0.5, 0.5, 0.6, 0.8)

    jpeg, width_px, height_px = draw_thumbnail(grey_frame(), track(box))

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    edge = picture[round(0.65 * height_px), round(box.left * width_px)].astype(int)
    inside = picture[round(0.65 * height_px), round(0.55 * width_px)].astype(int)
    assert abs(edge - inside).max() > 60


@pytest.mark.parametrize(
    "box", [Box(0.0, 0.0, 0.03, 0.1), Box(0.97, 0.9, 1.0, 1.0), Box(-0.2, -0.1, 1.3, 1.2)]
)
def test_objects_at_the_edge_can_be_drawn(box: Box) -> None:
    jpeg, _, _ = draw_thumbnail(grey_frame(), track(box))

    assert jpeg.startswith(b"\xff\xd8")
