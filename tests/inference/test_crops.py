from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference.crops import choose_crops
from tests.inference.pictures import grey_frame

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def pixels(left: float, top: float, width: float, height: float) -> Box:
    """Return a box in the pixels of a 640x360 frame."""
    return Box(left / 640, top / 360, (left + width) / 640, (top + height) / 360)


def choose(motion: list[Box], followed: list[Box] | None = None, most: int = 4) -> list[Box]:
    return choose_crops(640, 360, motion, followed or [], most=most, side_px=320)


def edges(crop: Box, width_px: int = 640, height_px: int = 360) -> tuple[int, int, int, int]:
    """Return what `Frame.cut` makes of the crop."""
    frame: Frame = grey_frame(np.zeros((height_px, width_px), np.uint8))
    return frame.even_edges(crop)


@st.composite
def areas(draw: st.DrawFn) -> Box:
    # Tracks may lead out of the picture.
    left, top = draw(st.floats(-0.1, 1.0)), draw(st.floats(-0.1, 1.0))
    width = draw(st.floats(0.005, 0.3) | st.floats(0.3, 1.1))
    height = draw(st.floats(0.005, 0.3) | st.floats(0.3, 1.1))
    return Box(left, top, left + width, top + height)


FRAMES = st.tuples(st.integers(64, 2000), st.integers(64, 1200)) | st.sampled_from(
    [(640, 360), (704, 576), (768, 576), (352, 288), (360, 640), (1920, 1080)]
)


@given(
    FRAMES,
    st.lists(areas(), max_size=30),
    st.lists(areas(), max_size=6),
    st.integers(1, 5),
    st.sampled_from([224, 320, 416]),
)
def test_everything_that_moves_is_in_a_square_crop_inside_the_frame(
    size: tuple[int, int], motion: list[Box], followed: list[Box], most: int, side_px: int
) -> None:
    width_px, height_px = size

    crops = choose_crops(width_px, height_px, motion, followed, most=most, side_px=side_px)

    assert len(crops) <= most
    cuts = [edges(crop, width_px, height_px) for crop in crops]
    full = (0, 0, width_px // 2 * 2, height_px // 2 * 2)
    least = min(side_px, full[2], full[3])
    for left, top, right, bottom in cuts:
        assert 0 <= left < right <= full[2]
        assert 0 <= top < bottom <= full[3]
        if (left, top, right, bottom) != full:
            assert right - left == bottom - top >= least
    for area in (*motion, *followed):
        inside = area.clipped()
        left, top = inside.left * width_px, inside.top * height_px
        right, bottom = inside.right * width_px, inside.bottom * height_px
        assert any(
            cut[0] <= left + 1
            and cut[1] <= top + 1
            and cut[2] >= right - 1
            and cut[3] >= bottom - 1
            for cut in cuts
        )


@given(st.lists(areas(), max_size=12), st.integers(1, 4))
def test_the_same_motion_leads_to_the_same_crops(motion: list[Box], most: int) -> None:
    assert choose(motion, most=most) == choose(list(reversed(motion)), most=most)


def test_where_nothing_moves_nobody_looks() -> None:
    assert choose([]) == []


def test_one_far_person_is_looked_at_in_the_cameras_own_pixels() -> None:
    crops = choose([pixels(500, 100, 9, 24)])

    assert [edges(crop) for crop in crops] == [(320, 0, 640, 320)]


@given(st.integers(320, 2000), st.integers(320, 1200), st.floats(0, 0.95), st.floats(0, 0.95))
def test_the_cut_is_not_a_pixel_larger_than_the_input(
    width_px: int, height_px: int, left: float, top: float
) -> None:
    area = Box(left, top, left + 0.02, top + 0.05)

    crops = choose_crops(width_px, height_px, [area], [], most=1, side_px=320)

    cut = edges(crops[0], width_px, height_px)
    if (width_px, height_px) != (320, 320):
        assert (cut[2] - cut[0], cut[3] - cut[1]) == (320, 320)


def test_two_persons_close_together_share_a_look() -> None:
    assert len(choose([pixels(100, 100, 9, 24), pixels(180, 140, 12, 30)])) == 1


def test_two_persons_far_apart_get_a_look_each() -> None:
    crops = choose([pixels(10, 100, 9, 24), pixels(600, 140, 12, 30)])

    assert [edge[2] - edge[0] for edge in map(edges, crops)] == [320, 320]


def test_with_one_look_left_two_persons_far_apart_share_the_whole_picture() -> None:
    crops = choose([pixels(10, 100, 9, 24), pixels(600, 140, 12, 30)], most=1)

    assert [edges(crop) for crop in crops] == [(0, 0, 640, 360)]


def test_a_bus_larger_than_any_square_gets_the_whole_picture() -> None:
    crops = choose([pixels(20, 60, 560, 250)])

    assert [edges(crop) for crop in crops] == [(0, 0, 640, 360)]


def test_a_car_larger_than_the_models_input_gets_a_larger_square() -> None:
    crops = choose([pixels(200, 100, 262, 120)])

    left, top, right, bottom = edges(crops[0])
    assert 320 < right - left == bottom - top < 360


def test_what_is_followed_comes_first() -> None:
    crops = choose([pixels(10, 10, 200, 100)], [pixels(600, 300, 10, 20)])

    assert crops[0].left > crops[1].left


@pytest.mark.parametrize("size", [(320, 180), (320, 320), (176, 144)])
def test_a_frame_no_larger_than_the_input_is_looked_at_whole(size: tuple[int, int]) -> None:
    area = Box(0.1, 0.1, 0.2, 0.2)

    assert choose_crops(*size, [area], [], most=4, side_px=320) == [WHOLE]


def test_a_storm_still_covers_everything_within_the_budget() -> None:
    drops = [pixels(13 * n % 620, 29 * n % 330, 6, 20) for n in range(200)]

    crops = choose(drops)

    assert 1 <= len(crops) <= 4
    for drop in drops:
        assert any(crop.shared(drop) > 0.99 * drop.area for crop in crops)
