"""How much a sighting looks like the continuation of a track."""

from math import hypot

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting, Track

_VEHICLES = frozenset({Label.CAR, Label.BUS, Label.TRUCK})
_RIDING = frozenset({Label.PERSON, Label.TWO_WHEELER})
# A rider is boxed as a person where the machine was overlooked: the upper half or more of the same
# place. Who walks past a parked motorcycle shares less with it.
_SAME_RIDER = 0.5
# How far a thing may be from where it was expected, in its own heights: at once, and per second.
_REACH = 0.5
_REACH_PER_S = 0.8
# Who was last seen at a side of the picture and then missed for so long has left through it. They may
# come back there; whoever comes in elsewhere is somebody else, and must be told.
_SIDE, _GONE_S = 0.01, 1.0
# Twice as tall or half as tall within a moment is another thing.
_SIZE_RATIO = 2.0


def affinity(expected: Box, track: Track, sighting: Sighting, taken_at: float) -> float:
    """Return 0 for "another one", else up to 2 for "the same"."""
    if {track.label, sighting.label} == _RIDING:
        overlap = expected.overlap(sighting.box)
        return overlap if overlap >= _SAME_RIDER else 0.0
    if not _may_be(track.label, sighting.label):
        return 0.0
    size, seen_size = _size(expected), _size(sighting.box)
    if size <= 0 or seen_size <= 0:
        return 0.0
    if max(size, seen_size) > _SIZE_RATIO * min(size, seen_size):
        return 0.0
    passed_s = taken_at - track.last_seen
    wandered_s = 0.0 if passed_s > _GONE_S and _is_at_a_side(track.box) else passed_s
    reach = max(size, seen_size) * (_REACH + _REACH_PER_S * wandered_s)
    centre, seen = expected.centre, sighting.box.centre
    nearness = 1.0 - hypot(seen.x - centre.x, seen.y - centre.y) / reach
    overlap = expected.overlap(sighting.box)
    if nearness <= 0.0 and overlap <= 0.0:
        return 0.0
    return max(0.0, nearness) + overlap


def _size(box: Box) -> float:
    return max(box.width, box.height)


def _is_at_a_side(box: Box) -> bool:
    return box.left <= _SIDE or box.right >= 1.0 - _SIDE


def _may_be(label: Label, seen: Label) -> bool:
    """Tell whether a model could call the same thing both: a van is a car, a bus or a truck."""
    return label is seen or (label in _VEHICLES and seen in _VEHICLES)
