"""Who was really there: the teachers' opinions linked over time, corrected where an eye disagreed.

A visit is only called one where the teachers were sure many times. What they saw now and then is a
doubt: nobody is judged by it, neither who follows it nor who does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from bench.visits.checked import is_thing, label_of
from bench.visits.clips import LOOKS_PER_S, Clip
from bench.visits.opinions import Opinion, opinions
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label

_LABELS = tuple(Label)
VEHICLES = frozenset({Label.CAR, Label.BUS, Label.TRUCK})
# Above the first a teacher's box is evidence, above the second it may continue what was evident,
# above the third it is a doubt.
SURE, LINKED, DOUBT = 0.5, 0.25, 0.15
# The same thing: this much overlap with where it was or is expected, after at most these seconds.
_SAME, _GAP_S = 0.3, 1.0
# Vehicles of two names that overlap this much are one.
_ONE_VEHICLE = 0.6
# A visit: sure for these seconds in all, and in this share of the looks between first and last.
_SURE_S, _SURE_SHARE = 1.6, 0.4
# Who is smaller (24 pixels tall in 640x360) or shorter there need not be found.
LEAST_SIZE, LEAST_S = 24 / 360, 2.0

Seen = tuple[Label, float, Box]


@dataclass(frozen=True, slots=True)
class Visit:
    """One thing from its first to its last sure moment, with a box for every look between."""

    label: Label
    boxes: dict[float, Box]

    @property
    def began_at(self) -> float:
        """When the teachers were first sure."""
        return min(self.boxes)

    @property
    def is_owed(self) -> bool:
        """Long and large enough that missing it is a fault."""
        size = median(max(box.width, box.height) for box in self.boxes.values())
        return size >= LEAST_SIZE and max(self.boxes) - self.began_at >= LEAST_S


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of one clip; `doubts` are boxes at a time that may or may not be something."""

    clip: Clip
    times: tuple[float, ...]
    visits: tuple[Visit, ...]
    doubts: dict[float, list[tuple[Label, Box]]]


@dataclass(slots=True)
class _Chain:
    """What was linked so far: when, and what was seen."""

    times: list[float] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def likeness(self, taken_at: float, label: Label, box: Box) -> float:
        """Return how much a box overlaps with where this was or would be; 0: not the same."""
        before, _, last = self.seen[-1]
        if label is not before and not {label, before} <= VEHICLES:
            return 0.0
        return max(last.overlap(box), self._expected(taken_at).overlap(box))

    def _expected(self, taken_at: float) -> Box:
        back = min(len(self.times), 4)
        last, earlier = self.seen[-1][2], self.seen[-back][2]
        passed_s = self.times[-1] - self.times[-back]
        if not passed_s:
            return last
        ahead = (taken_at - self.times[-1]) / passed_s
        now, then = last.centre, earlier.centre
        return last.moved((now.x - then.x) * ahead, (now.y - then.y) * ahead)

    def box_at(self, taken_at: float) -> Box:
        """Return the box at a time, between the two that were seen around it."""
        edges = np.asarray([(b.left, b.top, b.right, b.bottom) for _, _, b in self.seen])
        return Box(*(float(np.interp(taken_at, self.times, edges[:, side])) for side in range(4)))


def truth_of(clip: Clip) -> Truth:
    """Return who was there in one clip."""
    return truth_from(clip, opinions(clip))


def truth_from(clip: Clip, said: Sequence[Opinion]) -> Truth:
    """Return who was there, if this is what the teachers said of each analysed frame."""
    times = tuple(one.taken_at for one in said)
    made = [_visit(chain, times) for chain in _chains(clip, said)]
    doubts = {
        one.taken_at: [(label, box) for label, _, box in _boxes(clip, one, DOUBT)] for one in said
    }
    return Truth(clip, times, tuple(visit for visit in made if visit), doubts)


def _boxes(clip: Clip, opinion: Opinion, floor: float) -> list[Seen]:
    """Return what the teachers saw, best first, without the things that are nobody."""
    found = opinion.found
    kept: list[Seen] = []
    for place in np.argsort(-found.scores, kind="stable"):
        label, score = _LABELS[int(found.labels[place])], float(found.scores[place])
        box = Box(*map(float, found.boxes[place]))
        if score < floor or is_thing(clip.file.name, box) or _is_second_name(label, box, kept):
            continue
        kept.append((label_of(clip.file.name, opinion.taken_at, label, box), score, box))
    return kept


def _is_second_name(label: Label, box: Box, kept: list[Seen]) -> bool:
    return label in VEHICLES and any(
        other in VEHICLES and there.overlap(box) > _ONE_VEHICLE for other, _, there in kept
    )


def _chains(clip: Clip, said: Sequence[Opinion]) -> list[_Chain]:
    chains: list[_Chain] = []
    for opinion in said:
        free = _boxes(clip, opinion, LINKED)
        alive = [one for one in chains if opinion.taken_at - one.times[-1] <= _GAP_S]
        for i, j in _best_pairs(alive, free, opinion.taken_at):
            alive[i].times.append(opinion.taken_at)
            alive[i].seen.append(free[j])
        chains += [
            _Chain([opinion.taken_at], [seen])
            for seen in free
            if not any(chain.seen[-1] is seen for chain in alive)
        ]
    return chains


def _best_pairs(alive: list[_Chain], free: list[Seen], taken_at: float) -> list[tuple[int, int]]:
    offers = [
        (chain.likeness(taken_at, label, box), i, j)
        for i, chain in enumerate(alive)
        for j, (label, _, box) in enumerate(free)
    ]
    pairs: list[tuple[int, int]] = []
    for likeness, i, j in sorted(offers, key=lambda offer: -offer[0]):
        if likeness >= _SAME and all(i != one and j != other for one, other in pairs):
            pairs.append((i, j))
    return pairs


def _visit(chain: _Chain, times: tuple[float, ...]) -> Visit | None:
    both = list(zip(chain.times, chain.seen, strict=True))
    sure = [taken_at for taken_at, (_, score, _) in both if score >= SURE]
    if len(sure) < _SURE_S * LOOKS_PER_S:
        return None
    span = [taken_at for taken_at in times if sure[0] <= taken_at <= sure[-1]]
    if len(sure) < _SURE_SHARE * len(span):
        return None
    votes = dict.fromkeys(Label, 0.0)
    for label, score, _ in chain.seen:
        votes[label] += score
    named = max(votes, key=lambda label: votes[label])
    return Visit(named, {taken_at: chain.box_at(taken_at) for taken_at in span})
