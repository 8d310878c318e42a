"""A part of the picture that a rule watches."""

from dataclasses import dataclass

from edge_agent.domain.geometry import Polygon


@dataclass(frozen=True, slots=True)
class Zone:
    """A named outline in one camera's picture."""

    name: str
    outline: Polygon
