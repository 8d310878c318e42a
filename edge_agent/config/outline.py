"""Outlines that make sense: inside the picture, enclosing something, not crossing themselves."""

from itertools import combinations

from edge_agent.domain.geometry import FEWEST_CORNERS, Point

# Nobody draws more by hand, and every corner is looked at for every track of every frame.
MOST_CORNERS = 64
# A quarter of a pixel of a 1920x1080 picture: corners this close to one line enclose nothing.
_LEAST_AREA = 1e-7
_EXAMPLE = "[[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]"
# x and y.
_NUMBERS_A_CORNER = 2


def read_outline(value: object) -> tuple[tuple[Point, ...], str]:
    """Return the corners of a TOML list of [x, y] pairs, and what is wrong; either is empty."""
    if not isinstance(value, list):
        return (), f"needs a list of corners such as {_EXAMPLE}"
    corners = []
    for number, pair in enumerate(value, start=1):
        if not _is_pair(pair):
            return (), f"corner {number} needs two numbers such as [0.1, 0.5]"
        corners.append(Point(float(pair[0]), float(pair[1])))
    wrong = judge_outline(tuple(corners))
    return ((), wrong) if wrong else (tuple(corners), "")


def judge_outline(corners: tuple[Point, ...]) -> str:
    """Return what is wrong with an outline, or nothing."""
    if not FEWEST_CORNERS <= len(corners) <= MOST_CORNERS:
        return f"has {len(corners)} corners; it needs {FEWEST_CORNERS} to {MOST_CORNERS}"
    for number, corner in enumerate(corners, start=1):
        if not (0 <= corner.x <= 1 and 0 <= corner.y <= 1):
            return f"corner {number} ({corner.x:g}, {corner.y:g}) lies outside the picture (0 to 1)"
    return _judge_shape(corners)


def _judge_shape(corners: tuple[Point, ...]) -> str:
    count = len(corners)
    for here in range(count):
        if corners[here] == corners[(here + 1) % count]:
            return f"corners {here + 1} and {(here + 1) % count + 1} are the same place"
    if all(abs(_turn(corners[0], *pair)) < _LEAST_AREA for pair in combinations(corners[1:], 2)):
        return "all corners lie on one line"
    for one, other in combinations(range(count), 2):
        if _edges_meet(corners, one, other):
            return f"crosses itself: the lines after corners {one + 1} and {other + 1} meet"
    return ""


def _edges_meet(corners: tuple[Point, ...], one: int, other: int) -> bool:
    count = len(corners)
    a, b = corners[one], corners[(one + 1) % count]
    c, d = corners[other], corners[(other + 1) % count]
    if b == c and other == one + 1:
        return _folds_back(a, b, d)
    if d == a and (other + 1) % count == one:
        return _folds_back(c, a, b)
    return _segments_meet(a, b, c, d)


def _segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Tell whether two edges cross or touch.

    Two that lie on one line are passed over: where they overlap, an edge beside them touches one.
    """
    is_cut = _sign(_turn(a, b, c)) != _sign(_turn(a, b, d))
    return is_cut and _sign(_turn(c, d, a)) != _sign(_turn(c, d, b))


def _folds_back(a: Point, b: Point, c: Point) -> bool:
    ahead = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y)
    return _turn(a, b, c) == 0 and ahead < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    """Return twice the area of the triangle: positive to one side, negative to the other."""
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == _NUMBERS_A_CORNER
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )
