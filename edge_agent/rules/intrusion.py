"""Intrusion: somebody or something is in a zone where it must not be, for long enough.

Time is the camera's, taken from frames. A camera that stalls for a minute has not shown us
anybody standing in the zone for a minute.
"""

from dataclasses import dataclass

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Finding, Scene, State, Track
from edge_agent.rules.options import IntrusionOptions

# A track that begins where another ended is the same visitor if the boxes overlap this much.
_SAME_PLACE = 0.2
# Who was lost for longer than this was not inside meanwhile, though it may still be the same visit.
_GLANCE_S = 3.0
# Sums of seconds are not exact.
_HAIR_S = 1e-6


@dataclass(slots=True)
class _Visit:
    """One stay in the zone, from the first moment inside."""

    number: int
    track: Track
    began_at: float
    last_inside: float
    inside_s: float = 0.0
    told_at: float | None = None


class Intrusion:
    """Follow visits to one zone; report each that lasts once, then updates, then its end."""

    def __init__(self, options: IntrusionOptions) -> None:
        self.options = options
        self._visits: list[_Visit] = []
        self._next_number = 1

    def judge(self, scene: Scene) -> list[Finding]:
        """Return what changed with this scene. Give scenes in the order of their time."""
        ended = self._end_the_absent(scene.taken_at)
        for track in scene.tracks:
            if self._is_inside(track, scene.taken_at):
                self._stay(track, scene.taken_at)
        return ended + [
            finding for visit in self._visits for finding in self._tell(visit, scene.taken_at)
        ]

    def finish(self) -> list[Finding]:
        """Return the end of every visit that was told: nobody will be seen for a while."""
        told = [visit for visit in self._visits if visit.told_at is not None]
        self._visits = []
        return [self._finding(visit, State.END) for visit in told]

    def _is_inside(self, track: Track, taken_at: float) -> bool:
        return (
            track.is_confirmed
            and track.label in self.options.labels
            and track.last_seen == taken_at
            and self.options.zone.outline.holds(track.box.foot)
        )

    def _stay(self, track: Track, taken_at: float) -> None:
        visit = self._visit_of(track)
        if visit is None:
            visit = _Visit(self._next_number, track, began_at=taken_at, last_inside=taken_at)
            self._next_number += 1
            self._visits.append(visit)
        since_s = taken_at - visit.last_inside
        if visit.track.id == track.id or since_s <= _GLANCE_S:
            visit.inside_s += since_s
        visit.track = track
        visit.last_inside = taken_at

    def _visit_of(self, track: Track) -> _Visit | None:
        """Return the visit of this track, or of the one that it evidently continues."""
        for visit in self._visits:
            if visit.track.id == track.id:
                return visit
        hidden = [visit for visit in self._visits if visit.last_inside < track.first_seen]
        same_place = [visit for visit in hidden if _is_same_place(visit.track.box, track.box)]
        return same_place[0] if same_place else None

    def _end_the_absent(self, taken_at: float) -> list[Finding]:
        gone = [
            visit for visit in self._visits if taken_at - visit.last_inside > self.options.absence_s
        ]
        self._visits = [visit for visit in self._visits if visit not in gone]
        return [self._finding(visit, State.END) for visit in gone if visit.told_at is not None]

    def _tell(self, visit: _Visit, taken_at: float) -> list[Finding]:
        if visit.told_at is None:
            if visit.inside_s < self.options.patience_s - _HAIR_S:
                return []
            visit.told_at = taken_at
            return [self._finding(visit, State.NEW)]
        if visit.last_inside - visit.told_at < self.options.update_s:
            return []
        visit.told_at = taken_at
        return [self._finding(visit, State.UPDATE)]

    def _finding(self, visit: _Visit, state: State) -> Finding:
        return Finding(
            rule=self.options.name,
            kind="intrusion",
            zone=self.options.zone.name,
            severity=self.options.severity,
            state=state,
            visit=visit.number,
            track=visit.track,
            began_at=visit.began_at,
            lasted_s=visit.last_inside - visit.began_at,
        )


def _is_same_place(before: Box, now: Box) -> bool:
    return before.overlap(now) > _SAME_PLACE
