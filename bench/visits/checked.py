"""What was checked by eye on contact sheets, where the teachers are wrong or know too little."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that stands in every frame of a file and is nobody, whatever a teacher says."""

    box: Box
    what: str

    def is_at(self, box: Box) -> bool:
        """Tell whether a box means this thing."""
        return self.box.overlap(box) >= _SAME


@dataclass(frozen=True, slots=True)
class Renamed:
    """A visit that is something else than the teachers say: those most of which lie in a place."""

    place: Box
    begins_s: float
    ends_s: float
    said: Label
    label: Label


# A box that overlaps a thing this much means that thing, not who walks past it.
_SAME = 0.4

THINGS: dict[str, tuple[Thing, ...]] = {
    "vtest.avi": (
        Thing(Box(0.034, 0.185, 0.066, 0.255), "a board on the lawn"),
        Thing(Box(0.600, 0.580, 0.690, 0.840), "a tripod"),
        Thing(Box(0.565, 0.200, 0.600, 0.310), "a tripod behind the lamp"),
        Thing(Box(0.535, 0.340, 0.585, 0.435), "the notice on the lamp post"),
        Thing(Box(0.540, 0.030, 0.590, 0.680), "the lamp post"),
        Thing(Box(0.955, 0.280, 0.995, 0.420), "a blue board at the kerb"),
    ),
    "bgslib_video02.avi": (
        Thing(Box(0.440, 0.000, 0.640, 0.065), "a caption"),
        Thing(Box(0.680, 0.060, 0.820, 0.160), "a caption over the crash barrier"),
        Thing(Box(0.000, 0.340, 0.240, 0.385), "the caption PEDESTRIAN ALARM"),
    ),
}
RENAMED: dict[str, tuple[Renamed, ...]] = {
    # Seen from behind, and small: a cyclist on the hard shoulder.
    "bgslib_video02.avi": (
        Renamed(Box(0.75, 0.0, 1.0, 1.0), 0.0, 30.0, Label.PERSON, Label.TWO_WHEELER),
    ),
}
# Begin and end of the six visits of intel_one-by-one-person, as the data's own notes say them.
SIX_VISITS_S = (
    (6.0, 19.5),
    (23.0, 44.5),
    (50.5, 69.5),
    (74.5, 86.5),
    (92.0, 119.5),
    (123.5, 136.0),
)


def is_thing(file: str, box: Box) -> bool:
    """Tell whether a box means a thing that was checked by eye."""
    return any(thing.is_at(box) for thing in THINGS.get(file, ()))


def label_of(file: str, taken_at: float, said: Label, box: Box) -> Label:
    """Return what a box is, where an eye corrected the teachers."""
    for one in RENAMED.get(file, ()):
        is_then = one.begins_s <= taken_at <= one.ends_s
        if said is one.said and is_then and one.place.shared(box) > box.area / 2:
            return one.label
    return said
