"""How the object bench looks at small things: tiles, and the agent's own lookout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.objects import small
from bench.objects.exams import Photo
from edge_agent.domain.geometry import Box
from tests.fakes.frames import grey_frame


def photo_of(size_px: tuple[int, int], *boxes: tuple[float, float, float, float]) -> Photo:
    sides = np.asarray(boxes, np.float32).reshape(-1, 4)
    labels = np.full(len(sides), 2, np.int64)
    return Photo(Path("street.jpg"), grey_frame(size_px=size_px), sides, labels)


# The last odd pixel of a frame belongs to no crop of the agent's.
SIZES = st.integers(50, 450).map(lambda half: 2 * half)


@given(SIZES, SIZES, st.sampled_from((160, 208, 320, 416)))
def test_tiles_leave_nothing_out(width_px: int, height_px: int, side_px: int) -> None:
    whole, *tiles = small.tiles(photo_of((width_px, height_px)), side_px)

    seen = np.zeros((height_px, width_px), bool)
    for tile in tiles:
        rows = slice(round(tile.top * height_px), round(tile.bottom * height_px))
        seen[rows, round(tile.left * width_px) : round(tile.right * width_px)] = True

    assert whole == Box(0.0, 0.0, 1.0, 1.0)
    assert seen.all()


@pytest.mark.parametrize("way", ["motion", "followed"])
def test_the_lookout_is_led_to_every_car_that_people_labelled(way: str) -> None:
    cars = [(20, 30, 44, 46), (600, 330, 630, 352), (300, 100, 420, 180), (500, 40, 512, 50)]
    photo = photo_of((640, 360), *cars)

    crops = small.WAYS[way](photo, 320)

    for left, top, right, bottom in cars:
        middle = Box(left / 640, top / 360, right / 640, bottom / 360).centre
        assert any(
            one.left <= middle.x <= one.right and one.top <= middle.y <= one.bottom for one in crops
        )


def test_the_same_photo_is_always_missed_in_the_same_way() -> None:
    photo = photo_of((640, 360), (20, 30, 44, 46), (500, 40, 512, 50))

    assert small.motion(photo, 320) == small.motion(photo, 320)
