"""Run every contender over every painted scene; two scenes at a time, each in its own process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import cv2

from bench.motion.coding import coded
from bench.motion.contenders import AS_SHIPPED, ENTRIES
from bench.motion.extras import EXTRAS
from bench.motion.nuisances import CONDITIONS
from bench.motion.painter import SMALL, TALL, Moment, Picture, Script, Walker, paint
from bench.motion.score import Tally
from bench.motion.visibility import Answer, answers

SEEDS, FEWER_SEEDS = range(4), range(2)
# More would fight for the two cores that the CPU figures are taken on.
WORKERS = 2
_SHAKEN = "shake"

Key = tuple[str, float | None]


@dataclass(frozen=True, slots=True)
class Scene:
    """One painted scene to be watched."""

    condition: str
    seed: int
    street: Picture
    walker: Walker = SMALL
    with_curves: bool = False


@dataclass(slots=True)
class Watched:
    """What everybody did in scenes of one condition, and how visible the walker was."""

    tallies: dict[Key, Tally] = field(default_factory=dict)
    # Of the sensor's picture, and of the one that came out of the codec.
    by_sensor: list[Answer] = field(default_factory=list)
    by_codec: list[Answer] = field(default_factory=list)

    def of(self, name: str, threshold: float | None = AS_SHIPPED) -> Tally:
        """Return a contender's tally, made when first asked for."""
        return self.tallies.setdefault((name, threshold), Tally())

    def join(self, other: Watched) -> None:
        """Add another scene."""
        for (name, threshold), tally in other.tallies.items():
            self.of(name, threshold).join(tally)
        self.by_sensor += other.by_sensor
        self.by_codec += other.by_codec


Sheet = dict[str, Watched]


def nine(streets: Sequence[Picture]) -> Sheet:
    """Return the nine conditions with the small walker, operating curves on half of the scenes."""
    return run(
        Scene(condition, seed, streets[seed % len(streets)], with_curves=seed in FEWER_SEEDS)
        for seed in SEEDS
        for condition in CONDITIONS
    )


def tall(streets: Sequence[Picture]) -> Sheet:
    """Return the nine conditions with a walker as tall as in Frigate's notes."""
    return run(
        Scene(condition, seed, streets[seed % len(streets)], walker=TALL)
        for seed in FEWER_SEEDS
        for condition in CONDITIONS
    )


def six(streets: Sequence[Picture]) -> Sheet:
    """Return the six extra conditions with the small walker."""
    return run(
        Scene(condition, seed, streets[seed % len(streets)])
        for seed in FEWER_SEEDS
        for condition in EXTRAS
    )


def run(scenes: Iterable[Scene]) -> Sheet:
    """Return what everybody did in these scenes, by condition."""
    sheet: Sheet = {}
    listed = list(scenes)
    with pool() as workers:
        for scene, watched in zip(listed, workers.map(watch, listed), strict=True):
            sheet.setdefault(scene.condition, Watched()).join(watched)
    return sheet


def pool() -> ProcessPoolExecutor:
    """Return processes in which OpenCV keeps to one thread, as the agent's does."""
    return ProcessPoolExecutor(
        WORKERS, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    )


def watch(scene: Scene) -> Watched:
    """Show one scene to everybody."""
    change = (CONDITIONS | EXTRAS)[scene.condition]
    script, is_shaken = Script(walker=scene.walker), scene.condition == _SHAKEN
    painted = list(paint(scene.street, change, scene.seed, script))
    moments = list(coded(painted))
    watched = Watched(
        by_sensor=answers(painted, is_shaken=is_shaken),
        by_codec=answers(moments, is_shaken=is_shaken),
    )
    for name, entry in ENTRIES.items():
        thresholds = entry.thresholds if scene.with_curves else ()
        for threshold in (AS_SHIPPED, *thresholds):
            watched.tallies[name, threshold] = show(name, threshold, moments)
    return watched


def show(name: str, threshold: float | None, moments: Sequence[Moment]) -> Tally:
    """Show one scene to one contender."""
    contender, tally = ENTRIES[name].make(threshold), Tally()
    for index, moment in enumerate(moments):
        began = time.process_time()
        boxes = contender.watch(moment.picture, moment.at_s)
        tally.cpu_s += time.process_time() - began
        tally.watched += 1
        tally.judge(boxes, moments, index)
    return tally
