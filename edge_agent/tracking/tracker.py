"""Follow objects from look to look, in seconds of the camera's clock, never in frames.

A box that analyses two frames a second must see the same visits as one that analyses ten. Pure
and deterministic: the same sightings give the same tracks.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting, Track
from edge_agent.tracking.affinity import affinity

# Looks remembered for the median; more would confirm late, fewer would trust a lucky frame.
_LOOKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerOptions:
    """When to believe in an object and when to give it up."""

    # Seen at least this often, so that one odd frame is no person.
    fewest_sightings: int = 3
    # The median score over the latest looks, a miss counting as 0, that makes one believe.
    median_score: float = 0.35
    # Found in fewer than this share of the latest looks, it is doubted again: what once passed
    # for a person in a shadow does not stay one.
    doubt_share: float = 0.3
    # Unseen for this long in seconds, an object is gone; people vanish behind cars and come back.
    memory_s: float = 3.0
    # What was never confirmed is forgotten sooner.
    doubt_s: float = 1.2
    # A standing object is looked at again after this, also when nothing moves.
    look_again_s: float = 1.0


@dataclass(slots=True)
class _Followed:
    """A track and what is needed to continue it."""

    track: Track
    looked_at: float
    scores: deque[float] = field(default_factory=lambda: deque(maxlen=_LOOKS))
    votes: dict[Label, float] = field(default_factory=dict)
    sightings: int = 0
    # Fractions of the picture per second.
    speed: tuple[float, float] = (0.0, 0.0)

    def expected(self, taken_at: float) -> Box:
        """Return where it should be by now; beyond a second its speed says nothing."""
        passed_s = min(1.0, taken_at - self.track.last_seen)
        return self.track.box.moved(self.speed[0] * passed_s, self.speed[1] * passed_s)


class Tracker:
    """One camera's objects. Give it every frame, with the parts of it that were looked at."""

    def __init__(self, options: TrackerOptions) -> None:
        self._options = options
        self._followed: list[_Followed] = []
        self._next_id = 1

    def follow(
        self, taken_at: float, sightings: Sequence[Sighting], looked: Sequence[Box]
    ) -> tuple[Track, ...]:
        """Return all tracks at this moment; `last_seen` equals `taken_at` for those seen now."""
        # First: over a gap in the stream nobody is followed, however alike who stands there now.
        self._followed = [one for one in self._followed if not self._is_gone(one, taken_at)]
        free = list(sightings)
        for followed, sighting in _pair(self._followed, sightings, taken_at):
            self._see(followed, sighting, taken_at)
            free.remove(sighting)
        for followed in self._followed:
            if followed.track.last_seen < taken_at and _is_inside(followed.track.box, looked):
                followed.looked_at = taken_at
                followed.scores.append(0.0)
        self._followed += [self._begin(sighting, taken_at) for sighting in free]
        return tuple(one.track for one in self._followed)

    def due(self, taken_at: float) -> list[Box]:
        """Return where to look again although nothing may move there."""
        return [
            one.expected(taken_at).clipped()
            for one in self._followed
            if taken_at - one.looked_at >= self._options.look_again_s
            or one.track.last_seen < one.looked_at
            or not one.track.is_confirmed
        ]

    def _begin(self, sighting: Sighting, taken_at: float) -> _Followed:
        track = Track(
            id=self._next_id,
            label=sighting.label,
            score=sighting.score,
            box=sighting.box,
            first_seen=taken_at,
            last_seen=taken_at,
            is_confirmed=False,
        )
        self._next_id += 1
        followed = _Followed(track, taken_at, sightings=1, votes={sighting.label: sighting.score})
        followed.scores.append(sighting.score)
        return followed

    def _see(self, followed: _Followed, sighting: Sighting, taken_at: float) -> None:
        track = followed.track
        followed.looked_at = taken_at
        followed.sightings += 1
        followed.scores.append(sighting.score)
        followed.votes[sighting.label] = followed.votes.get(sighting.label, 0.0) + sighting.score
        followed.speed = _speed(followed, sighting, taken_at)
        hits = [score for score in followed.scores if score > 0.0]
        followed.track = replace(
            track,
            label=max(followed.votes, key=lambda label: followed.votes[label]),
            score=median(hits),
            box=sighting.box,
            last_seen=taken_at,
            is_confirmed=self._is_convincing(followed, len(hits) / len(followed.scores)),
        )

    def _is_convincing(self, followed: _Followed, found_share: float) -> bool:
        if followed.track.is_confirmed:
            return found_share >= self._options.doubt_share
        return (
            followed.sightings >= self._options.fewest_sightings
            and median(followed.scores) >= self._options.median_score
        )

    def _is_gone(self, followed: _Followed, taken_at: float) -> bool:
        options = self._options
        patience_s = options.memory_s if followed.track.is_confirmed else options.doubt_s
        return taken_at - followed.track.last_seen > patience_s


def _pair(
    followed: Sequence[_Followed], sightings: Sequence[Sighting], taken_at: float
) -> list[tuple[_Followed, Sighting]]:
    """Return the best pairs first-come by affinity; each track and each sighting at most once.

    Greedy instead of the Hungarian method: on street scenes of up to 30 objects both agree but
    for ties, and this needs no SciPy (100 MB on the box).
    """
    offers = [
        (affinity(one.expected(taken_at), one.track, sighting, taken_at), i, j)
        for i, one in enumerate(followed)
        for j, sighting in enumerate(sightings)
    ]
    pairs: list[tuple[_Followed, Sighting]] = []
    taken: set[tuple[str, int]] = set()
    for strength, i, j in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
        if strength <= 0.0:
            break
        if ("track", i) in taken or ("sighting", j) in taken:
            continue
        taken |= {("track", i), ("sighting", j)}
        pairs.append((followed[i], sightings[j]))
    return pairs


def _speed(followed: _Followed, sighting: Sighting, taken_at: float) -> tuple[float, float]:
    passed_s = taken_at - followed.track.last_seen
    if passed_s <= 0.0:
        return followed.speed
    before, now = followed.track.box.centre, sighting.box.centre
    # Half old, half new: boxes jitter by a few pixels from look to look.
    return (
        (followed.speed[0] + (now.x - before.x) / passed_s) / 2,
        (followed.speed[1] + (now.y - before.y) / passed_s) / 2,
    )


def _is_inside(box: Box, looked: Sequence[Box]) -> bool:
    """Tell whether most of the box was looked at."""
    return any(box.shared(part) > box.area / 2 for part in looked)
