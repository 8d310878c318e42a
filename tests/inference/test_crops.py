from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference.budget import Need
from edge_agent.inference.crops import Crop, Wish, choose_crops
from tests.inference.pictures import grey_frame


def pixels(left: float, top: float, width: float, height: float) -> Box:
    """Return a box in the pixels of a 640x360 frame."""
    return Box(left / 640, top / 360, (left + width) / 640, (top + height) / 360)


def wish(
    area: Box,
    *,
    need: Need = Need.MOTION,
    least_px: int = 320,
    most_px: int = 480,
    is_whole: bool = True,
) -> Wish:
    return Wish(area=area, need=need, least_px=least_px, most_px=most_px, is_whole=is_whole)


def choose(areas: list[Box], *, most: int = 4) -> tuple[Crop, ...]:
    return choose_crops(640, 360, [wish(area) for area in areas], most=most)


def edges(crop: Crop, width_px: int = 640, height_px: int = 360) -> tuple[int, int, int, int]:
    """Return what `Frame.cut` makes of the crop."""
    frame: Frame = grey_frame(np.zeros((height_px, width_px), np.uint8))
    return frame.even_edges(crop.part)


@st.composite
def areas(draw: st.DrawFn) -> Box:
    # Tracks may lead out of the picture.
    left, top = draw(st.floats(-0.1, 1.0)), draw(st.floats(-0.1, 1.0))
    width = draw(st.floats(0.005, 0.3) | st.floats(0.3, 1.1))
    height = draw(st.floats(0.005, 0.3) | st.floats(0.3, 1.1))
    return Box(left, top, left + width, top + height)


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    least = draw(st.sampled_from([112, 160, 250, 320]))
    return wish(
        draw(areas()),
        need=draw(st.sampled_from([Need.WATCHED, Need.MOTION])),
        least_px=least,
        most_px=draw(st.integers(least, 1000)),
        is_whole=draw(st.booleans()),
    )


FRAMES = st.tuples(st.integers(64, 2000), st.integers(64, 1200)) | st.sampled_from(
    [(640, 360), (704, 576), (768, 576), (352, 288), (360, 640), (1920, 1080)]
)


@given(FRAMES, st.lists(wishes(), max_size=30), st.integers(1, 5))
def test_everything_wanted_is_in_a_square_crop_inside_the_frame(
    size: tuple[int, int], wanted: list[Wish], most: int
) -> None:
    width_px, height_px = size
    full = (0, 0, width_px // 2 * 2, height_px // 2 * 2)

    crops = choose_crops(width_px, height_px, wanted, most=most)

    cuts = [edges(crop, width_px, height_px) for crop in crops]
    for left, top, right, bottom in cuts:
        assert 0 <= left < right <= full[2]
        assert 0 <= top < bottom <= full[3]
        assert (left, top, right, bottom) == full or right - left == bottom - top
    for one in (inner for crop in crops for inner in crop.wishes):
        assert holds(
            [cut for crop, cut in zip(crops, cuts, strict=True) if one in crop.wishes],
            one.area,
            size,
        )
    for one in wanted:
        middle = one.area.clipped().centre
        point = Box(middle.x, middle.y, middle.x, middle.y)
        assert holds(cuts, point, size)


def holds(cuts: list[tuple[int, int, int, int]], area: Box, size: tuple[int, int]) -> bool:
    inside = area.clipped()
    left, top = inside.left * size[0], inside.top * size[1]
    right, bottom = inside.right * size[0], inside.bottom * size[1]
    return any(
        cut[0] <= left + 1 and cut[1] <= top + 1 and cut[2] >= right - 1 and cut[3] >= bottom - 1
        for cut in cuts
    )


@given(st.lists(wishes(), max_size=24), st.integers(1, 4))
def test_nobody_small_is_looked_at_from_too_far(wanted: list[Wish], most: int) -> None:
    for crop in choose_crops(1920, 1080, wanted, most=most):
        left, top, right, bottom = edges(crop, 1920, 1080)
        for one in crop.wishes:
            own = max(one.area.clipped().width * 1920, one.area.clipped().height * 1080)
            if not one.is_whole or own * 1.3 + 4 < one.most_px:
                assert max(right - left, bottom - top) <= max(one.most_px, one.least_px) + 2


@given(st.lists(areas(), max_size=12), st.integers(1, 4))
def test_the_same_motion_leads_to_the_same_crops(motion: list[Box], most: int) -> None:
    assert choose(motion, most=most) == choose(list(motion), most=most)


def test_where_nothing_moves_nobody_looks() -> None:
    assert choose([]) == ()


def test_one_far_person_is_looked_at_in_the_cameras_own_pixels() -> None:
    crops = choose([pixels(500, 100, 9, 24)])

    assert [edges(crop) for crop in crops] == [(320, 0, 640, 320)]


def test_one_tiny_person_is_enlarged() -> None:
    crops = choose_crops(640, 360, [wish(pixels(500, 100, 5, 12), least_px=160)], most=4)

    left, top, right, bottom = edges(crops[0])
    assert (right - left, bottom - top) == (160, 160)


@given(st.integers(320, 2000), st.integers(320, 1200), st.floats(0, 0.95), st.floats(0, 0.95))
def test_the_cut_is_not_a_pixel_larger_than_the_input(
    width_px: int, height_px: int, left: float, top: float
) -> None:
    area = Box(left, top, left + 0.02, top + 0.05)

    crops = choose_crops(width_px, height_px, [wish(area)], most=1)

    cut = edges(crops[0], width_px, height_px)
    if (width_px, height_px) != (320, 320):
        assert (cut[2] - cut[0], cut[3] - cut[1]) == (320, 320)


def test_two_persons_close_together_share_a_look() -> None:
    assert len(choose([pixels(100, 100, 9, 24), pixels(180, 140, 12, 30)])) == 1


def test_two_persons_far_apart_get_a_look_each() -> None:
    crops = choose([pixels(10, 100, 9, 24), pixels(600, 140, 12, 30)], most=1)

    assert [edge[2] - edge[0] for edge in map(edges, crops)] == [320, 320]


def test_with_one_look_left_two_tall_persons_far_apart_share_the_whole_picture() -> None:
    tall = [
        wish(pixels(10, 100, 40, 120), most_px=2000),
        wish(pixels(590, 140, 40, 120), most_px=2000),
    ]

    crops = choose_crops(640, 360, tall, most=1)

    assert [edges(crop) for crop in crops] == [(0, 0, 640, 360)]


def test_a_bus_larger_than_any_square_gets_the_whole_picture() -> None:
    crops = choose([pixels(20, 60, 560, 250)])

    assert [edges(crop) for crop in crops] == [(0, 0, 640, 360)]


def test_a_car_larger_than_the_models_input_gets_a_larger_square() -> None:
    crops = choose([pixels(200, 100, 262, 120)])

    left, top, right, bottom = edges(crops[0])
    assert 320 < right - left == bottom - top < 360


def test_motion_over_a_street_of_tiny_people_is_looked_at_in_parts() -> None:
    street = wish(Box(0.0, 0.4, 1.0, 0.6), least_px=160, most_px=400, is_whole=False)

    crops = choose_crops(1920, 1080, [street], most=4)

    assert len(crops) > 5
    assert {right - left for left, _, right, _ in (edges(c, 1920, 1080) for c in crops)} <= set(
        range(160, 403)
    )


@pytest.mark.parametrize("size", [(320, 180), (320, 320), (176, 144)])
def test_a_frame_no_larger_than_the_input_is_looked_at_whole(size: tuple[int, int]) -> None:
    crops = choose_crops(*size, [wish(Box(0.1, 0.1, 0.2, 0.2))], most=4)

    assert [edges(crop, *size) for crop in crops] == [(0, 0, *size)]


def test_a_storm_is_covered_by_a_few_crops() -> None:
    drops = [pixels(13 * n % 620, 29 * n % 330, 6, 20) for n in range(200)]

    crops = choose(drops)

    assert 1 <= len(crops) <= 8
    for drop in drops:
        assert any(crop.part.shared(drop) > 0.99 * drop.area for crop in crops)
