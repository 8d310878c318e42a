"""Many answers to "when to believe", side by side through the real pipeline over the same frames.

A frame is decoded once, its motion is found once, and a crop that several ask for is looked at once.
To compare fifty answers they share the looks that the first one asks for; the few that are reported
choose their own, as they would alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.visits.clips import Clip
from edge_agent.alerts.album import Album
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box, Point, Polygon
from edge_agent.domain.sighting import Expected, Label, Scene, Sighting, Track
from edge_agent.domain.zone import Watch
from edge_agent.inference.decoding import LABELS
from edge_agent.inference.lookout import Lookout
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.motion import Motion
from edge_agent.inference.motion_file import open_motion
from edge_agent.inference.objects import Detector, sightings_of
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.inference.runtime import Network
from edge_agent.inference.suppression import Found
from edge_agent.pipeline import Pipeline
from edge_agent.runtime.clock import SystemClock
from edge_agent.tracking.belief import BeliefOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions
from edge_agent.video.masks import Masks

# What nobody's threshold goes below; fainter boxes are not even remembered.
FLOOR = 0.1
# A little wider than the picture, because a foot on its edge may count either way.
EVERYWHERE = Polygon((Point(-0.1, -0.1), Point(1.1, -0.1), Point(1.1, 1.1), Point(-0.1, 1.1)))
_WATCH = Watch(((EVERYWHERE, frozenset(Label)),))


def race(
    clip: Clip, card: ModelCard, contenders: Sequence[BeliefOptions], *, share_looks: bool
) -> list[list[Scene]]:
    """Return what each contender followed in every frame of the clip."""
    eyes = _Eyes(Detector(replace(card, score=FLOOR, label_scores={}), Network(card.weights)))
    teams = [contenders] if share_looks else [[one] for one in contenders]
    crowds = [_Crowd(team, card.nms_iou) for team in teams]
    motion, given = open_motion(MotionOptions()), _Given()
    pipelines = [_pipeline(crowd, eyes, given, card) for crowd in crowds]
    for frame in clip.frames():
        given.motion = motion.watch(frame)
        eyes.forget()
        for pipeline in pipelines:
            pipeline.watch(frame)
    return [scenes for crowd in crowds for scenes in crowd.scenes]


class _Given:
    """A motion stage that was asked already."""

    def __init__(self) -> None:
        self.motion = Motion((), is_global=False)

    def watch(self, frame: Frame) -> Motion:  # noqa: ARG002 (the pipeline's interface)
        return self.motion


class _Eyes:
    """One detector for all; it remembers what it saw in each crop of the present frame."""

    def __init__(self, detector: Detector) -> None:
        self.side_px = detector.side_px
        self._detector = detector
        self._seen: dict[Box, Found] = {}

    def forget(self) -> None:
        """Begin a new frame."""
        self._seen.clear()

    def glance(self, frame: Frame, crop: Box) -> Found:
        """Return what one crop shows, down to the floor."""
        if crop not in self._seen:
            self._seen[crop] = self._detector.glance(frame, crop, 0)
        return self._seen[crop]


class _Crowd:
    """Detector and tracker of one or more contenders in one pipeline; the first one leads."""

    def __init__(self, beliefs: Sequence[BeliefOptions], iou: float) -> None:
        self.scenes: list[list[Scene]] = [[] for _ in beliefs]
        self._iou = iou
        self._least = [_least(belief) for belief in beliefs]
        self._trackers = [Tracker(TrackerOptions(belief=one), _WATCH) for one in beliefs]
        self._found: list[Found] = []

    def see(self, found: list[Found]) -> list[Sighting]:
        """Take in what the crops of this frame show; return what the leader makes of it."""
        self._found = found
        return self._sightings(self._least[0])

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether the leader is."""
        return self._trackers[0].is_in_doubt

    def expected(self, taken_at: float) -> list[Expected]:
        """Return where the leader expects everybody."""
        return self._trackers[0].expected(taken_at)

    def follow(
        self,
        taken_at: float,
        sightings: Sequence[Sighting],  # noqa: ARG002 (the leader's; each has its own)
        looked: Sequence[Box],
        stirred: Sequence[Box],
    ) -> tuple[Track, ...]:
        """Let everybody follow what they saw; return the leader's tracks."""
        for tracker, least, scenes in zip(self._trackers, self._least, self.scenes, strict=True):
            seen = self._sightings(least)
            scenes.append(Scene(taken_at, tracker.follow(taken_at, seen, looked, stirred)))
        self._found = []
        return self.scenes[0][-1].tracks

    def _sightings(self, least: np.ndarray) -> list[Sighting]:
        above = [
            replace(kept, crops=np.full(len(kept.scores), number, np.intp))
            for number, found in enumerate(self._found)
            for kept in [found.take(np.flatnonzero(found.scores >= least[found.labels]))]
        ]
        return sightings_of(above, self._iou)


class _Look:
    """The detector of one pipeline: the common eyes, and the crowd that is told."""

    def __init__(self, eyes: _Eyes, crowd: _Crowd) -> None:
        self.side_px = eyes.side_px
        self._eyes = eyes
        self._crowd = crowd

    def look(self, frame: Frame, crops: Sequence[Box]) -> list[Sighting]:
        """Look at these parts of the frame."""
        return self._crowd.see([self._eyes.glance(frame, crop) for crop in crops])


def _least(belief: BeliefOptions) -> np.ndarray:
    """Return the faintest score that this contender takes for a sighting, label by label."""
    scores = [belief.label_scores.get(label, belief.score) for label in LABELS]
    return np.asarray(scores, np.float32) * np.float32(belief.faint_share)


def _pipeline(crowd: _Crowd, eyes: _Eyes, given: _Given, card: ModelCard) -> Pipeline:
    clock = SystemClock()
    origin = Origin(
        site="bench",
        box="visits",
        camera="clip",
        boot="",
        model_name=card.name,
        model_version=card.version,
        model_sha256=card.sha256,
    )
    identities = Identities(clock.wall, random.Random(1))  # noqa: S311 (names alerts, keeps no secret)
    looks_per_frame = ObjectOptions().crops_per_frame
    return Pipeline(
        masks=Masks(),
        motion=given,
        objects=_Look(eyes, crowd),  # type: ignore[arg-type] (the members that are used)
        lookout=Lookout(side_px=eyes.side_px, looks_per_frame=looks_per_frame, watch=_WATCH),
        tracker=crowd,  # type: ignore[arg-type] (the members that are used)
        rules={},
        album=Album(frozenset()),
        composer=Composer(origin, identities, clock.state, clock.mono),
    )
