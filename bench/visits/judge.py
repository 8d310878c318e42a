"""What an operator would say of the tracks: who was missed, who was never there, how late it was.

Only confirmed tracks count, and only the moments in which they are seen: that is what rules judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.visits.truth import VEHICLES, Truth, Visit
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Scene

# The same thing: teacher and model draw their boxes a little differently.
SAME = 0.3
# A track is somebody's if at least this share of its moments is.
MOSTLY = 0.5
# Rules wait this long before they tell; sums of seconds are not exact.
PATIENCE_S, _HAIR_S = 1.0, 0.01
# Judged together: a van is a car, a bus or a truck; nobody is woken by the difference.
# Of garbage no visit is owed on any clip, so that each track of it is a mistake.
GROUPS = ("person", "two_wheeler", "vehicle", "garbage")


def group_of(label: Label) -> str:
    """Return the name of the group in which a label is judged."""
    return "vehicle" if label in VEHICLES else str(label)


@dataclass(slots=True)
class Tally:
    """The count for one group of labels, over any number of clips."""

    owed: int = 0
    found: int = 0
    # Tracks: all that were confirmed, those that match nothing, those of somebody by another name.
    tracks: int = 0
    false: int = 0
    misnamed: int = 0
    # Tracks beyond the first that began with the same visit: the center would be told twice.
    again: int = 0
    # Seconds from the first sure moment to the first confirmed one, of each visit that was found.
    late_s: list[float] = field(default_factory=list)
    minutes: float = 0.0

    def add(self, other: Tally) -> None:
        """Count another clip in."""
        self.owed += other.owed
        self.found += other.found
        self.tracks += other.tracks
        self.false += other.false
        self.misnamed += other.misnamed
        self.again += other.again
        self.late_s += other.late_s
        self.minutes += other.minutes

    @property
    def mistakes(self) -> int:
        """How often an operator would have been right to complain."""
        return self.owed - self.found + self.false + self.misnamed + self.again


@dataclass(slots=True)
class _Followed:
    """The confirmed moments of one track, and with whom it was in each."""

    label: Label
    moments: int = 0
    doubtful: int = 0
    # When it was with each visit.
    beside: dict[int, list[float]] = field(default_factory=dict)


def judge(truth: Truth, scenes: Sequence[Scene]) -> dict[str, Tally]:
    """Return the tallies of one clip, by group."""
    tallies = {group: Tally() for group in GROUPS}
    followed = follow(truth, scenes)
    for tally in tallies.values():
        tally.minutes = (truth.times[-1] - truth.times[0]) / 60
    for one in followed:
        _count_track(one, truth.visits, tallies[group_of(one.label)])
    for number, visit in enumerate(truth.visits):
        if visit.is_owed:
            _count_visit(number, visit, followed, tallies[group_of(visit.label)])
    return tallies


def verdict(one: _Followed, visits: Sequence[Visit]) -> str:
    """Return what a track is: right, false, misnamed, or a doubt that nobody can settle."""
    named = sum(len(at) for n, at in one.beside.items() if is_named(one.label, visits[n]))
    if named >= MOSTLY * one.moments:
        return "right"
    matched = sum(map(len, one.beside.values()))
    if matched >= MOSTLY * one.moments:
        return "misnamed"
    return "doubt" if matched + one.doubtful >= MOSTLY * one.moments else "false"


def _count_track(one: _Followed, visits: Sequence[Visit], tally: Tally) -> None:
    said = verdict(one, visits)
    tally.tracks += said != "doubt"
    tally.false += said == "false"
    tally.misnamed += said == "misnamed"


def _count_visit(number: int, visit: Visit, followed: Sequence[_Followed], tally: Tally) -> None:
    """Found is who was followed under a right name for as long as a rule wants to see it."""
    stays = [
        one.beside[number]
        for one in followed
        if number in one.beside and is_named(one.label, visit)
    ]
    long_ones = [at for at in stays if at[-1] - at[0] >= PATIENCE_S - _HAIR_S]
    tally.owed += 1
    tally.again += max(0, sum(_begins_with(one, number) for one in followed) - 1)
    if long_ones:
        tally.found += 1
        tally.late_s.append(min(at[0] for at in long_ones) - visit.began_at)


def _begins_with(one: _Followed, number: int) -> bool:
    return bool(one.beside) and min(one.beside, key=lambda n: one.beside[n][0]) == number


def follow(truth: Truth, scenes: Sequence[Scene]) -> list[_Followed]:
    """Return every track that was ever confirmed, with its confirmed moments."""
    followed: dict[int, _Followed] = {}
    for scene in scenes:
        at = scene.taken_at
        here = {n: visit.boxes[at] for n, visit in enumerate(truth.visits) if at in visit.boxes}
        for track in scene.tracks:
            if not track.is_confirmed or track.last_seen != at:
                continue
            one = followed.setdefault(track.id, _Followed(track.label))
            one.label = track.label
            one.moments += 1
            whose = _closest(track.box, here)
            if whose is None:
                one.doubtful += _is_doubt(track.label, track.box, truth.doubts[at])
            else:
                one.beside.setdefault(whose, []).append(at)
    return list(followed.values())


def is_named(label: Label, visit: Visit) -> bool:
    """Tell whether a track's label is the visit's, or another kind of vehicle."""
    return group_of(label) == group_of(visit.label)


def _closest(box: Box, here: dict[int, Box]) -> int | None:
    best = max(here, key=lambda number: here[number].overlap(box), default=None)
    return best if best is not None and here[best].overlap(box) >= SAME else None


def _is_doubt(label: Label, box: Box, doubts: Sequence[tuple[Label, Box]]) -> bool:
    return any(
        group_of(said) == group_of(label) and there.overlap(box) >= SAME for said, there in doubts
    )
