"""How long everybody is wrong: after a start, after a global change, after something parks or leaves.

Each answer is in seconds of camera time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bench.motion.coding import coded
from bench.motion.contenders import AS_SHIPPED, ENTRIES
from bench.motion.nuisances import CONDITIONS, infrared
from bench.motion.painter import (
    FRAMES_PER_SECOND,
    HEIGHT_PX,
    NIGHT_NOISE,
    WIDTH_PX,
    Box,
    Moment,
    Nuisance,
    Painter,
    Picture,
    Plane,
    Script,
    paint,
    undisturbed,
)
from bench.motion.score import WAKE_FRAMES, is_false, is_found, touch
from bench.motion.suite import pool

# Scenes of each change and of parking, and starts in each condition.
SCENES, STARTS = range(4), range(2)

CALM_S = 30.0
# A walker comes when the three seconds of recovery are over.
_COMES_S, _WATCHED_S = 3.0, 15.0
START_S, READY_S = 12.0, 2.0
# What is parked, in pixels, and the seconds after CALM_S at which it stands and leaves.
CAR, BAG = (420, 236, 494, 268), (150, 300, 166, 314)
_CAR_STANDS_S, _CAR_LEAVES_S, _CAR_PACE = 10.0, 65.0, 60.0
_BAG_LEFT_S, _BAG_TAKEN_S = 25.0, 80.0
PARKING_S = 125.0
_STEP_S = 1 / FRAMES_PER_SECOND
_PARKING = "parking"

T = TypeVar("T")


def _dark(painter: Painter, picture: Plane, _since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    painter.noise = NIGHT_NOISE / 2
    return picture * 0.35, ()


def _lamp(painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Light a third of the dark street."""
    dark, nothing = _dark(painter, picture, since_s)
    pool = np.exp(
        -(((painter.columns - WIDTH_PX * 0.6) / 150.0) ** 2)
        - (((painter.rows - HEIGHT_PX * 0.6) / 90.0) ** 2)
    )
    return dark + picture * 0.5 * pool, nothing


def _exposed(_painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Brighten by four tenths within a second, as exposure does when a white van has left."""
    return picture * (1.0 + 0.4 * min(1.0, since_s)), ()


def parking(_painter: Painter, picture: Plane, since_s: float) -> tuple[Plane, tuple[Box, ...]]:
    """Park a car and drive it off; leave a bag elsewhere and take it."""
    shown = picture.copy()
    if _BAG_LEFT_S <= since_s < _BAG_TAKEN_S:
        shown[BAG[1] : BAG[3], BAG[0] : BAG[2]] = 40.0
    away_s = max(0.0, _CAR_STANDS_S - since_s) + max(0.0, since_s - _CAR_LEAVES_S)
    # It comes from the right and leaves to the right.
    left = round(CAR[0] + _CAR_PACE * away_s)
    if left >= WIDTH_PX:
        return shown, ()
    right = min(WIDTH_PX, left + CAR[2] - CAR[0])
    shown[CAR[1] : CAR[3], left:right] = 70.0
    shown[CAR[1] + 4 : CAR[1] + 14, left + 4 : max(left + 4, right - 20)] = 165.0
    return shown, ((left, CAR[1], right, CAR[3]),) if away_s > 0 else ()


# What the picture was, and what it becomes in one frame.
CHANGES: dict[str, tuple[Nuisance, Nuisance]] = {
    "infrared on": (undisturbed, infrared),
    "infrared off": (infrared, undisturbed),
    "street lamp on": (_dark, _lamp),
    "all lamps off": (undisturbed, _dark),
    "exposure": (undisturbed, _exposed),
}


@dataclass(frozen=True, slots=True)
class Recovered:
    """After a global change: until when motion is false, how often later, and who is found."""

    false_until_s: float
    # Of the frames later than the three seconds: one insect is no state that lasts.
    late_share: float
    # Of the frames of a walker who comes three seconds later.
    found_share: float


@dataclass(frozen=True, slots=True)
class Started:
    """How good the first seconds are."""

    # Of the first two seconds' frames.
    false_share: float
    found_at_once: float
    # Of the first twelve's.
    found_share: float


@dataclass(frozen=True, slots=True)
class Ghosts:
    """Seconds for which a place was reported after nothing moved in it any more."""

    parked_s: float
    driven_off_s: float
    left_s: float
    taken_s: float


@dataclass(frozen=True, slots=True)
class Job:
    """One scene for everybody: what kind, which one, on which street."""

    kind: str
    seed: int
    street: Picture


@dataclass(frozen=True, slots=True)
class Aftermath:
    """All of it: by what happened, then by contender, one answer for each scene."""

    recovered: dict[str, dict[str, list[Recovered]]]
    started: dict[str, dict[str, list[Started]]]
    haunted: dict[str, list[Ghosts]]


def measure(streets: Sequence[Picture]) -> Aftermath:
    """Return how long everybody was wrong after everything."""
    with pool() as workers:
        return Aftermath(
            _by_kind(workers, recovered, _jobs(CHANGES, SCENES, streets)),
            _by_kind(workers, started, _jobs(CONDITIONS, STARTS, streets)),
            _by_kind(workers, haunted, _jobs((_PARKING,), SCENES, streets))[_PARKING],
        )


def _jobs(kinds: Iterable[str], seeds: Iterable[int], streets: Sequence[Picture]) -> list[Job]:
    return [Job(kind, seed, streets[seed % len(streets)]) for kind in kinds for seed in seeds]


def _by_kind(
    workers: Executor, watch: Callable[[Job], dict[str, T]], jobs: Sequence[Job]
) -> dict[str, dict[str, list[T]]]:
    by_kind: dict[str, dict[str, list[T]]] = {}
    for job, answers in zip(jobs, workers.map(watch, jobs), strict=True):
        for name, answer in answers.items():
            by_kind.setdefault(job.kind, {}).setdefault(name, []).append(answer)
    return by_kind


def recovered(job: Job) -> dict[str, Recovered]:
    """Change everything at once and see for how long who is wrong."""
    before, after = CHANGES[job.kind]
    came_s = CALM_S + _COMES_S
    script = Script(
        calm_s=CALM_S,
        nuisance_s=_WATCHED_S,
        visits_s=((came_s, CALM_S + _WATCHED_S),),
        before=before,
    )
    moments = list(coded(paint(job.street, after, job.seed, script)))
    return {name: recovery_of(told(name, moments), moments) for name in ENTRIES}


def started(job: Job) -> dict[str, Started]:
    """Start in the middle of a condition, with somebody walking from the first frame on."""
    script = Script(calm_s=0.0, nuisance_s=START_S, visits_s=((0.0, START_S),))
    moments = list(coded(paint(job.street, CONDITIONS[job.kind], job.seed, script)))
    return {name: start_of(told(name, moments), moments) for name in ENTRIES}


def haunted(job: Job) -> dict[str, Ghosts]:
    """Park and leave, and see for how long who reports it."""
    script = Script(calm_s=CALM_S, nuisance_s=PARKING_S, visits_s=())
    moments = list(coded(paint(job.street, parking, job.seed, script)))
    return {name: ghosts(told(name, moments)) for name in ENTRIES}


Told = Sequence[Sequence[Box]]


def told(name: str, moments: Sequence[Moment]) -> Told:
    """Return what a contender says of each frame."""
    contender = ENTRIES[name].make(AS_SHIPPED)
    return [contender.watch(one.picture, one.at_s) for one in moments]


def _wrong(boxes: Told, moments: Sequence[Moment]) -> list[float]:
    """Return the moments with false motion."""
    wrong = []
    for index, moment in enumerate(moments):
        recent = moments[max(0, index - WAKE_FRAMES) : index + 1]
        if is_false(boxes[index], [box for one in recent for box in one.true]):
            wrong.append(moment.at_s)
    return wrong


def _found(boxes: Told, moments: Sequence[Moment], until_s: float = 1e9) -> float:
    """Return in which part of their frames the walker was found."""
    found = [
        is_found(boxes[index], one.person)
        for index, one in enumerate(moments)
        if one.person and one.at_s < until_s
    ]
    return sum(found) / max(1, len(found))


def recovery_of(boxes: Told, moments: Sequence[Moment]) -> Recovered:
    """Judge what was told of a scene with one global change."""
    since = [at_s - CALM_S + _STEP_S for at_s in _wrong(boxes, moments) if at_s >= CALM_S]
    late = sum(passed_s > _COMES_S + _STEP_S / 2 for passed_s in since)
    frames = (_WATCHED_S - _COMES_S) * FRAMES_PER_SECOND
    return Recovered(max(since, default=0.0), late / frames, _found(boxes, moments))


def start_of(boxes: Told, moments: Sequence[Moment]) -> Started:
    """Judge what was told of a scene from its first frame on."""
    early = [at_s for at_s in _wrong(boxes, moments) if at_s < READY_S]
    return Started(
        len(early) / (READY_S * FRAMES_PER_SECOND),
        _found(boxes, moments, READY_S),
        _found(boxes, moments),
    )


def ghosts(boxes: Told) -> Ghosts:
    """Judge what was told of the places where something stood."""
    # One frame later, it is out of its place to the last pixel.
    clear_s = _CAR_LEAVES_S + (CAR[2] - CAR[0]) / _CAR_PACE + _STEP_S
    return Ghosts(
        _reported_s(boxes, CAR, _CAR_STANDS_S, _CAR_LEAVES_S),
        _reported_s(boxes, CAR, clear_s, PARKING_S),
        _reported_s(boxes, BAG, _BAG_LEFT_S, _BAG_TAKEN_S),
        _reported_s(boxes, BAG, _BAG_TAKEN_S, PARKING_S),
    )


def _reported_s(boxes: Told, place: Box, since_s: float, until_s: float) -> float:
    first, last = (round((CALM_S + at_s) * FRAMES_PER_SECOND) for at_s in (since_s, until_s))
    reported = [any(touch(box, place, 0) for box in one) for one in boxes[first:last]]
    return sum(reported) * _STEP_S
