"""Parts of the picture that rules watch, and for whom."""

from dataclasses import dataclass

from edge_agent.domain.geometry import Box, Point, Polygon
from edge_agent.domain.sighting import Label


@dataclass(frozen=True, slots=True)
class Zone:
    """A named outline in one camera's picture."""

    name: str
    outline: Polygon


@dataclass(frozen=True, slots=True)
class Watch:
    """What one camera's rules want to know of: which labels, in which outlines."""

    places: tuple[tuple[Polygon, frozenset[Label]], ...] = ()

    def concerns(self, label: Label, box: Box) -> bool:
        """Tell whether a rule may want to know of it: it stands in its zone, or partly."""
        middle = box.foot
        feet = (middle, Point(box.left, middle.y), Point(box.right, middle.y))
        return any(
            label in labels and any(map(outline.holds, feet)) for outline, labels in self.places
        )
