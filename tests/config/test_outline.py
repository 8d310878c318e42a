"""An outline encloses a part of the picture; a slip of the hand is told apart from it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.outline import judge_outline, read_outline
from edge_agent.domain.geometry import Point

Corners = tuple[Point, ...]

_DART = (Point(0.1, 0.1), Point(0.9, 0.5), Point(0.1, 0.9), Point(0.4, 0.5))
_BOW_TIE = (Point(0.1, 0.1), Point(0.9, 0.9), Point(0.9, 0.1), Point(0.1, 0.9))


@st.composite
def _round_outlines(draw: st.DrawFn) -> Corners:
    """Corners on a circle, in order: never crossing, never on one line."""
    steps = draw(st.lists(st.integers(0, 59), min_size=3, max_size=12, unique=True))
    angles = [step * math.tau / 60 for step in sorted(steps)]
    return tuple(Point(0.5 + 0.4 * math.cos(a), 0.5 + 0.4 * math.sin(a)) for a in angles)


@given(_round_outlines())
def test_a_round_zone_is_fine_whatever_its_corners(corners: Corners) -> None:
    assert judge_outline(corners) == ""


@given(_round_outlines().filter(lambda corners: len(corners) > 3), st.data())
def test_two_corners_swapped_make_it_cross_itself(corners: Corners, data: st.DataObject) -> None:
    here = data.draw(st.integers(0, len(corners) - 2))
    swapped = list(corners)
    swapped[here], swapped[here + 1] = swapped[here + 1], swapped[here]

    assert "crosses itself" in judge_outline(tuple(swapped))


@given(st.sampled_from([_DART, _BOW_TIE]) | _round_outlines(), st.integers(0, 11), st.booleans())
def test_it_does_not_matter_where_one_begins_to_draw(
    corners: Corners,
    first: int,
    backwards: bool,  # noqa: FBT001 (Hypothesis passes by position)
) -> None:
    cut = first % len(corners)
    drawn = (corners[cut:] + corners[:cut])[:: -1 if backwards else 1]

    assert bool(judge_outline(drawn)) == bool(judge_outline(corners))


def test_a_dart_is_fine() -> None:
    assert judge_outline(_DART) == ""


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "needs a list of corners such as [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]"),
        ("0.1,0.5", "needs a list of corners such as [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]"),
        ([], "has 0 corners; it needs 3 to 64"),
        ([[0, 0], [1, 1]], "has 2 corners; it needs 3 to 64"),
        ([[0, 0]] * 65, "has 65 corners; it needs 3 to 64"),
        ([[0, 0], [1], [1, 1]], "corner 2 needs two numbers such as [0.1, 0.5]"),
        ([[0, 0], [1, True], [1, 1]], "corner 2 needs two numbers such as [0.1, 0.5]"),
        ([[0, 0], [1, "1"], [1, 1]], "corner 2 needs two numbers such as [0.1, 0.5]"),
        ([[0, 0], [640, 0], [1, 1]], "corner 2 (640, 0) lies outside the picture (0 to 1)"),
        ([[0, 0], [math.nan, 0], [1, 1]], "corner 2 (nan, 0) lies outside the picture (0 to 1)"),
        ([[0, 0], [1, 0], [1, 0]], "corners 2 and 3 are the same place"),
        ([[0, 0], [1, 0], [1, 1], [0, 0]], "corners 4 and 1 are the same place"),
        ([[0.1, 0.2], [0.2, 0.4], [0.3, 0.6]], "all corners lie on one line"),
        ([[0, 0], [1, 0], [0.5, 0]], "all corners lie on one line"),
        (
            [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]],
            "crosses itself: the lines after corners 1 and 3 meet",
        ),
        (
            [[0, 0], [1, 0], [0.5, 0], [0.5, 1]],
            "crosses itself: the lines after corners 1 and 2 meet",
        ),
        (
            [[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]],
            "crosses itself: the lines after corners 1 and 3 meet",
        ),
        (
            [[0.3, 0], [0.5, 0], [0.5, 1], [1, 1], [1, 0], [0, 0], [0, 1]],
            "crosses itself: the lines after corners 2 and 5 meet",
        ),
    ],
)
def test_what_encloses_nothing_is_no_outline(value: object, complaint: str) -> None:
    assert read_outline(value) == ((), complaint)


def test_whole_numbers_are_corners_too() -> None:
    corners, wrong = read_outline([[0, 0], [1, 0], [1, 1]])

    assert corners == (Point(0.0, 0.0), Point(1.0, 0.0), Point(1.0, 1.0))
    assert wrong == ""
