"""Boxes and outlines as fractions of the picture, so that zones survive a change of stream.

The origin is the upper left corner; x grows to the right and y downwards, both 0..1.
"""

from dataclasses import dataclass

# Fewer corners than a triangle enclose nothing.
FEWEST_CORNERS = 3


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the picture, 0..1 in both directions."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in the picture, 0..1 in both directions."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """The width; never negative."""
        return max(0.0, self.right - self.left)

    @property
    def height(self) -> float:
        """The height; never negative."""
        return max(0.0, self.bottom - self.top)

    @property
    def area(self) -> float:
        """The share of the picture that it covers."""
        return self.width * self.height

    @property
    def centre(self) -> Point:
        """The middle."""
        return Point((self.left + self.right) / 2, (self.top + self.bottom) / 2)

    @property
    def foot(self) -> Point:
        """The middle of the lower edge: where whatever it is touches the ground."""
        return Point((self.left + self.right) / 2, self.bottom)

    def shared(self, other: "Box") -> float:
        """Return the area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def overlap(self, other: "Box") -> float:
        """Return intersection over union, 0..1; two empty boxes do not overlap."""
        shared = self.shared(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def moved(self, dx: float, dy: float) -> "Box":
        """Return the same box elsewhere; it may leave the picture."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def clipped(self) -> "Box":
        """Return the part that lies inside the picture."""
        return Box(*(min(1.0, max(0.0, v)) for v in (self.left, self.top, self.right, self.bottom)))

    def covering(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline of at least three corners; the last corner joins the first."""

    corners: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.corners) < FEWEST_CORNERS:
            raise ValueError(f"an outline needs {FEWEST_CORNERS} corners, got {len(self.corners)}")

    def holds(self, point: Point) -> bool:
        """Tell whether the point lies inside (even-odd rule, as in SVG and OpenCV).

        A point exactly on an edge may count either way, but of two outlines that share the edge
        exactly one holds it.
        """
        inside = False
        previous = self.corners[-1]
        for corner in self.corners:
            if (corner.y > point.y) != (previous.y > point.y):
                slope = (previous.x - corner.x) / (previous.y - corner.y)
                if point.x < corner.x + slope * (point.y - corner.y):
                    inside = not inside
            previous = corner
        return inside
