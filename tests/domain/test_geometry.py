import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box, Point, Polygon

_shares = st.floats(0.0, 1.0, allow_nan=False)


@st.composite
def _boxes(draw: st.DrawFn) -> Box:
    left, right = sorted((draw(_shares), draw(_shares)))
    top, bottom = sorted((draw(_shares), draw(_shares)))
    return Box(left, top, right, bottom)


@given(_boxes(), _boxes())
def test_overlap_is_mutual_and_a_share(one: Box, other: Box) -> None:
    assert one.overlap(other) == pytest.approx(other.overlap(one))
    assert 0.0 <= one.overlap(other) <= 1.0 + 1e-9


@given(_boxes())
def test_a_box_overlaps_itself_wholly(box: Box) -> None:
    assert box.overlap(box) == (pytest.approx(1.0) if box.area > 0 else 0.0)


@given(_boxes(), _boxes())
def test_the_covering_box_holds_both(one: Box, other: Box) -> None:
    both = one.covering(other)

    assert both.shared(one) == pytest.approx(one.area)
    assert both.shared(other) == pytest.approx(other.area)


@given(_boxes(), st.floats(-2, 2), st.floats(-2, 2))
def test_clipping_never_leaves_the_picture(box: Box, dx: float, dy: float) -> None:
    clipped = box.moved(dx, dy).clipped()

    assert 0.0 <= clipped.left <= clipped.right <= 1.0
    assert 0.0 <= clipped.top <= clipped.bottom <= 1.0


def test_the_foot_is_where_it_touches_the_ground() -> None:
    assert Box(0.2, 0.1, 0.4, 0.9).foot == Point(pytest.approx(0.3), 0.9)


@given(_boxes(), _shares, _shares)
def test_an_upright_outline_holds_what_its_box_holds(box: Box, x: float, y: float) -> None:
    corners = (
        Point(box.left, box.top),
        Point(box.right, box.top),
        Point(box.right, box.bottom),
        Point(box.left, box.bottom),
    )

    is_inside = box.left < x < box.right and box.top < y < box.bottom
    is_outside = not (box.left <= x <= box.right and box.top <= y <= box.bottom)

    if is_inside:
        assert Polygon(corners).holds(Point(x, y))
    if is_outside:
        assert not Polygon(corners).holds(Point(x, y))


def test_a_bay_in_an_outline_is_outside() -> None:
    horseshoe = Polygon(
        tuple(
            Point(x, y)
            for x, y in ((0, 0), (1, 0), (1, 1), (0.7, 1), (0.7, 0.3), (0.3, 0.3), (0.3, 1), (0, 1))
        )
    )

    assert horseshoe.holds(Point(0.1, 0.9))
    assert not horseshoe.holds(Point(0.5, 0.9))


def test_two_corners_are_no_outline() -> None:
    with pytest.raises(ValueError, match="needs 3 corners"):
        Polygon((Point(0, 0), Point(1, 1)))
