"""Boxes on a map that needs no internet."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.center.web.city_map import TALL, WIDE, Paper, Spot, draw

STATUSES = ("online", "dark", "silent", "offline", "stopped", "unknown")


def _spot(latitude: float, longitude: float, status: str = "online", name: str = "a") -> Spot:
    return Spot(latitude, longitude, name, status, "#a")


def test_a_city_without_places_has_no_map() -> None:
    assert draw([]) is None


def test_north_is_up_and_east_is_right() -> None:
    city = draw([_spot(-2.90, 104.70, name="north-west"), _spot(-3.00, 104.80, name="south-east")])

    at = {mark.label: (mark.x, mark.y) for mark in city.marks}
    assert at["north-west"][0] < at["south-east"][0]
    assert at["north-west"][1] < at["south-east"][1]


def test_a_kilometre_is_as_long_both_ways() -> None:
    east = 0.1 / math.cos(math.radians(60))
    city = draw(
        [_spot(60, 10, name="a"), _spot(60.1, 10, name="b"), _spot(60, 10 + east, name="c")]
    )

    at = {mark.label: (mark.x, mark.y) for mark in city.marks}
    up, right = at["a"][1] - at["b"][1], at["c"][0] - at["a"][0]
    assert abs(up - right) / up < 0.01


def test_boxes_at_one_corner_share_a_mark_that_shows_the_worst() -> None:
    city = draw([_spot(-2.9, 104.7), _spot(-2.9, 104.7, "silent"), _spot(-2.9, 104.7, "dark")])

    assert [(mark.label, mark.status) for mark in city.marks] == [("3", "silent")]


def test_a_name_gives_way_to_the_mark_on_its_right() -> None:
    city = draw([_spot(-2.99, 104.70, name="west"), _spot(-2.99, 104.702, name="east")])

    assert {mark.label: mark.anchor for mark in city.marks} == {"west": "end", "east": "start"}


def test_where_there_is_no_room_trouble_keeps_its_name() -> None:
    crowd = [
        _spot(-2.9 - row / 100, 104.7 + column / 100, name=f"a rather long name {row}-{column}")
        for row in range(7)
        for column in range(12)
    ]
    crowd[40] = replace(crowd[40], name="the silent one", status="silent")

    city = draw(crowd, WIDE)

    assert city.marks[-1].label == "the silent one", "drawn last, on top"
    assert "" in {mark.label for mark in city.marks}
    assert all(mark.told for mark in city.marks), "the tooltip still has it"


@pytest.mark.parametrize("paper", [WIDE, TALL])
@given(
    st.lists(
        st.builds(
            _spot,
            st.floats(-90, 90),
            st.floats(-180, 180),
            st.sampled_from(STATUSES),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_wherever_boxes_stand_all_are_within_the_map(paper: Paper, spots: list[Spot]) -> None:
    city = draw(spots, paper)

    assert all(0 <= mark.x <= paper.width and 0 <= mark.y <= paper.height for mark in city.marks)
    assert 0 < city.scale_width <= paper.width
    assert len(city.lines) < 60
