"""What one camera saw in a while, counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.domain.sighting import Label


@dataclass(frozen=True, slots=True)
class Count:
    """Of one label: how many were new, and the most that were there at once."""

    new: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One period. A label that is not in `counts` was not seen."""

    began_at: float
    lasted_s: float
    frames: int
    # Frames in which a thing moved.
    moving: int
    counts: Mapping[Label, Count]
